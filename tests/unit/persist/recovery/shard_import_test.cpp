// Fewer shards than before: messages follow their queues, also when the taking over is cut short
// and the next start has another number of shards.
#include "persist/recovery/shard_import.h"

#include <fmt/format.h>

#include "core/limits/segment_index.h"
#include "tests/unit/persist/journal/journal_world.h"
#include "tests/unit/persist/recovery/memory_store.h"

namespace lepus::persist {
namespace {

using Bodies = std::vector<std::string>;

/// Time passes while the loop turns: nobody else makes it pass.
class TurningDriver final : public io::Driver {
 public:
  explicit TurningDriver(io::SimWorld& world) : world_(world), driver_(world) {}

  std::uint64_t write_size_max = 0;  ///< Of one op.

  core::Nanos turn(io::OpList& submitted, std::vector<io::Completion>& completed,
                   core::Nanos) override {
    io::OpList asked;
    while (io::Op* op = submitted.pop()) {
      if (op->kind == io::OpKind::write)
        write_size_max = std::max<std::uint64_t>(write_size_max, op->iov[0].iov_len);
      asked.push(*op);
    }
    while (io::Op* op = asked.pop()) submitted.push(*op);
    driver_.turn(submitted, completed, core::never);
    if (completed.empty()) (void)world_.next_runnable(world_.now() + core::nanos_per_ms);
    return world_.now();
  }
  core::Nanos now() override { return driver_.now(); }
  io::PeerName peer_name(int fd) override { return driver_.peer_name(fd); }
  void reset_on_close(int fd) override { driver_.reset_on_close(fd); }
  int next_descriptor() override { return driver_.next_descriptor(); }
  std::size_t receive_buffers() const override { return driver_.receive_buffers(); }
  int wake_target() const override { return driver_.wake_target(); }

 private:
  io::SimWorld& world_;
  io::SimDriver driver_;
};

class ShardImportTest : public ::testing::Test {
 protected:
  using Stores = std::vector<std::unique_ptr<ShardRecovery>>;

  ShardImportTest() {
    CHECK(world_.disk().make_directory("data/journal") == 0);
    definitions_.record(core::VhostAdded{core::VhostId{1}, "/"});
    for (core::ShardId home = 0; home < 4; ++home) set_home(queue_of(home), home);
  }

  /// Queues 10 to 13 live on shards 0 to 3 at first.
  static std::uint64_t queue_of(core::ShardId shard) { return 10 + shard; }

  void set_home(std::uint64_t queue, core::ShardId home) {
    core::QueueSpec spec;
    spec.id = core::QueueId{queue};
    spec.vhost = core::VhostId{1};
    spec.name = fmt::format("q{}", queue);
    spec.durable = true;
    spec.home = home;
    definitions_.record(core::QueueAdded{spec});
    ASSERT_EQ(definitions_.commit(), "");
  }

  core::ShardId home_of(std::uint64_t queue) const {
    for (const core::TopologyChange& change : definitions_.stored().changes) {
      const auto* added = std::get_if<core::QueueAdded>(&change);
      if (added != nullptr && added->queue.id.value == queue) return added->queue.home;
    }
    return UINT16_MAX;
  }

  Journal::Parts parts(io::Loop& loop) {
    Journal::Parts parts{};
    parts.loop = &loop;
    parts.disk = &world_.disk();
    parts.log = &log_;
    parts.store = 7;
    parts.segment_size = segment_size_;
    parts.fail = [](void*, const std::string& why) { ADD_FAILURE() << why; };
    return parts;
  }

  /// A start, what `act` does then, and an end. "" or why it did not start.
  template <class F>
  std::string run(std::uint32_t shard_count, F&& act) {
    TurningDriver driver(world_);
    io::Loop loop(driver, io::IdlePolicy{io::IdleMode::poll, 0});
    core::StoredDefinitions stored = definitions_.stored();
    std::string error =
        import_gone_shards({"data", shard_count, &stored, &definitions_}, parts(loop));
    Stores stores;
    for (core::ShardId shard = 0; shard < shard_count && error.empty(); ++shard) {
      Journal::Parts own = parts(loop);
      own.shard = shard;
      own.directory = shard_directory("data", shard);
      stores.push_back(std::make_unique<ShardRecovery>(own));
      error = stores.back()->open(KnownQueues{stored});
    }
    if (error.empty()) act(stores);
    for (const auto& store : stores) {
      const std::uint64_t last = store->journal().open_batch();
      while (store->journal().durable() < last || loop.ops_in_flight() > 0) {
        store->journal().flush();
        loop.run_turn();
      }
    }
    definitions_.restart();
    definitions_.failure.clear();
    write_size_max_ = driver.write_size_max;
    return error;
  }
  std::string run(std::uint32_t shard_count) {
    return run(shard_count, [](Stores&) {});
  }

  void publish(Stores& stores, std::uint64_t queue, std::uint64_t position) {
    publish_at(*stores[home_of(queue)], queue, position);
  }
  void publish_at(ShardRecovery& store, std::uint64_t queue, std::uint64_t position) {
    const std::string body =
        fmt::format("{}-{}", queue, position) + std::string(body_size_more_, 'x');
    const core::MessageRef message =
        core::Message::create({"ex", "key", {}, body.size(), true, 0}, account_);
    message->append_body(core::as_bytes(body));
    Journal& journal = store.journal();
    journal.enqueued(journal.append(*message, 1), 0, {core::QueueId{queue}, position});
  }
  void publish_ten(Stores& stores) {
    for (core::ShardId shard = 0; shard < 4; ++shard)
      for (std::uint64_t i = 0; i < 10; ++i) publish(stores, queue_of(shard), i);
  }

  RecoveryReport look(core::ShardId shard) {
    return recover(world_.disk(), shard_directory("data", shard), {.shard = shard, .store = 7});
  }
  /// In the journal of its home.
  Bodies bodies(std::uint64_t queue) {
    const core::ShardId home = home_of(queue);
    RecoveryReport report = look(home);
    RecordLoader loader(world_.disk(), shard_directory("data", home), report.files);
    Bodies bodies;
    report.queues.for_each(queue, [&](const LiveEntry& entry) {
      const auto loaded = loader.load(entry.message.place);
      bodies.emplace_back(core::as_text(loaded.record.body()));
    });
    return bodies;
  }
  void expect_ten() {
    for (core::ShardId shard = 0; shard < 4; ++shard) {
      Bodies wanted;
      for (int i = 0; i < 10; ++i) wanted.push_back(fmt::format("{}-{}", queue_of(shard), i));
      EXPECT_EQ(bodies(queue_of(shard)), wanted);
    }
  }
  /// Copied, but the queues still have their old homes.
  void cut_short_before_commit(std::uint32_t shard_count) {
    definitions_.failure = "no";
    EXPECT_EQ(run(shard_count), "no");
  }

  io::SimWorld world_{1, {}};
  test::TextLog log_;
  test::MemoryStore definitions_;
  core::MemoryAccount account_;
  std::uint64_t segment_size_ = 64 << 10;
  std::size_t body_size_more_ = 0;
  std::uint64_t write_size_max_ = 0;  ///< Of one op in the last run.
};

TEST_F(ShardImportTest, MessagesFollowTheirQueues) {
  ASSERT_EQ(run(4, [this](Stores& stores) { publish_ten(stores); }), "");
  for (const std::uint32_t shard_count : {2u, 3u, 1u, 4u}) {
    ASSERT_EQ(run(shard_count), "");
    expect_ten();
  }
  EXPECT_EQ(home_of(queue_of(3)), 0u);
  std::string error;
  EXPECT_EQ(list_shards(world_.disk(), "data", error).size(), 4u);
}

TEST_F(ShardImportTest, QueuesGetHomesWithoutAJournal) {
  ASSERT_EQ(run(2), "");
  for (core::ShardId shard = 0; shard < 4; ++shard) EXPECT_EQ(home_of(queue_of(shard)), shard % 2);
}

class ShardCountTest : public ShardImportTest,
                       public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(ShardCountTest, CutShortAndGoneOnWithAnotherCount) {
  ASSERT_EQ(run(4, [this](Stores& stores) { publish_ten(stores); }), "");
  cut_short_before_commit(2);
  ASSERT_EQ(run(GetParam()), "");
  expect_ten();
  ASSERT_EQ(run(1), "");
  expect_ten();
}

INSTANTIATE_TEST_SUITE_P(Next, ShardCountTest, ::testing::Values(1, 2, 3, 4));

TEST_F(ShardImportTest, CopiesOfAnEarlierTryDoNotComeBack) {
  ASSERT_EQ(run(4, [this](Stores& stores) { publish_ten(stores); }), "");
  cut_short_before_commit(2);
  const std::uint64_t queue = queue_of(3);
  ASSERT_EQ(run(4,
                [&](Stores& stores) {
                  stores[3]->report().queues.for_each(queue, [&](const LiveEntry& entry) {
                    if (entry.sequence < 9)
                      stores[3]->journal().settled(entry.message.place,
                                                   {core::QueueId{queue}, entry.sequence});
                  });
                }),
            "");
  EXPECT_EQ(look(1).queues.count(queue), 0u) << "said to be dead where they do not belong";
  ASSERT_EQ(run(2), "");
  EXPECT_EQ(bodies(queue), (Bodies{"13-9"}));
}

TEST_F(ShardImportTest, BehindTheCommitOldFilesAreDead) {
  ASSERT_EQ(run(4, [this](Stores& stores) { publish_ten(stores); }), "");
  cut_short_before_commit(2);
  // As if it had been cut short a little later.
  set_home(queue_of(2), 0);
  set_home(queue_of(3), 1);
  ASSERT_EQ(run(4), "");
  expect_ten();
  EXPECT_EQ(look(3).queues.count(queue_of(3)), 0u);
  ASSERT_EQ(run(2), "");
  expect_ten();
}

TEST_F(ShardImportTest, UnknownQueuesOfAGoneShardAreKeptAside) {
  constexpr std::uint64_t unknown = 99;
  ASSERT_EQ(run(4,
                [&](Stores& stores) {
                  publish_ten(stores);
                  for (std::uint64_t i = 0; i < 3; ++i) publish_at(*stores[3], unknown, i);
                }),
            "");
  TurningDriver driver(world_);
  io::Loop loop(driver, io::IdlePolicy{io::IdleMode::poll, 0});
  core::StoredDefinitions stored = definitions_.stored();
  ShardImport import{"data", 2, &stored, &definitions_, 20};
  const std::string refused = import_gone_shards(import, parts(loop));
  EXPECT_NE(refused.find("3 messages of 1 queues"), std::string::npos) << refused;
  EXPECT_EQ(look(3).queues.count(unknown), 3u) << "nothing was changed";
  import.accepts_loss = true;
  import.kept_aside = "data/journal/kept-aside-now";
  ASSERT_EQ(import_gone_shards(import, parts(loop)), "");
  const RecoveryReport aside =
      recover(world_.disk(), shard_directory(import.kept_aside, 3), {.shard = 3, .store = 7});
  EXPECT_EQ(aside.queues.ids(), std::vector<std::uint64_t>{unknown});
  EXPECT_EQ(aside.queues.count(unknown), 3u);
  std::string error;
  EXPECT_EQ(list_shards(world_.disk(), "data", error).size(), 2u);
}

/// The segment has an index, so a start would not notice; the messages around the damage are taken.
TEST_F(ShardImportTest, DamageInAGoneShardIsPassedOver) {
  body_size_more_ = 10'000;
  constexpr std::uint64_t count = 20;
  ASSERT_EQ(run(4,
                [&](Stores& stores) {
                  for (std::uint64_t i = 0; i < count; ++i) publish(stores, queue_of(3), i);
                }),
            "");
  ASSERT_EQ(look(3).files[0].index_state, SegmentIndexState::valid);
  const int fd =
      world_.disk().open(segment_file_path(shard_directory("data", 3), 0), {.write = true});
  const std::vector<std::uint8_t> damage(8, 0xee);
  EXPECT_EQ(world_.disk().write(fd, block_size + 12'000, damage), 0);
  EXPECT_EQ(world_.disk().sync(fd), 0);
  world_.disk().close(fd);
  ASSERT_EQ(run(1), "");
  EXPECT_GE(bodies(queue_of(3)).size(), count - 6) << "those of one segment, at most";
  EXPECT_LT(bodies(queue_of(3)).size(), count);
}

/// Also when they are few: what is recorded and not yet written has a bound in bytes.
TEST_F(ShardImportTest, LargeMessagesAreWrittenInParts) {
  body_size_more_ = 1 << 20;
  constexpr std::uint64_t count = core::limits::import_pending_max / (1 << 20) + 4;
  ASSERT_EQ(run(4,
                [&](Stores& stores) {
                  for (std::uint64_t i = 0; i < count; ++i) publish(stores, queue_of(3), i);
                }),
            "");
  // All would fit one batch.
  segment_size_ = 2 * core::limits::import_pending_max;
  ASSERT_EQ(run(1), "");
  EXPECT_EQ(bodies(queue_of(3)).size(), count);
  EXPECT_GT(write_size_max_, core::limits::import_pending_max / 2);
  EXPECT_LE(write_size_max_, core::limits::import_pending_max + 2 * block_size);
}

TEST_F(ShardImportTest, FilesOfOthersStay) {
  ASSERT_EQ(run(4, [this](Stores& stores) { publish_ten(stores); }), "");
  const std::string other = shard_directory("data", 3) + "/notes.txt";
  const int fd = world_.disk().open(other, {.write = true, .create = true});
  ASSERT_GE(fd, 0);
  world_.disk().close(fd);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(run(2), "");
    expect_ten();
    std::vector<std::string> names;
    EXPECT_EQ(world_.disk().list(shard_directory("data", 3), names), 0);
    EXPECT_EQ(names, std::vector<std::string>{"notes.txt"});
  }
  EXPECT_EQ(log_.times("the directory of a former shard stays"), 2u);
}

}  // namespace
}  // namespace lepus::persist
