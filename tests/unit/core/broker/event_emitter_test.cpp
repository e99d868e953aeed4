// Events are made for those who are bound to their exchange, by one shard each.
#include "core/broker/event_emitter.h"

#include <gtest/gtest.h>

#include <string>

#include "core/topology/topology_rules.h"
#include "tests/unit/core/broker/parts_world.h"

namespace lepus::core::test {
namespace {

class EventEmitterTest : public ::testing::Test {
 protected:
  EventEmitterTest() {
    world_.topology.set_event_vhost("/");
    world_.topology.apply(make_event_exchange(world_.vhost, world_.ids));
    reader_ = &world_.declare("reader");
  }
  void bind(std::string_view exchange) {
    TopologyRequest request = world_.request(PartsWorld::Kind::bind_queue, "reader");
    request.source = exchange;
    request.key = "#";
    world_.change(request);
  }
  /// The keys of what the reader got since.
  std::string keys() {
    world_.forwards.work();
    std::string all;
    for (; reader_->local->counts().ready > 0; world_.host.answers.clear()) {
      reader_->local->get({reader_->id, {1, 1, 1}, true});
      all += std::string{world_.host.answers.at(0).message->routing_key()} + " ";
    }
    return all;
  }

  PartsWorld world_;
  EventEmitter events_{{world_.host, world_.topology, world_.forwards}};
  QueueInfo* reader_;
};

TEST_F(EventEmitterTest, NobodyBoundNothingMade) {
  EXPECT_FALSE(events_.is_wanted());
  events_.emit(make_event("queue.created", ""));
  events_.on_alarm_changed({}, {.memory = true});
  EXPECT_FALSE(world_.forwards.has_work());
  bind("amq.rabbitmq.event");
  EXPECT_TRUE(events_.is_wanted());
  events_.emit(make_event("queue.created", ""));
  EXPECT_EQ(keys(), "queue.created ");
}

TEST_F(EventEmitterTest, EachAlarmThatChanges) {
  bind("amq.rabbitmq.event");
  events_.on_alarm_changed({}, {.memory = true, .disk = true});
  EXPECT_EQ(keys(), "alarm.set alarm.set ");
  events_.on_alarm_changed({.memory = true, .disk = true}, {.disk = true});
  EXPECT_EQ(keys(), "alarm.cleared ");
  events_.on_alarm_changed({.disk = true}, {.disk = true});
  EXPECT_EQ(keys(), "");
}

TEST_F(EventEmitterTest, ChangesAreToldOfWhenAllOfThemAreApplied) {
  bind("amq.rabbitmq.event");
  TopologyRequest request = world_.request(PartsWorld::Kind::declare_queue, "new");
  Decision decision = decide(world_.topology, request, &world_.ids);
  const TopologyChanges changes{std::move(decision.changes)};
  for (const TopologyChange& change : changes.list) {
    events_.note_change(changes, change);
    world_.topology.apply(change);
  }
  EXPECT_EQ(keys(), "");
  events_.emit_noted();
  EXPECT_EQ(keys(), "queue.created ");
  events_.emit_noted();
  EXPECT_EQ(keys(), "");
}

TEST_F(EventEmitterTest, TheFirehoseCopiesWhatIsBoundTo) {
  Trace trace;
  trace.vhost = world_.vhost;
  trace.queue = "q";
  const MessageRef message = world_.message("x");
  EXPECT_FALSE(events_.trace(trace, *message).has_value());
  bind("amq.rabbitmq.trace");
  const auto copied = events_.trace(trace, *message);
  ASSERT_TRUE(copied.has_value());
  EXPECT_EQ(copied->size(), 1U);
  EXPECT_EQ(keys(), "deliver.q ");
}

TEST_F(EventEmitterTest, WhoWatchesSeesTracesThatNobodyIsBoundTo) {
  Trace trace;
  trace.vhost = world_.vhost;
  trace.queue = "q";
  const MessageRef message = world_.message("x");
  (void)events_.trace(trace, *message);
  const TraceQuestion question{world_.vhost, 0, 10, {}};
  EXPECT_TRUE(events_.traces().answer(question, 0).entries.empty()) << "nobody watched";
  EXPECT_FALSE(events_.trace(trace, *message).has_value());
  EXPECT_EQ(events_.traces().answer(question, 0).entries.size(), 1U);
  bind("amq.rabbitmq.trace");
  EXPECT_TRUE(events_.trace(trace, *message).has_value());
  EXPECT_EQ(events_.traces().answer(question, 0).entries.size(), 2U);
}

}  // namespace
}  // namespace lepus::core::test
