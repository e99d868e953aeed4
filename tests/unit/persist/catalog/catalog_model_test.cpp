// Random histories: whatever is decided goes into a topology and into the catalog; after each
// restart the topology that comes out of the file is the durable part of the one that went in.
#include <algorithm>
#include <string>

#include "core/base/random.h"
#include "core/message/field_table_writer.h"
#include "tests/unit/persist/catalog/catalog_home.h"

namespace lepus::persist::test {
namespace {

class CatalogModelTest : public CatalogTest {
 protected:
  void play(std::uint64_t seed) {
    random_ = core::Random{seed};
    std::filesystem::remove(path_);
    restart();
    add_vhost("/");
    committed_last_id_ = 0;
    commit_all();
    for (int step = 0; step < 200 && !HasFailure(); ++step) this->step();
    committed_count_ +=
        static_cast<std::size_t>(std::count(committed_.begin(), committed_.end(), '\n'));
  }

  std::size_t committed_count_ = 0;  ///< Lines of the descriptions at the end of the histories.
  std::size_t restart_count_ = 0;

 private:
  void step() {
    switch (random_.below(12)) {
      case 0:
      case 1:
        declare_exchange();
        break;
      case 2:
      case 3:
        declare_queue();
        break;
      case 4:
        run(request(Kind::delete_exchange, name()));
        break;
      case 5:
        if (const core::QueueInfo* found = find_queue(name())) run(delete_queue(found->name));
        break;
      case 6:
        run(binding(random_.chance(50) ? Kind::unbind_queue : Kind::unbind_exchange));
        break;
      case 7:
        change_vhosts();
        break;
      case 8:
        run(request(Kind::connection_closed, {}));
        break;
      default:
        run(binding(random_.chance(60) ? Kind::bind_queue : Kind::bind_exchange));
        break;
    }
    if (random_.chance(30)) commit_all();
    if (random_.chance(6)) crash();
  }

  void commit_all() {
    commit();
    committed_ = describe(*master_);
    for (const core::VhostInfo* vhost : master_->vhosts())
      for (const core::QueueInfo* queue : master_->queues(vhost->id))
        committed_last_id_ = std::max(committed_last_id_, queue->id.value);
  }

  void crash() {
    restart();
    EXPECT_EQ(describe(*master_), committed_);
    EXPECT_GE(ids_.last(), committed_last_id_);
    ++restart_count_;
  }

  std::string name() { return "n" + std::to_string(random_.below(8)); }

  void declare_exchange() {
    static const char* const types[] = {"direct", "fanout", "topic", "headers"};
    TopologyRequest request = exchange(name(), types[random_.below(4)]);
    request.durable = random_.chance(70);
    request.auto_delete = random_.chance(30);
    request.internal = random_.chance(10);
    if (random_.chance(20)) {
      core::FieldTableWriter table;
      table.text("alternate-exchange", name());
      request.arguments = table.take();
    }
    run(request);
  }

  void declare_queue() {
    TopologyRequest request = queue(name());
    request.durable = random_.chance(70);
    request.exclusive = random_.chance(20);
    request.auto_delete = random_.chance(20);
    request.from = static_cast<core::ShardId>(random_.below(shard_count));
    core::FieldTableWriter table;
    if (random_.chance(30)) table.int32("x-message-ttl", 1000);
    if (random_.chance(30)) table.text("x-dead-letter-exchange", name());
    if (random_.chance(30))
      table.int64("x-lepus-shard", static_cast<std::int64_t>(random_.below(4)));
    request.arguments = table.take();
    run(request);
  }

  TopologyRequest binding(Kind kind) {
    static const char* const sources[] = {"amq.topic", "amq.headers", "amq.direct", "amq.fanout"};
    TopologyRequest request = bind(random_.chance(50) ? sources[random_.below(4)] : name(), name(),
                                   random_.chance(50) ? "a.*" : "");
    request.kind = kind;
    core::FieldTableWriter table;
    const bool swapped = random_.chance(50);
    if (swapped && random_.chance(50)) table.int32("h", 1);
    if (random_.chance(50)) table.text("x-match", "any");
    if (!swapped && random_.chance(50)) table.int32("h", 1);
    request.arguments = table.take();
    return request;
  }

  void change_vhosts() {
    TopologyRequest request;
    request.name = "v" + std::to_string(random_.below(3));
    request.kind = random_.chance(50) ? Kind::add_vhost : Kind::delete_vhost;
    run(request);
    const core::VhostInfo* vhost = master_->find_vhost(request.name);
    if (vhost == nullptr) return;
    TopologyRequest inside = queue(name());
    inside.vhost = vhost->id;
    run(inside);
    inside = bind("amq.topic", inside.name, "k");
    inside.vhost = vhost->id;
    run(inside);
  }

  core::Random random_{0};
  std::string committed_;
  std::uint64_t committed_last_id_ = 0;  ///< Highest id of a queue that was there at a commit.
};

TEST_F(CatalogModelTest, RandomHistoriesComeBack) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    play(seed);
    if (HasFailure()) break;
  }
  EXPECT_GT(committed_count_, 15U * 15);
  EXPECT_GT(restart_count_, 80U);
}

}  // namespace
}  // namespace lepus::persist::test
