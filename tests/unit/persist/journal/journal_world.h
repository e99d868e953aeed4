// A shard's journal on a simulated disk, a model of what it must hold, and the end of the process
// in all ways. The model is the broker's part as well: it holds the messages and says where they
// are.
//
//   publish(), settle() -> journal and model      turn(): a turn of the shard
//   crash(): kill or power cut -> recovery -> what the queues get back is what the model held at
//   some turn, not before the last one that was durable
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/topology/topology.h"
#include "io/sim/sim_driver.h"
#include "persist/journal/message_record.h"
#include "persist/recovery/record_loader.h"
#include "persist/recovery/shard_recovery.h"
#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist::test {

/// Queue and sequence.
using Position = std::pair<std::uint64_t, std::uint64_t>;
/// What is held where: the text that the body begins with, and whether it was delivered.
using Content = std::map<Position, std::string>;

class JournalWorld : public core::RecordOwner {
 public:
  static constexpr std::uint64_t segment_size = 64 << 10;
  static constexpr std::uint64_t queue_count = 5;  ///< Their ids are 1 to this.
  static constexpr const char* directory = "data/journal/shard-0";

  explicit JournalWorld(std::uint64_t seed, const io::SimFaults& faults = {})
      : world(seed, faults) {
    CHECK(world.disk().make_directory("data/journal") == 0);
  }
  ~JournalWorld() override { forget_process(); }

  io::SimWorld world;
  SyncMode sync = SyncMode::always;
  TextLog log;
  std::string failure;  ///< Why the journal said it cannot go on.
  std::map<Position, core::MessageRef> held;

  Journal& journal() { return store_->journal(); }
  const SegmentTable& segments() { return journal().view().segments.table(); }
  const FilePool& pool() { return journal().view().segments.pool(); }
  io::Loop& loop() { return *loop_; }

  /// Opens the directory as it is; the queues get what they held.
  std::string start() {
    driver_ = std::make_unique<io::SimDriver>(world);
    loop_ = std::make_unique<io::Loop>(*driver_, io::IdlePolicy{io::IdleMode::sleep, 0});
    Journal::Parts parts{};
    parts.loop = loop_.get();
    parts.disk = &world.disk();
    parts.log = &log;
    parts.directory = directory;
    parts.store = 7;
    parts.segment_size = segment_size;
    parts.sync = sync;
    parts.fail = [](void* self, const std::string& why) {
      static_cast<JournalWorld*>(self)->failure = why;
    };
    parts.fail_owner = this;
    store_ = std::make_unique<ShardRecovery>(parts);
    KnownQueues known;
    for (std::uint64_t queue = 1; queue <= queue_count; ++queue)
      known.add({.id = core::QueueId{queue}});
    if (std::string error = store_->open(known); !error.empty()) return error;
    // A shard turns before its queues are there: it has no marks to repeat then.
    for (int i = 0; i < 5; ++i) run_turn();
    watermarks_lost_ = journal().watermarks_lost();
    restore();
    journal().set_record_owner(this);
    history_ = {{0, content()}};
    return {};
  }

  /// One message for these queues; its body begins with a text of its own.
  void publish(const std::vector<std::uint64_t>& queues, std::size_t size) {
    const std::string body = fmt::format("m{}.", ++published_) + std::string(size, 'x');
    core::MessageRef message =
        core::Message::create({"ex", "key", {}, body.size(), true, 0}, account_);
    message->append_body(core::as_bytes(body));
    const auto count = static_cast<std::uint32_t>(queues.size());
    const core::RecordLocation place = journal().append(*message, count);
    message->set_place(place);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t sequence = next_[queues[i]]++;
      journal().enqueued(place, i, {core::QueueId{queues[i]}, sequence});
      held[{queues[i], sequence}] = message;
    }
  }
  void settle(Position at) {
    const core::MessageRef message = held.at(at);
    held.erase(at);
    journal().settled(message->place(), {core::QueueId{at.first}, at.second});
  }
  /// All that the queue holds may have been delivered.
  void deliver_all(std::uint64_t queue) {
    if (seen_[queue] >= next_[queue]) return;
    seen_[queue] = next_[queue];
    journal().delivery_watermark({core::QueueId{queue}, next_[queue]});
  }
  /// Everything but what `keep` says.
  template <class F>
  void settle_unless(F&& keep) {
    std::vector<Position> gone;
    for (const auto& [at, message] : held)
      if (!keep(at)) gone.push_back(at);
    for (const Position& at : gone) settle(at);
  }

  void turn() {
    if (std::exchange(watermarks_lost_, journal().watermarks_lost()) != journal().watermarks_lost())
      for (const auto& [queue, below] : seen_)
        if (below > 0) journal().delivery_watermark({core::QueueId{queue}, below});
    history_.push_back({journal().open_batch(), content()});
    run_turn();
    while (history_.size() > 1 && history_[1].batch <= on_disk()) history_.pop_front();
  }
  /// Everything up to this batch survives a power cut.
  std::uint64_t on_disk() {
    return sync == SyncMode::always ? journal().durable()
                                    : journal().view().writer.files().synced();
  }
  void turns(std::size_t count) {
    while (count-- > 0) turn();
  }
  /// Until everything is durable, nothing moves and no file waits to be removed.
  bool settle_down(std::size_t turns_max = 20'000) {
    // What was durable at the end of one turn may be moved in the next.
    for (int quiet = 0; turns_max-- > 0;) {
      turn();
      const bool is_done = loop_->ops_in_flight() == 0 && !journal().has_work() &&
                           journal().view().compactor.is_idle() &&
                           pool().free_count() <= 4 + segments().in_use_count() / 10;
      quiet = is_done && journal().durable() >= journal().open_batch() ? quiet + 1 : 0;
      if (quiet == 2) return true;
    }
    return false;
  }

  void crash(bool power_cut) {
    driver_->abandon();
    loop_->abandon();
    forget_process();
    if (power_cut) {
      world.disk().power_cut(world.random());
    } else {
      world.disk().kill();
    }
  }
  /// After crash() and start(): what is there is what was there at one of the turns that count.
  bool is_what_was_held(const std::vector<Content>& possible) const {
    const Content now = content();
    for (const Content& one : possible)
      if (one == now) return true;
    return false;
  }
  std::vector<Content> possible() const {
    std::vector<Content> all;
    for (const Moment& moment : history_) all.push_back(moment.content);
    return all;
  }

  Content content() const {
    Content all;
    for (const auto& [at, message] : held) {
      const std::string_view body = core::as_text(message->inline_body());
      const bool is_seen = at.second < seen_.at(at.first);
      all[at] = std::string(body.substr(0, body.find('.'))) + (is_seen ? " seen" : "");
    }
    return all;
  }
  std::uint64_t live_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [at, message] : held) sum += message->place().size;
    return sum;
  }
  std::uint64_t file_bytes() const { return world_disk().used(); }
  /// Without the file that says which segment is the newest, and without indexes.
  std::uint64_t segment_file_bytes() {
    std::vector<std::string> names;
    EXPECT_EQ(world.disk().list(directory, names), 0);
    std::uint64_t sum = 0;
    for (const std::string& name : names)
      if (name.ends_with(".seg"))
        sum += world.disk().find(std::string(directory) + "/" + name)->size();
    return sum;
  }

  std::optional<core::LocatedRecord> locate(const core::QueuePosition& at) override {
    const auto found = held.find({at.queue.value, at.sequence});
    if (found == held.end()) return std::nullopt;
    const bool is_cold = at.queue.value == cold_queue;
    return core::LocatedRecord{found->second->place(), is_cold ? nullptr : found->second.get()};
  }
  void on_moved(const core::QueuePosition& at, const core::RecordLocation& place) override {
    held.at({at.queue.value, at.sequence})->set_place(place);
  }
  bool on_fetched(const core::QueuePosition& at, const core::RecordLocation& place,
                  core::MessageRef message) override {
    fetched.push_back({at, place, std::move(message)});
    return !fetched.back().message;
  }
  void on_lost(const core::QueuePosition& at) override {
    const Position position{at.queue.value, at.sequence};
    lost.push_back(position);
    settle(position);
  }
  core::MemoryAccount& memory_of_fetched() override { return account_; }

  struct Fetched {
    core::QueuePosition at;
    core::RecordLocation place;
    core::MessageRef message;
  };
  std::uint64_t cold_queue = 0;  ///< Messages of this one are on disk only, as the journal knows.
  std::vector<Fetched> fetched;
  std::vector<Position> lost;

 private:
  void run_turn() {
    journal().flush();
    loop_->run_turn();
    (void)world.next_runnable(world.now() + core::nanos_per_s);
  }

  /// When a turn was closed.
  struct Moment {
    std::uint64_t batch;
    Content content;
  };

  const io::SimDisk& world_disk() const { return const_cast<io::SimWorld&>(world).disk(); }

  void restore() {
    for (std::uint64_t queue = 1; queue <= queue_count; ++queue) {
      core::QueueSpec spec;
      spec.id = core::QueueId{queue};
      const core::RestoredQueue restored = store_->restore(spec);
      RecordLoader loader{world.disk(), directory, store_->report().files};
      next_[queue] = seen_[queue] = 0;
      for (const core::Sequence below : restored.delivered_below) seen_[queue] = below;
      for (const core::RestoredRun& run : restored.runs) {
        core::RecordLocation place = run.place;
        for (std::uint64_t at = run.first; at < run.first + run.count; ++at) {
          next_[queue] = at + 1;
          EXPECT_EQ(run.redelivered, at < seen_[queue]);
          const RecordLoader::Loaded loaded = loader.load(place);
          ASSERT_EQ(loaded.error, "");
          core::MessageRef message = make_message(loaded.record, account_);
          EXPECT_EQ(message->body_size(), run.body_size);
          message->set_place(place);
          held[{queue, at}] = std::move(message);
          place.offset += place.size;
        }
      }
      for (const core::Sequence next : restored.next) next_[queue] = std::max(next_[queue], next);
    }
  }
  void forget_process() {
    if (driver_ && loop_ && loop_->ops_in_flight() > 0) {
      driver_->abandon();
      loop_->abandon();
    }
    held.clear();
    next_.clear();
    seen_.clear();
    watermarks_lost_ = 0;
    store_.reset();
    loop_.reset();
    driver_.reset();
  }

  core::MemoryAccount account_;
  std::unique_ptr<io::SimDriver> driver_;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<ShardRecovery> store_;
  std::map<std::uint64_t, std::uint64_t> next_;  ///< Sequence, by queue.
  std::map<std::uint64_t, std::uint64_t> seen_;  ///< Below, it may have been delivered, by queue.
  std::deque<Moment> history_;
  std::uint64_t published_ = 0;
  std::uint64_t watermarks_lost_ = 0;
};

}  // namespace lepus::persist::test
