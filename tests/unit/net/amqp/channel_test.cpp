// Channels through a whole broker without sockets: contents, acknowledgements, consumers. Every
// test runs with the queue on the client's own shard and on another one.
#include "net/amqp/channel.h"

#include <gtest/gtest.h>

#include "core/message/properties.h"
#include "tests/unit/net/amqp/channel_world.h"

namespace lepus::amqp {
namespace {

using test::ChannelTest;
using test::Event;
using test::Login;
using test::random_text;
using test::TestClient;

INSTANTIATE_TEST_SUITE_P(Homes, ChannelTest, ::testing::Bool(), test::home_name);

// --- Contents

TEST_P(ChannelTest, ContentsArriveAsTheyWereSent) {
  declare("q");
  client_->consume("q", "tag");
  core::Random random{5};
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4'096}, std::size_t{9'000},
        std::size_t{131'064}, std::size_t{131'065}, std::size_t{400'000}, std::size_t{1} << 20}) {
    const std::string body = random_text(random, size);
    core::PropertiesView view;
    view.set(core::Property::content_type);
    view.content_type = "application/octet-stream";
    view.set(core::Property::delivery_mode);
    view.delivery_mode = 2;
    test::ByteVector properties(core::encoded_size(view));
    core::encode_properties(properties.data(), view);
    client_->link().piece_max = SIZE_MAX;
    client_->publish("", "q", body, properties);
    const auto deliver = client_->expect<BasicDeliver>();
    EXPECT_EQ(deliver.event.body, body) << size;
    EXPECT_EQ(deliver.event.properties, properties);
    EXPECT_EQ(deliver->routing_key, "q");
    EXPECT_EQ(deliver->exchange, "");
    EXPECT_EQ(deliver->consumer_tag, "tag");
    EXPECT_FALSE(deliver->redelivered);
    ack(deliver->delivery_tag);
  }
  client_->settle();
  EXPECT_EQ(world_->broker(0).memory().message_bytes, 0U);
  EXPECT_EQ(world_->broker(1).memory().message_bytes, 0U);
}

TEST_P(ChannelTest, EachConnectionGetsFramesOfItsOwnSize) {
  declare("q");
  core::Random random{6};
  const std::string body = random_text(random, 50'000);
  Login small;
  small.frame_max = 4'096;
  const auto reader = opened(0, small);
  reader->consume("q", "tag");
  client_->publish("", "q", body);
  client_->settle();
  const auto deliver = reader->expect<BasicDeliver>();
  EXPECT_EQ(deliver.event.body, body);
  EXPECT_EQ(deliver.event.body_frames.size(), (50'000U + 4'087U) / 4'088U);
  reader->publish("", "q", body);
  EXPECT_EQ(reader->expect<BasicDeliver>().event.body, body);
}

TEST_P(ChannelTest, SizesBeyondTheLimitAreRefused) {
  declare("q");
  world_->settings.message_size_max = 1'000;
  client_->publish("", "q", std::string(1'000, 'x'));
  client_->publish("", "q", std::string(1'001, 'x'));
  client_->publish("", "q", "ignored");
  EXPECT_EQ(client_->expect_close(1),
            "406 PRECONDITION_FAILED - message size 1001 is larger than configured max size 1000 "
            "(60,40)");
  client_->open_channel();
  EXPECT_EQ(client_->message_count("q"), 1U);
}

TEST_P(ChannelTest, ContentsOfTwoChannelsMayMingle) {
  declare("q");
  client_->open_channel(2);
  client_->send(1, BasicPublish{"", "q", false, false});
  client_->send(2, BasicPublish{"", "q", false, false});
  client_->content_header(1, 4, TestClient::no_properties);
  client_->content_header(2, 4, TestClient::no_properties);
  client_->frame(FrameType::body, 1, core::as_bytes("on"));
  client_->frame(FrameType::body, 2, core::as_bytes("TWO!"));
  client_->frame(FrameType::body, 1, core::as_bytes("e!"));
  client_->consume("q", "tag");
  EXPECT_EQ(deliveries(), "TWO!one!");
}

TEST_P(ChannelTest, AChannelThatClosesInsideAContent) {
  declare("q");
  client_->send(1, BasicPublish{"", "q", false, false});
  client_->content_header(1, 4, TestClient::no_properties);
  client_->frame(FrameType::body, 1, core::as_bytes("on"));
  client_->settle();
  client_->link().reset = true;
  client_->settle();
  EXPECT_EQ(owner_->message_count("q"), 0U);
  EXPECT_EQ(world_->broker(0).memory().message_bytes, 0U);
}

TEST_P(ChannelTest, UnroutedAndMandatoryComesBack) {
  core::Random random{8};
  const std::string body = random_text(random, 20'000);
  client_->send(1, BasicPublish{"", "nowhere", true, false});
  client_->content(1, body);
  client_->publish("", "nowhere", "lost");
  const auto returned = client_->expect<BasicReturn>();
  EXPECT_EQ(returned->reply_code, 312);
  EXPECT_EQ(returned->reply_text, "NO_ROUTE");
  EXPECT_EQ(returned->routing_key, "nowhere");
  EXPECT_EQ(returned.event.body, body);
  EXPECT_TRUE(client_->quiet());
}

TEST_P(ChannelTest, TheRouteFollowsTheTopology) {
  declare("a");
  declare("b");
  const auto bind = [this](const char* queue) {
    owner_->send(1, QueueBind{queue, "amq.direct", "key", false, {}});
    (void)owner_->expect<QueueBindOk>();
  };
  bind("a");
  client_->publish("amq.direct", "key", "1");
  client_->settle();
  bind("b");
  client_->publish("amq.direct", "key", "2");
  client_->settle();
  EXPECT_EQ(client_->message_count("a"), 2U);
  EXPECT_EQ(client_->message_count("b"), 1U);
  owner_->send(1, QueueDelete{"a", false, false, false});
  EXPECT_EQ(owner_->expect<QueueDeleteOk>()->message_count, 2U);
  client_->publish("amq.direct", "key", "3");
  EXPECT_EQ(client_->message_count("b"), 2U);
}

TEST_P(ChannelTest, PublishingToWhatIsNotThere) {
  client_->publish("missing", "key", "x");
  EXPECT_EQ(client_->expect_close(1), "404 NOT_FOUND - no exchange 'missing' in vhost '/' (60,40)");
  client_->open_channel();
  EXPECT_TRUE(client_->quiet());
}

// --- Acknowledgements

TEST_P(ChannelTest, PrefetchAndAck) {
  declare("q");
  client_->send(1, BasicQos{0, 2, false});
  (void)client_->expect<BasicQosOk>();
  client_->consume("q", "tag");
  publish_each("q", "abcdef");
  EXPECT_EQ(deliveries(), "ab");
  ack(1);
  EXPECT_EQ(deliveries(), "c");
  ack(3, true);
  EXPECT_EQ(deliveries(), "de");
  ack(0, true);
  EXPECT_EQ(deliveries(), "f");
  ack(9);
  EXPECT_EQ(client_->expect_close(1), "406 PRECONDITION_FAILED - unknown delivery tag 9 (60,80)");
}

TEST_P(ChannelTest, AckTwice) {
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "a");
  EXPECT_EQ(deliveries(), "a");
  ack(1);
  ack(1);
  EXPECT_EQ(client_->expect_close(1), "406 PRECONDITION_FAILED - unknown delivery tag 1 (60,80)");
}

TEST_P(ChannelTest, RejectNackAndRecover) {
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "abcd");
  EXPECT_EQ(deliveries(), "abcd");
  client_->send(1, BasicReject{1, false});
  client_->send(1, BasicReject{2, true});
  auto again = client_->expect<BasicDeliver>();
  EXPECT_EQ(again.event.body, "b");
  EXPECT_TRUE(again->redelivered);
  EXPECT_EQ(again->delivery_tag, 5U);
  client_->send(1, BasicNack{4, true, false});
  client_->send(1, BasicRecover{true});
  std::string back;
  bool recovered = false;
  for (const Event& event : client_->take_events()) {
    recovered |= event.method == MethodId::basic_recover_ok;
    back += event.body;
  }
  EXPECT_TRUE(recovered);
  EXPECT_EQ(back, "b");
}

TEST_P(ChannelTest, WhatAChannelHeldComesBackInOrder) {
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "abcd");
  EXPECT_EQ(deliveries(), "abcd");
  ack(2);
  client_->send(1, ChannelClose{200, "", 0, 0});
  (void)client_->expect<ChannelCloseOk>();
  owner_->publish("", "q", "e");
  owner_->settle();
  client_->open_channel();
  client_->consume("q", "tag");
  std::string marks;
  std::string bodies;
  for (const Event& event : client_->take_events()) {
    BasicDeliver deliver;
    ASSERT_TRUE(decode(core::Bytes{event.arguments}, deliver));
    marks += deliver.redelivered ? 'r' : '-';
    bodies += event.body;
  }
  EXPECT_EQ(bodies, "acde");
  EXPECT_EQ(marks, "rrr-");
}

TEST_P(ChannelTest, WhatAConnectionHeldComesBack) {
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "abc");
  EXPECT_EQ(deliveries(), "abc");
  client_->link().reset = true;
  client_->settle();
  EXPECT_EQ(owner_->message_count("q"), 3U);
}

/// The connection goes while messages are on their way to it.
TEST_P(ChannelTest, NothingIsLostOnTheWay) {
  declare("q");
  for (int round = 0; round < 30; ++round) {
    const auto reader = opened();
    reader->send(1, BasicConsume{"q", "tag", false, false, false, true, {}});
    for (int i = 0; i < 10; ++i) client_->publish("", "q", "x");
    for (std::uint64_t i = world_->random().below(12); i > 0; --i) (void)world_->run_round();
    reader->link().reset = true;
    world_->settle();
  }
  EXPECT_EQ(owner_->message_count("q"), 300U);
}

// --- Get, cancel

TEST_P(ChannelTest, Get) {
  declare("q");
  publish_each("q", "ab");
  client_->send(1, BasicGet{"q", false});
  auto got = client_->expect<BasicGetOk>();
  EXPECT_EQ(got.event.body, "a");
  EXPECT_EQ(got->message_count, 1U);
  EXPECT_EQ(got->delivery_tag, 1U);
  client_->send(1, BasicReject{1, true});
  client_->send(1, BasicGet{"q", true});
  got = client_->expect<BasicGetOk>();
  EXPECT_EQ(got.event.body, "a");
  EXPECT_TRUE(got->redelivered);
  client_->send(1, BasicGet{"q", true});
  (void)client_->expect<BasicGetOk>();
  client_->send(1, BasicGet{"q", true});
  (void)client_->expect<BasicGetEmpty>();
}

TEST_P(ChannelTest, CancelKeepsWhatWasDelivered) {
  declare("q");
  client_->consume("q", "tag");
  publish_each("q", "a");
  EXPECT_EQ(deliveries(), "a");
  client_->send(1, BasicCancel{"tag", false});
  EXPECT_EQ(client_->expect<BasicCancelOk>()->consumer_tag, "tag");
  publish_each("q", "b");
  EXPECT_TRUE(client_->quiet());
  EXPECT_EQ(client_->message_count("q"), 1U);
  client_->send(1, BasicCancel{"unknown", false});
  EXPECT_EQ(client_->expect<BasicCancelOk>()->consumer_tag, "unknown");
  ack(1);
  client_->consume("q", "tag");
  EXPECT_EQ(deliveries(), "b");
}

TEST_P(ChannelTest, CancelledByTheBroker) {
  declare("q");
  client_->consume("q", "tag");
  owner_->send(1, QueueDelete{"q", false, false, false});
  (void)owner_->expect<QueueDeleteOk>();
  EXPECT_EQ(client_->expect<BasicCancel>()->consumer_tag, "tag");
  Login deaf;
  deaf.capabilities.clear();
  const auto other = opened(0, deaf);
  declare("q");
  other->consume("q", "tag");
  owner_->send(1, QueueDelete{"q", false, false, false});
  (void)owner_->expect<QueueDeleteOk>();
  EXPECT_TRUE(other->quiet());
}

TEST_P(ChannelTest, AutoDeleteGoesWithItsLastConsumer) {
  QueueDeclare brief;
  brief.auto_delete = true;
  declare("q", brief);
  client_->consume("q", "one");
  client_->consume("q", "two");
  client_->send(1, BasicCancel{"one", false});
  (void)client_->expect<BasicCancelOk>();
  EXPECT_EQ(world_->topology().queue_count(), 1U);
  client_->send(1, BasicCancel{"two", false});
  (void)client_->expect<BasicCancelOk>();
  EXPECT_EQ(world_->topology().queue_count(), 0U);

  declare("q", brief);
  client_->consume("q", "three");
  client_->send(1, ChannelClose{200, "", 0, 0});
  (void)client_->expect<ChannelCloseOk>();
  EXPECT_EQ(world_->topology().queue_count(), 0U);

  declare("q", brief);
  client_->open_channel();
  client_->consume("q", "four");
  client_->link().reset = true;
  client_->settle();
  EXPECT_EQ(world_->topology().queue_count(), 0U);
}

TEST_P(ChannelTest, DeleteIfUnusedIfEmpty) {
  declare("q");
  client_->consume("q", "tag");
  owner_->send(1, QueueDelete{"q", true, false, false});
  EXPECT_EQ(owner_->expect_close(1),
            "406 PRECONDITION_FAILED - queue 'q' in vhost '/' in use (50,40)");
  owner_->open_channel();
  client_->send(1, BasicCancel{"tag", false});
  (void)client_->expect<BasicCancelOk>();
  publish_each("q", "a");
  owner_->send(1, QueueDelete{"q", false, true, false});
  EXPECT_EQ(owner_->expect_close(1),
            "406 PRECONDITION_FAILED - queue 'q' in vhost '/' not empty (50,40)");
}

TEST_P(ChannelTest, ExclusiveConsumer) {
  declare("q");
  BasicConsume alone{};
  alone.exclusive = true;
  client_->consume("q", "tag", alone);
  owner_->send(1, BasicConsume{"q", "other", false, false, false, false, {}});
  EXPECT_EQ(owner_->expect_close(1),
            "403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use (60,20)");
}

// --- Held input
//

/// Everything at once, without waiting for a single answer: the answers come in order.
TEST_P(ChannelTest, APipelinedSession) {
  declare("here");
  client_->send(1, QueueDeclare{"q"});
  client_->publish("", "q", "one");
  client_->send(1, QueueBind{"q", "amq.topic", "a.#", false, {}});
  client_->publish("amq.topic", "a.b", "two");
  client_->send(1, BasicConsume{"q", "tag", false, false, false, false, {}});
  client_->send(1, QueueDeclare{"here"});
  client_->publish("", "here", "three");
  client_->send(1, BasicGet{"here", true});
  client_->send(1, QueuePurge{"here", false});
  client_->send(1, QueueDelete{"here", false, false, false});
  client_->send(1, ChannelClose{200, "", 0, 0});
  client_->send(0, ConnectionClose{200, "", 0, 0});
  std::vector<std::string> names;
  for (const Event& event : client_->take_events())
    if (event.method != MethodId::basic_deliver) names.emplace_back(method_name(event.method));
  EXPECT_EQ(names, (std::vector<std::string>{"queue.declare-ok", "queue.bind-ok",
                                             "basic.consume-ok", "queue.declare-ok", "basic.get-ok",
                                             "queue.purge-ok", "queue.delete-ok",
                                             "channel.close-ok", "connection.close-ok"}));
}

TEST_P(ChannelTest, NoWaitIsSilent) {
  QueueDeclare silent;
  silent.queue = "q";
  silent.no_wait = true;
  owner_->send(1, silent);
  EXPECT_TRUE(owner_->quiet());
  client_->send(1, QueueBind{"q", "amq.direct", "k", true, {}});
  client_->send(1, BasicConsume{"q", "tag", false, false, false, true, {}});
  client_->publish("amq.direct", "k", "x");
  EXPECT_EQ(client_->expect<BasicDeliver>().event.body, "x");
  client_->send(1, BasicCancel{"tag", true});
  client_->send(1, QueuePurge{"q", true});
  client_->send(1, QueueDelete{"q", false, false, true});
  EXPECT_TRUE(client_->quiet());
  EXPECT_EQ(world_->topology().queue_count(), 0U);
}

}  // namespace
}  // namespace lepus::amqp
