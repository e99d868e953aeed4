// What a session publishes, without a protocol: checks, routes, returns, confirms.
#include "core/session/session_publishes.h"

#include "core/message/field_table_writer.h"
#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

class SessionPublishesTest : public test::SessionTest {};

TEST_F(SessionPublishesTest, AMessageReachesItsQueues) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(publish("", "q", "a"), "");
  EXPECT_EQ(publish("amq.direct", "nowhere", "b"), "");
  EXPECT_EQ(ready(queue), 1U);
  EXPECT_TRUE(protocol_.returned.empty()) << "not mandatory";
}

TEST_F(SessionPublishesTest, TheKeptRouteFollowsTheTopology) {
  EXPECT_EQ(publish("amq.direct", "k", "lost"), "");
  const QueueId queue = shard_.declare("q");
  shard_.bind("amq.direct", "q", "k");
  EXPECT_EQ(publish("amq.direct", "k", "a"), "");
  EXPECT_EQ(publish("amq.direct", "k", "b"), "");
  EXPECT_EQ(ready(queue), 2U);
}

TEST_F(SessionPublishesTest, WhatReachesNoQueueComesBack) {
  EXPECT_EQ(publish("", "nowhere", "a", {{}, true}), "");
  ASSERT_EQ(protocol_.returned.size(), 1U);
  EXPECT_EQ(protocol_.returned[0].first, ReplyCode::no_route);
  EXPECT_EQ(protocol_.returned[0].second, "a");
}

TEST_F(SessionPublishesTest, WhatNobodyTakesAtOnceComesBack) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(publish("", "q", "a", {{}, false, true}), "");
  ASSERT_EQ(protocol_.returned.size(), 1U);
  EXPECT_EQ(protocol_.returned[0].first, ReplyCode::no_consumers);
  EXPECT_EQ(ready(queue), 0U);
}

TEST_F(SessionPublishesTest, OtherShardsSayWhetherAConsumerTookIt) {
  shard_.declare("far", away);
  EXPECT_EQ(publish("", "far", "a", {{}, false, true}), "");
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_TRUE(protocol_.returned.empty());
  const auto sent = shard_.outbox.all<Enqueue>();
  ASSERT_EQ(sent.size(), 1U);
  session_->on_immediate_reply({session_->ref(), sent[0].immediate, false});
  EXPECT_FALSE(protocol_.is_held);
  ASSERT_EQ(protocol_.returned.size(), 1U);
  EXPECT_EQ(protocol_.returned[0].first, ReplyCode::no_consumers);
}

TEST_F(SessionPublishesTest, ConfirmsAreToldWhenTheShardHasIt) {
  shard_.declare("q");
  shard_.declare("far", away);
  EXPECT_EQ(publish("", "q", "before"), "");
  EXPECT_EQ(say(session_->commits().select_confirms()), "");
  publish("", "q", "one");
  publish("", "far", "two");
  publish("", "nowhere", "three");
  EXPECT_TRUE(protocol_.acks_due) << "three went nowhere, that is certain now";
  EXPECT_EQ(acks(), "3 ");
  shard_.broker.flush();
  EXPECT_EQ(acks(), "1 ");
  session_->on_confirm({session_->ref(), 2, 2, true});
  EXPECT_EQ(acks(), "2- ");
  EXPECT_TRUE(session_->publishes().confirms().all_done());
}

TEST_F(SessionPublishesTest, AShardWithoutRoomIsTold) {
  shard_.declare("far", away);
  publish("", "far", "a");
  EXPECT_EQ(protocol_.blocked.home, UINT16_MAX);
  shard_.outbox.congested_shards.insert(away);
  publish("", "far", "b");
  EXPECT_EQ(protocol_.blocked.home, away);
}

TEST_F(SessionPublishesTest, RefusesWhatRabbitMQRefuses) {
  EXPECT_EQ(publish("missing", "k", "a"), "no exchange 'missing' in vhost '/'");
  EXPECT_EQ(publish("", "q", std::string(1'001, 'x')),
            "message size 1001 is larger than configured max size 1000");
  PropertiesView view;
  view.expiration = "soon";
  view.set(Property::expiration);
  EXPECT_EQ(publish("", "q", "a", {view}), "invalid expiration 'soon': no_integer");
  PropertiesView reply;
  reply.reply_to = reply_to_queue;
  reply.set(Property::reply_to);
  EXPECT_EQ(publish("", "q", "a", {reply}), "fast reply consumer does not exist");
}

TEST_F(SessionPublishesTest, TheReplyAddressTakesThePlaceOfThePseudoQueue) {
  shard_.declare("q");
  session_->reply_address().open({session_->ref(), 5}, shard_.vhost, "rep");
  PropertiesView view;
  view.reply_to = reply_to_queue;
  view.set(Property::reply_to);
  EXPECT_EQ(publish("", "q", "ask", {view}), "");
  EXPECT_EQ(say(session_->requests().get(origin, "q", true)), "");
  ASSERT_EQ(protocol_.got.size(), 1U);
  PropertiesView stored;
  ASSERT_TRUE(decode_properties(protocol_.got[0].message->properties(), stored));
  EXPECT_EQ(stored.reply_to, session_->reply_address().name());
}

TEST_F(SessionPublishesTest, CcReachesMoreAndBccIsTakenOut) {
  const QueueId cc = shard_.declare("cc");
  const QueueId bcc = shard_.declare("bcc");
  FieldTableWriter table;
  table.begin_array("CC");
  table.text({}, "cc");
  table.end();
  table.begin_array("BCC");
  table.text({}, "bcc");
  table.end();
  const std::string headers = table.take();
  PropertiesView view;
  view.headers = as_bytes(headers);
  view.set(Property::headers);
  EXPECT_EQ(publish("", "nowhere", "a", {view}), "");
  EXPECT_EQ(ready(cc), 1U);
  EXPECT_EQ(ready(bcc), 1U);
  EXPECT_EQ(say(session_->requests().get(origin, "bcc", true)), "");
  PropertiesView stored;
  ASSERT_TRUE(decode_properties(protocol_.got[0].message->properties(), stored));
  EXPECT_TRUE(stored.header_table().find("CC"));
  EXPECT_FALSE(stored.header_table().find("BCC"));
}

TEST_F(SessionPublishesTest, AMessageThatIsNotCompleteIsForgotten) {
  shard_.declare("q");
  EXPECT_EQ(say(session_->publishes().begin({"", "q"})), "");
  EXPECT_EQ(say(session_->publishes().set_content(std::vector<std::uint8_t>{0, 0}, 5,
                                                  {1'000, interceptors_, "node"})),
            "");
  EXPECT_GT(shard_.broker.memory().message_bytes, 0U);
  session_->publishes().clear();
  EXPECT_EQ(shard_.broker.memory().message_bytes, 0U);
}

}  // namespace
}  // namespace lepus::core
