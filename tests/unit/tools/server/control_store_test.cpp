// A store that is locked or has no room: nobody is told of what is not durable, everybody gets an
// answer, and the broker goes on.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <variant>

#include "core/limits.h"
#include "tests/unit/tools/server/control_world.h"

namespace lepus::server {
namespace {

using Fault = core::DefinitionStore::Fault;

class ControlStoreTest : public ControlTest {
 protected:
  void fail_with(Fault fault) {
    store_.failure = "catalog x: it does not work";
    store_.failure_kind = fault;
  }
  void work_again() { store_.failure.clear(); }
  /// Until the store is asked again, and a bit.
  void wait() { advance(core::limits::store_retry_interval + core::nanos_per_ms); }
  /// The shards apply what comes, and the codes of answers are kept, in order.
  void apply_all() {
    while (serve(*zero_) || serve(*one_)) run();
  }
  /// False: nothing came.
  bool serve(FakeShard& shard) {
    shard.receive();
    const bool worked = !shard.commands.empty();
    while (!shard.commands.empty()) {
      if (!std::holds_alternative<TopologyDone>(shard.commands.front())) {
        shard.apply();
        continue;
      }
      const auto error = shard.take<TopologyDone>().error;
      codes_[&shard].push_back(error == nullptr ? done : error->code);
    }
    return worked;
  }
  core::ReplyCode code_of_next(FakeShard& shard) {
    apply_all();
    std::deque<core::ReplyCode>& codes = codes_[&shard];
    if (codes.empty()) {
      ADD_FAILURE() << "nobody was answered";
      return {};
    }
    const core::ReplyCode code = codes.front();
    codes.pop_front();
    return code;
  }
  /// A client deletes its durable queue "q" while the store has no room.
  void delete_without_room() {
    ask(*zero_, declare_durable("q"), channel_of_zero);
    apply_all();
    EXPECT_EQ(code_of_next(*zero_), done);
    fail_with(Fault::no_room);
    TopologyRequest removal;
    removal.kind = TopologyRequest::Kind::delete_queue;
    removal.queue = control_->topology().find_queue(vhost_, "q")->id;
    ask(*zero_, removal, channel_of_zero);
  }
  bool is_there(std::string_view name) const {
    return control_->topology().find_queue(vhost_, name) != nullptr;
  }

  static constexpr core::ReplyCode done{};
  std::map<FakeShard*, std::deque<core::ReplyCode>> codes_;
};

TEST_F(ControlStoreTest, ALockThatPassesIsWaitedFor) {
  start();
  fail_with(Fault::busy);
  ask(*zero_, declare_durable("q"), channel_of_zero);
  ask(*one_, declare("transient"), channel_of_one);  // Behind it: the order stays.
  EXPECT_EQ(zero_->count<TopologyApply>(), 0U);
  wait();
  EXPECT_EQ(zero_->count<TopologyApply>(), 0U);
  EXPECT_EQ(zero_->count<TopologyDone>(), 0U);
  work_again();
  wait();
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), done);
  EXPECT_EQ(code_of_next(*one_), done);
  EXPECT_LT(zero_->replica.find_queue(vhost_, "q")->id,
            zero_->replica.find_queue(vhost_, "transient")->id);
  EXPECT_TRUE(failures_.empty());
}

TEST_F(ControlStoreTest, ALockThatStaysIsAnError) {
  start();
  fail_with(Fault::busy);
  ask(*zero_, declare_durable("q"), channel_of_zero);
  for (core::Nanos waited = 0; waited <= core::limits::store_busy_wait;
       waited += core::limits::store_retry_interval)
    wait();
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
  EXPECT_FALSE(is_there("q"));
  // The next one does not wait as long.
  ask(*zero_, declare_durable("q"), channel_of_zero);
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
  work_again();
  wait();
  ask(*zero_, declare_durable("q"), channel_of_zero);
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), done);
  EXPECT_TRUE(is_there("q"));
  EXPECT_TRUE(failures_.empty());
}

TEST_F(ControlStoreTest, WithoutRoomTheDurableIsRefusedAndTheRestGoesOn) {
  start();
  fail_with(Fault::no_room);
  post(*zero_, declare_durable("q"), channel_of_zero);
  post(*one_, declare_durable("q"), channel_of_one);
  post(*one_, declare("transient"), channel_of_one);
  post(*zero_, declare("amq.mine"), channel_of_zero);
  run();
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::access_refused);
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
  EXPECT_EQ(code_of_next(*one_), core::ReplyCode::resource_error);
  EXPECT_EQ(code_of_next(*one_), done);
  EXPECT_FALSE(is_there("q"));
  EXPECT_NE(one_->replica.find_queue(vhost_, "transient"), nullptr);
  EXPECT_EQ(one_->replica.find_queue(vhost_, "q"), nullptr);
  EXPECT_TRUE(store_.pending().empty());
  EXPECT_TRUE(failures_.empty());
}

/// Its home takes no more messages: there is no way back.
TEST_F(ControlStoreTest, ADeletionWaitsUntilItCanBeStored) {
  start();
  delete_without_room();
  wait();
  wait();
  EXPECT_TRUE(is_there("q"));
  EXPECT_EQ(zero_->count<TopologyDone>(), 0U);
  // Nobody waits behind it.
  ask(*one_, declare("transient"), channel_of_one);
  apply_all();
  EXPECT_EQ(code_of_next(*one_), done);
  work_again();
  wait();
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), done);
  EXPECT_FALSE(is_there("q"));
  EXPECT_TRUE(failures_.empty());
}

TEST_F(ControlStoreTest, AStopDoesNotWaitForIt) {
  start();
  delete_without_room();
  wait();
  EXPECT_EQ(zero_->count<TopologyDone>(), 0U);
  control_->stop();
  run();
  zero_->take<core::StopServing>();
  one_->take<core::StopServing>();
  EXPECT_EQ(code_of_next(*zero_), done);
}

TEST_F(ControlStoreTest, AnOperatorIsToldWhy) {
  start();
  fail_with(Fault::no_room);
  std::vector<std::string> answers;
  const auto told = [&](const std::optional<core::AccessRefusal>& refusal) {
    answers.push_back(refusal ? refusal->text : "done");
  };
  control_->change(core::AddUser{{"ann", "h", "a", {}, {}}}, "test", told);
  run();
  EXPECT_EQ(answers, std::vector<std::string>{store_.failure});
  EXPECT_EQ(control_->topology().access().find_user("ann"), nullptr);
  work_again();
  wait();
  control_->change(core::AddUser{{"ann", "h", "a", {}, {}}}, "test", told);
  run();
  apply_all();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1], "done");
}

TEST_F(ControlStoreTest, APlanIsRefusedAsAWhole) {
  start();
  for (const Fault fault : {Fault::busy, Fault::no_room}) {
    fail_with(fault);
    core::QueueSpec queue;
    queue.id = core::QueueId{control_->last_id() + 1};
    queue.vhost = vhost_;
    queue.durable = true;
    queue.name = "planned";
    control_->apply_plan({core::QueueAdded{queue}}, queue.id.value, channel_of_zero);
    run();
    EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
    EXPECT_FALSE(is_there("planned"));
    work_again();
    wait();
    ask(*zero_, declare_durable("next"), channel_of_zero);
    apply_all();
    EXPECT_EQ(code_of_next(*zero_), done);
  }
}

}  // namespace
}  // namespace lepus::server
