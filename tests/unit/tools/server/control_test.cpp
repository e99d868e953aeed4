// The control thread, with the test in the place of the shards: who is told what, in which order,
// and when.
#include "tools/server/control.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/topology_rules.h"
#include "tests/unit/core/fake_commands.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace lepus::server {
namespace {

using core::TopologyApply;
using core::TopologyDone;
using core::TopologyRequest;
using test::FakeDriver;

/// A shard that answers only when the test says so.
struct FakeShard {
  FakeShard(Mesh& mesh, core::ShardId id) : end(mesh, id), replica(2) {}
  ~FakeShard() {
    receive();
    for (const core::Command& command : commands) core::test::drop_command(command);
  }
  void receive() {
    (void)end.drain(
        [this](core::ShardId, const core::Command& command) { commands.push_back(command); });
  }
  template <class Kind>
  std::size_t count() {
    receive();
    std::size_t found = 0;
    for (const core::Command& command : commands) found += std::holds_alternative<Kind>(command);
    return found;
  }
  /// The oldest command, which must be of this kind.
  template <class Kind>
  Kind take() {
    receive();
    if (commands.empty() || !std::holds_alternative<Kind>(commands.front())) {
      ADD_FAILURE() << "the next command is of another kind";
      return {};
    }
    const Kind taken = std::get<Kind>(commands.front());
    commands.pop_front();
    return taken;
  }
  /// Applies the next change to the replica, tells the control thread unless `silent`.
  std::uint64_t apply(bool silent = false) {
    const auto next = take<TopologyApply>();
    const std::unique_ptr<std::vector<core::TopologyChange>> changes{next.changes};
    for (const core::TopologyChange& change : *changes) replica.apply(change);
    if (!silent) end.send(control_id, core::TopologyApplied{next.version});
    return next.version;
  }

  static inline core::ShardId control_id = 2;
  MeshEnd end;
  core::Topology replica;
  std::deque<core::Command> commands;
};

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() {
    mesh_.set_loop(0, loops_[0]);
    mesh_.set_loop(1, loops_[1]);
    mesh_.set_loop(2, loops_[2]);
    control_ = std::make_unique<Control>(
        Control::Parts{&mesh_, &loops_[2], &log_, 1'000, [this] { return memory_bytes_; }});
    zero_ = std::make_unique<FakeShard>(mesh_, core::ShardId{0});
    one_ = std::make_unique<FakeShard>(mesh_, core::ShardId{1});
  }
  void start() {
    control_->start({"/", "other"});
    run();
    zero_->apply();
    one_->apply();
    run();
    vhost_ = zero_->replica.find_vhost("/")->id;
  }
  void run() {
    for (int i = 0; i < 3; ++i) loops_[2].run_turn();
  }
  void advance(core::Nanos duration) {
    drivers_[2].time += duration;
    run();
  }
  TopologyRequest declare(std::string_view name) const {
    TopologyRequest request;
    request.kind = TopologyRequest::Kind::declare_queue;
    request.vhost = vhost_;
    request.name = name;
    request.connection = core::ConnectionId{1};
    return request;
  }
  void ask(FakeShard& from, const TopologyRequest& request, core::ChannelRef channel,
           std::uint32_t message_count = 0) {
    from.end.send(2, core::TopologyAsk{channel, message_count,
                                       std::make_unique<TopologyRequest>(request).release()});
    run();
  }

  FakeDriver drivers_[3]{FakeDriver{0}, FakeDriver{1}, FakeDriver{2}};
  io::Loop loops_[3]{{drivers_[0], {}}, {drivers_[1], {}}, {drivers_[2], {}}};
  core::NullLog log_;
  Mesh mesh_{3};
  std::uint64_t memory_bytes_ = 0;
  std::unique_ptr<Control> control_;
  std::unique_ptr<FakeShard> zero_;
  std::unique_ptr<FakeShard> one_;
  core::VhostId vhost_;
};

constexpr core::ChannelRef channel_of_zero{0, 5, 1};
constexpr core::ChannelRef channel_of_one{1, 6, 2};

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
  zero_->end.send(2, core::Serving{});
  run();
  EXPECT_FALSE(control_->is_serving());
  one_->end.send(2, core::Serving{});
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
  const std::unique_ptr<core::AmqpError> error{refused.error};
  EXPECT_EQ(error->code, core::ReplyCode::precondition_failed);
}

TEST_F(ControlTest, NothingToChangeIsAnsweredAtOnce) {
  start();
  TopologyRequest wrong = declare("amq.mine");
  ask(*zero_, wrong, channel_of_zero);
  const auto refused = zero_->take<TopologyDone>();
  ASSERT_NE(refused.error, nullptr);
  const std::unique_ptr<core::AmqpError> error{refused.error};
  EXPECT_EQ(error->code, core::ReplyCode::access_refused);
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
  control_->set_memory_watermark(2'000);
  advance(core::nanos_per_s);
  EXPECT_FALSE(zero_->take<core::Alarm>().memory);
  EXPECT_FALSE(one_->take<core::Alarm>().memory);
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
  zero_->end.send(2, core::StopServing{});
  run();
  EXPECT_FALSE(control_->is_finished());
  ask(*one_, declare("q"), channel_of_one);
  zero_->apply();
  one_->apply();
  run();
  EXPECT_EQ(one_->take<TopologyDone>().error, nullptr);
  EXPECT_EQ(zero_->count<core::EndThread>(), 0U);
  one_->end.send(2, core::StopServing{});
  run();
  EXPECT_EQ(zero_->count<core::EndThread>(), 1U);
  EXPECT_EQ(one_->count<core::EndThread>(), 1U);
  EXPECT_TRUE(control_->is_finished());
}

}  // namespace
}  // namespace lepus::server
