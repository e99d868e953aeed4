// The control thread, with the test in the place of the shards: who is told what, in which order,
// and when.
#include <gtest/gtest.h>

#include "tests/unit/tools/server/control_world.h"

namespace lepus::server {
namespace {

TEST_F(ControlTest, StartMakesTheVhostsEverywhere) {
  start();
  for (FakeShard* shard : {zero_.get(), one_.get()}) {
    ASSERT_NE(shard->replica.find_vhost("/"), nullptr);
    ASSERT_NE(shard->replica.find_vhost("other"), nullptr);
    EXPECT_NE(shard->replica.find_exchange(shard->replica.find_vhost("/")->id, "amq.topic"),
              nullptr);
  }
}

TEST_F(ControlTest, ServingWhenAllServe) {
  start();
  EXPECT_FALSE(control_->is_serving());
  zero_->end.tell_control(Serving{});
  run();
  EXPECT_FALSE(control_->is_serving());
  one_->end.tell_control(Serving{});
  run();
  EXPECT_TRUE(control_->is_serving());
}

TEST_F(ControlTest, DoneComesWhenEveryShardHasApplied) {
  start();
  ask(*zero_, declare("q"), channel_of_zero, 7);
  zero_->apply();
  run();
  EXPECT_EQ(zero_->count<TopologyDone>(), 0U);
  one_->apply();
  run();
  const auto done = zero_->take<TopologyDone>();
  EXPECT_EQ(done.channel, channel_of_zero);
  EXPECT_EQ(done.message_count, 7U);
  EXPECT_EQ(done.error, nullptr);
  EXPECT_EQ(one_->count<TopologyDone>(), 0U);
  EXPECT_NE(one_->replica.find_queue(vhost_, "q"), nullptr);
}

TEST_F(ControlTest, AnswersKeepTheOrderOfTheRequests) {
  start();
  ask(*zero_, declare("q"), channel_of_zero);
  ask(*one_, declare("q"), channel_of_one);  // Satisfied, but not before everyone knows q.
  TopologyRequest wrong = declare("q");
  wrong.durable = true;
  ask(*one_, wrong, channel_of_one);
  EXPECT_EQ(one_->count<TopologyDone>(), 0U);
  one_->apply();
  run();
  EXPECT_EQ(one_->count<TopologyDone>(), 0U);
  zero_->apply();
  run();
  EXPECT_EQ(zero_->take<TopologyDone>().error, nullptr);
  EXPECT_EQ(one_->take<TopologyDone>().error, nullptr);
  const auto refused = one_->take<TopologyDone>();
  ASSERT_NE(refused.error, nullptr);
  EXPECT_EQ(refused.error->code, core::ReplyCode::precondition_failed);
}

TEST_F(ControlTest, NothingToChangeIsAnsweredAtOnce) {
  start();
  TopologyRequest wrong = declare("amq.mine");
  ask(*zero_, wrong, channel_of_zero);
  const auto refused = zero_->take<TopologyDone>();
  ASSERT_NE(refused.error, nullptr);
  EXPECT_EQ(refused.error->code, core::ReplyCode::access_refused);
  EXPECT_EQ(one_->count<TopologyApply>(), 0U);
}

TEST_F(ControlTest, WhoDoesNotWaitIsNotAnswered) {
  start();
  TopologyRequest gone;
  gone.kind = TopologyRequest::Kind::connection_closed;
  gone.connection = core::ConnectionId{99};
  ask(*zero_, gone, {});
  ask(*zero_, declare("q"), {});
  zero_->apply();
  one_->apply();
  run();
  EXPECT_EQ(zero_->count<TopologyDone>(), 0U);
  EXPECT_EQ(one_->count<TopologyDone>(), 0U);
}

TEST_F(ControlTest, BothShardsSeeTheSameChangesInTheSameOrder) {
  start();
  for (int i = 0; i < 20; ++i) {
    FakeShard& from = i % 3 == 0 ? *one_ : *zero_;
    ask(from, declare("q" + std::to_string(i)), {});
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(zero_->apply(), one_->apply());
  for (int i = 0; i < 20; ++i) {
    const std::string name = "q" + std::to_string(i);
    EXPECT_EQ(zero_->replica.find_queue(vhost_, name)->id,
              one_->replica.find_queue(vhost_, name)->id);
  }
}

TEST_F(ControlTest, TheMemoryAlarmIsToldOnce) {
  start();
  advance(core::nanos_per_s);
  EXPECT_EQ(zero_->count<core::Alarm>(), 0U);
  memory_bytes_ = 1'001;
  advance(core::nanos_per_s);
  advance(core::nanos_per_s);
  EXPECT_TRUE(zero_->take<core::Alarm>().memory);
  EXPECT_TRUE(one_->take<core::Alarm>().memory);
  EXPECT_EQ(zero_->count<core::Alarm>(), 0U);
  control_->alarms().set_memory_watermark(2'000);
  advance(core::nanos_per_s);
  EXPECT_FALSE(zero_->take<core::Alarm>().memory);
  EXPECT_FALSE(one_->take<core::Alarm>().memory);
}

TEST_F(ControlTest, TheDiskAlarmIsToldOnceAndBesideTheOther) {
  start();
  advance(core::nanos_per_s);
  EXPECT_EQ(zero_->count<core::Alarm>(), 0U);
  disk_free_ = 4'999;
  advance(core::nanos_per_s);
  advance(core::nanos_per_s);
  EXPECT_EQ(zero_->take<core::Alarm>(), (core::Alarm{.memory = false, .disk = true}));
  EXPECT_EQ(one_->take<core::Alarm>(), (core::Alarm{.memory = false, .disk = true}));
  EXPECT_EQ(zero_->count<core::Alarm>(), 0U);
  memory_bytes_ = 1'001;
  advance(core::nanos_per_s);
  EXPECT_EQ(zero_->take<core::Alarm>(), (core::Alarm{.memory = true, .disk = true}));
  disk_free_ = -EIO;
  advance(core::nanos_per_s);
  EXPECT_EQ(zero_->count<core::Alarm>(), 0U) << "unknown is not enough";
  disk_free_ = 6'000;
  control_->alarms().set_disk_free_min(6'001);
  advance(core::nanos_per_s);
  EXPECT_EQ(zero_->count<core::Alarm>(), 0U);
  control_->alarms().set_disk_free_min(6'000);
  advance(core::nanos_per_s);
  EXPECT_EQ(zero_->take<core::Alarm>(), (core::Alarm{.memory = true, .disk = false}));
}

TEST_F(ControlTest, ThreadsEndWhenAllConnectionsAreClosed) {
  start();
  control_->stop();
  control_->stop();
  run();
  EXPECT_EQ(zero_->count<core::StopServing>(), 1U);
  EXPECT_EQ(one_->count<core::StopServing>(), 1U);
  // Until then requests are answered.
  (void)zero_->take<core::StopServing>();
  (void)one_->take<core::StopServing>();
  zero_->end.tell_control(ConnectionsClosed{});
  run();
  EXPECT_FALSE(control_->is_finished());
  ask(*one_, declare("q"), channel_of_one);
  zero_->apply();
  one_->apply();
  run();
  EXPECT_EQ(one_->take<TopologyDone>().error, nullptr);
  EXPECT_EQ(zero_->count<EndThread>(), 0U);
  one_->end.tell_control(ConnectionsClosed{});
  run();
  EXPECT_EQ(zero_->count<EndThread>(), 1U);
  EXPECT_EQ(one_->count<EndThread>(), 1U);
  EXPECT_TRUE(control_->is_finished());
}

// ---- The store ----------------------------------------------------------------------------------

/// Looks at the rings in the moment of the commit.
class WatchingStore final : public core::DefinitionStore {
 public:
  explicit WatchingStore(std::function<void()> look) : look_(std::move(look)) {}
  void record(const core::TopologyChange& change) override { inner_.record(change); }
  bool has_changes() const override { return inner_.has_changes(); }
  [[nodiscard]] std::string commit() override {
    look_();
    return inner_.commit();
  }

 private:
  persist::test::MemoryStore inner_;
  std::function<void()> look_;
};

TEST_F(ControlTest, NothingLeavesBeforeTheCommit) {
  Mesh mesh{2};
  mesh.set_loop(0, loops_[0]);
  mesh.set_loop(1, loops_[2]);
  FakeShard shard{mesh, core::ShardId{0}};
  std::size_t looked = 0;
  WatchingStore store{[&] {
    ++looked;
    EXPECT_EQ(shard.count<TopologyApply>(), 0U);
    EXPECT_EQ(shard.count<TopologyDone>(), 0U);
  }};
  control_.reset();
  Control control{Control::Parts{&mesh, &loops_[2], &log_, 1'000, nullptr, &store}};
  EXPECT_EQ(control.start({}, {"/"}), "");
  EXPECT_EQ(looked, 1U);
  EXPECT_EQ(shard.count<TopologyApply>(), 1U);
  const auto first = shard.take<TopologyApply>().changes;
  TopologyRequest request = declare_durable("q");
  request.vhost = core::VhostId{1};
  shard.end.tell_control(
      core::TopologyAsk{channel_of_zero, 0, std::make_unique<TopologyRequest>(request)});
  // A single shard: the answer must not overtake the commit either.
  loops_[2].run_turn();
  EXPECT_EQ(looked, 2U);
  const auto second = shard.take<TopologyApply>().changes;
  EXPECT_EQ(shard.take<TopologyDone>().error, nullptr);
}

TEST_F(ControlTest, TheTransientNeedsNoCommit) {
  start();
  const std::size_t before = store_.commit_count;
  ask(*zero_, declare("q"), channel_of_zero);
  EXPECT_EQ(store_.commit_count, before);
  EXPECT_EQ(zero_->count<TopologyApply>(), 1U);
}

TEST_F(ControlTest, OneCommitForAllOfATurn) {
  start();
  const std::size_t before = store_.commit_count;
  for (int i = 0; i < 50; ++i) post(*zero_, declare_durable("z" + std::to_string(i)), {});
  for (int i = 0; i < 50; ++i) post(*one_, declare_durable("o" + std::to_string(i)), {});
  run();
  EXPECT_EQ(store_.commit_count, before + 1);
  EXPECT_EQ(zero_->count<TopologyApply>(), 100U);
  EXPECT_EQ(one_->count<TopologyApply>(), 100U);
  EXPECT_TRUE(store_.pending().empty());
}

/// What is transient, satisfied or refused behind a durable change waits with it.
TEST_F(ControlTest, DecisionsKeepTheirOrderAroundACommit) {
  start();
  post(*zero_, declare("before"), channel_of_zero);
  post(*zero_, declare_durable("durable"), channel_of_zero);
  post(*zero_, declare("behind"), channel_of_zero);
  post(*zero_, declare_durable("durable"), channel_of_zero);
  post(*zero_, declare("durable"), channel_of_zero);  // Not equivalent: an error.
  run();
  std::vector<std::uint64_t> versions;
  for (int i = 0; i < 3; ++i) {
    versions.push_back(zero_->apply());
    EXPECT_EQ(one_->apply(), versions.back());
  }
  EXPECT_TRUE(std::is_sorted(versions.begin(), versions.end()));
  EXPECT_LT(zero_->replica.find_queue(vhost_, "before")->id,
            zero_->replica.find_queue(vhost_, "durable")->id);
  EXPECT_LT(zero_->replica.find_queue(vhost_, "durable")->id,
            zero_->replica.find_queue(vhost_, "behind")->id);
  run();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(zero_->take<TopologyDone>().error, nullptr);
  const auto error = zero_->take<TopologyDone>().error;
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, core::ReplyCode::precondition_failed);
}

TEST_F(ControlTest, AStartThatCannotBeStoredTellsNobody) {
  store_.failure = "no";
  EXPECT_EQ(control_->start({}, {"/"}), "no");
  run();
  EXPECT_EQ(zero_->count<TopologyApply>(), 0U);
}

TEST_F(ControlTest, ARestartKnowsWhatWasDurable) {
  start();
  ask(*zero_, declare_durable("durable"), {});
  ask(*zero_, declare("transient"), {});
  TopologyRequest bind = declare("durable");
  bind.kind = TopologyRequest::Kind::bind_queue;
  bind.source = "amq.topic";
  ask(*zero_, bind, {});
  for (int i = 0; i < 3; ++i) zero_->apply();
  const core::QueueId id = zero_->replica.find_queue(vhost_, "durable")->id;
  store_.restart();
  const std::size_t before = store_.commit_count;

  control_.reset();
  zero_.reset();
  one_.reset();
  Mesh mesh{3};
  for (core::ShardId thread = 0; thread < 3; ++thread) mesh.set_loop(thread, loops_[thread]);
  Control control{Control::Parts{&mesh, &loops_[2], &log_, 1'000, nullptr, &store_}};
  FakeShard shard{mesh, core::ShardId{0}};
  FakeShard other{mesh, core::ShardId{1}};
  EXPECT_EQ(control.start(store_.stored(), {"/", "fresh"}), "");
  EXPECT_EQ(store_.commit_count, before + 1);  // For the vhost that is new.
  shard.apply();
  ASSERT_NE(shard.replica.find_queue(vhost_, "durable"), nullptr);
  EXPECT_EQ(shard.replica.find_queue(vhost_, "durable")->id, id);
  EXPECT_EQ(shard.replica.find_queue(vhost_, "durable")->bindings.size(), 1U);
  EXPECT_EQ(shard.replica.find_queue(vhost_, "transient"), nullptr);
  ASSERT_NE(shard.replica.find_vhost("fresh"), nullptr);
  EXPECT_GT(shard.replica.find_vhost("fresh")->id.value, id.value);
}

TEST_F(ControlTest, AnAlarmFollowsItsLimitAtOnce) {
  start();
  memory_bytes_ = 500;
  run();
  EXPECT_FALSE(control_->alarms().alarm().any());
  control_->alarms().set_memory_watermark(499);
  EXPECT_TRUE(control_->alarms().alarm().memory);
  control_->alarms().set_memory_watermark(1'000);
  EXPECT_FALSE(control_->alarms().alarm().any());
  control_->alarms().set_disk_free_min(5'001);
  EXPECT_TRUE(control_->alarms().alarm().disk);
  control_->alarms().set_disk_free_min(5'000);
  EXPECT_FALSE(control_->alarms().alarm().any());
  run();
  EXPECT_EQ(zero_->count<core::Alarm>(), 4U);
}

TEST_F(ControlTest, AForcedAlarmStays) {
  start();
  control_->alarms().set_forced({true, false});
  EXPECT_EQ(control_->alarms().alarm(), (core::Alarm{true, false}));
  memory_bytes_ = 2'000;
  advance(core::nanos_per_s);
  memory_bytes_ = 0;
  advance(core::nanos_per_s);
  EXPECT_TRUE(control_->alarms().alarm().memory);
  control_->alarms().set_forced({});
  EXPECT_FALSE(control_->alarms().alarm().any());
  run();
  EXPECT_EQ(one_->count<core::Alarm>(), 2U);
}

}  // namespace
}  // namespace lepus::server
