// A store that is locked or has no room: nobody is told of what is not durable, everybody gets an
// answer, and the broker goes on.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <semaphore>
#include <string>
#include <utility>
#include <variant>
#include <vector>

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

/// Adds a durable queue.
struct QueuePlanner final : TopologyPlanner {
  explicit QueuePlanner(core::VhostId where) : vhost(where) {}
  TopologyPlan plan(const core::Topology&, std::uint64_t last_id) override {
    core::QueueSpec queue;
    queue.id = core::QueueId{last_id + 1};
    queue.vhost = vhost;
    queue.durable = true;
    queue.name = "planned";
    TopologyPlan plan;
    plan.changes.emplace_back(core::QueueAdded{queue});
    plan.last_id = queue.id.value;
    return plan;
  }
  core::VhostId vhost;
};

TEST_F(ControlStoreTest, APlanIsRefusedAsAWhole) {
  start();
  for (const Fault fault : {Fault::busy, Fault::no_room}) {
    fail_with(fault);
    PlanRequest request{.planner = std::make_unique<QueuePlanner>(vhost_)};
    EXPECT_FALSE(control_->carry_out(std::move(request), channel_of_zero).is_done);
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

// --- Several requests of one channel in one ask

class ControlBatchTest : public ControlStoreTest {
 protected:
  void ask_all(const std::vector<TopologyRequest>& all) {
    core::TopologyAsk ask{channel_of_zero, 0, std::make_unique<TopologyRequest>(all.front())};
    ask.more = std::make_unique<std::vector<TopologyRequest>>(all.begin() + 1, all.end());
    zero_->end.tell_control(std::move(ask));
    run();
  }
  /// "2 done, then 404" of the one answer that is due.
  std::string outcome() {
    while (zero_->count<TopologyApply>() > 0 || one_->count<TopologyApply>() > 0) {
      while (zero_->count<TopologyApply>() > 0) zero_->apply();
      while (one_->count<TopologyApply>() > 0) one_->apply();
      run();
    }
    const auto done = zero_->take<TopologyDone>();
    std::string text = std::to_string(done.done_count) + " done";
    if (done.error != nullptr)
      text += ", then " + std::to_string(static_cast<int>(done.error->code));
    return text;
  }
  TopologyRequest bind(std::string_view queue, std::string_view exchange) const {
    TopologyRequest request = declare(queue);
    request.kind = TopologyRequest::Kind::bind_queue;
    request.source = exchange;
    return request;
  }
};

TEST_F(ControlBatchTest, IsOneCommitOneStepAndOneAnswer) {
  start();
  const std::size_t commits = store_.commit_count;
  ask_all({declare_durable("a"), bind("a", "amq.direct"), declare_durable("b")});
  EXPECT_EQ(store_.commit_count, commits + 1);
  EXPECT_EQ(zero_->count<TopologyApply>(), 1U);
  EXPECT_EQ(outcome(), "3 done");
  EXPECT_TRUE(zero_->commands.empty());
  EXPECT_NE(one_->replica.find_queue(vhost_, "b"), nullptr);
}

TEST_F(ControlBatchTest, EndsAtTheFirstThatFails) {
  start();
  ask_all({declare_durable("a"), bind("a", "missing"), declare_durable("b")});
  EXPECT_EQ(outcome(), "1 done, then 404");
  EXPECT_TRUE(is_there("a"));
  EXPECT_FALSE(is_there("b"));
}

TEST_F(ControlBatchTest, WithoutRoomTheFirstDurableFails) {
  start();
  ask(*zero_, declare_durable("there"), channel_of_zero);
  EXPECT_EQ(outcome(), "1 done");
  fail_with(Fault::no_room);
  ask_all(
      {declare("transient"), declare_durable("there"), declare_durable("new"), declare("last")});
  EXPECT_EQ(outcome(), "2 done, then 506");
  EXPECT_TRUE(is_there("transient"));
  EXPECT_FALSE(is_there("new"));
  EXPECT_FALSE(is_there("last"));
}

TEST_F(ControlBatchTest, ALockThatPassesIsWaitedForByAll) {
  start();
  fail_with(Fault::busy);
  ask_all({declare("transient"), declare_durable("a"), declare_durable("b")});
  wait();
  work_again();
  wait();
  EXPECT_EQ(outcome(), "3 done");
}

TEST_F(ControlStoreTest, WhatIsInDoubtIsToldToNobodyAndTriedAgain) {
  start();
  fail_with(Fault::in_doubt);
  post(*zero_, declare("transient before"), channel_of_zero);
  post(*zero_, declare_durable("q"), channel_of_zero);
  post(*one_, declare("q"), channel_of_one);  // Its refusal would tell of q.
  run();
  EXPECT_EQ(zero_->count<TopologyApply>(), 1U);  // Of the transient one, decided before.
  EXPECT_TRUE(store_.is_in_doubt());
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), done);
  EXPECT_EQ(one_->count<TopologyDone>(), 0U);
  work_again();
  wait();
  EXPECT_FALSE(store_.is_in_doubt());
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), done);
  EXPECT_EQ(code_of_next(*one_), core::ReplyCode::precondition_failed);
}

TEST_F(ControlStoreTest, WhatIsInDoubtIsSettledAlsoWhenNobodyWaits) {
  start();
  fail_with(Fault::in_doubt);
  ask(*zero_, declare_durable("q"), channel_of_zero);
  for (core::Nanos waited = 0; waited <= core::limits::store_busy_wait;
       waited += core::limits::store_retry_interval)
    wait();
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
  EXPECT_TRUE(store_.is_in_doubt());
  work_again();
  wait();
  EXPECT_FALSE(store_.is_in_doubt());
  EXPECT_FALSE(is_there("q"));
  const std::size_t commits = store_.commit_count;
  wait();
  EXPECT_EQ(store_.commit_count, commits) << "once is enough";
}

TEST_F(ControlStoreTest, ADamagedCatalogIsAnErrorAndNotTheEnd) {
  start();
  fail_with(Fault::damaged);
  ask(*zero_, declare_durable("q"), channel_of_zero);
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
  ask(*zero_, declare("transient"), channel_of_zero);
  EXPECT_EQ(code_of_next(*zero_), done);
}

// --- While a commit is under way on the store's thread

/// The disk is as slow as the test says.
class SlowStoreTest : public ControlStoreTest {
 protected:
  void start_slow() {
    start();
    store_.chance = [this] {
      began_.release();
      answered_.acquire();
      return answer_;
    };
    control_->store().start_thread([this] { ended_.release(); });
  }
  ~SlowStoreTest() override {
    answered_.release();  // Of a commit that nobody waited for.
    control_.reset();
  }
  void await_begin() { began_.acquire(); }
  /// The commit that is under way ends so; MemoryStore keeps what `failure` says.
  void end_commit(const std::string& failure) {
    answer_ = failure;
    answered_.release();
    ended_.acquire();
    run();
  }

 private:
  std::counting_semaphore<> began_{0};
  std::counting_semaphore<> answered_{0};
  std::counting_semaphore<> ended_{0};
  std::string answer_;  ///< Handed over with answered_.
};

TEST_F(SlowStoreTest, TheControlThreadGoesOnAndWhatFollowsIsHeld) {
  start_slow();
  ask(*zero_, declare_durable("q"), channel_of_zero);
  await_begin();
  ask(*one_, declare("transient"), channel_of_one);
  EXPECT_TRUE(is_there("transient")) << "decided";
  EXPECT_EQ(zero_->count<TopologyApply>(), 0U) << "it may depend on what is not durable";
  const std::size_t commits = store_.commit_count;
  end_commit("");
  EXPECT_EQ(store_.commit_count, commits + 1);
  EXPECT_EQ(zero_->count<TopologyApply>(), 2U) << "the transient one needs no commit";
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), done);
  EXPECT_EQ(code_of_next(*one_), done);
}

TEST_F(SlowStoreTest, WhatCameMeanwhileIsTakenBackWithIt) {
  start_slow();
  ask(*zero_, declare_durable("q"), channel_of_zero);
  await_begin();
  store_.failure_kind = Fault::no_room;
  ask(*one_, declare("transient"), channel_of_one);
  ask(*zero_, declare_durable("r"), channel_of_zero);
  end_commit("no room");
  EXPECT_FALSE(is_there("q"));
  EXPECT_FALSE(is_there("r"));
  EXPECT_TRUE(is_there("transient")) << "decided again";
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
  EXPECT_EQ(code_of_next(*zero_), core::ReplyCode::resource_error);
  EXPECT_EQ(code_of_next(*one_), done);
}

TEST_F(SlowStoreTest, TheDurableThatCameMeanwhileIsTheNextCommit) {
  start_slow();
  ask(*zero_, declare_durable("q"), channel_of_zero);
  await_begin();
  ask(*one_, declare_durable("r"), channel_of_one);
  end_commit("");
  EXPECT_EQ(zero_->count<TopologyApply>(), 1U);
  await_begin();
  end_commit("");
  apply_all();
  EXPECT_EQ(code_of_next(*zero_), done);
  EXPECT_EQ(code_of_next(*one_), done);
}

}  // namespace
}  // namespace lepus::server
