// Deliveries and answers to basic.get as frames, and who waits for the client's socket.
#include "net/amqp/channel/delivery_writer.h"

#include <string>
#include <string_view>

#include "core/limits.h"
#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class DeliveryWriterTest : public test::ChannelPartTest {
 protected:
  core::MessageRef message(std::string_view body) {
    core::MessageRef made = core::Message::create(
        {"ex", "key", test::TestClient::no_properties, body.size(), false, 0}, account_);
    if (!body.empty()) made->append_body(core::as_bytes(body));
    return made;
  }
  core::GetReply got(std::uint32_t delivery_count) {
    return {session_.ref(), 4, {}, {}, {}, 0, true, true, delivery_count};
  }
  core::Deliver reply(std::uint64_t secret) {
    return {session_.ref(), facts_.vhost.value, {}, secret, {}, 0, false, true};
  }
  /// One header of the content that was written last.
  std::int64_t header(std::string_view name) {
    part_.settle();
    core::Bytes bytes{part_.link().from_server};
    std::int64_t value = -1;
    for (;;) {
      const FrameResult next = next_frame(bytes, 131'072);
      if (!next.complete()) break;
      bytes = bytes.subspan(next.size);
      if (next.frame.type != FrameType::header) continue;
      core::PropertiesView view;
      EXPECT_TRUE(
          core::decode_properties(next.frame.payload.subspan(content_header_size_min), view));
      const auto found = core::FieldTable{view.headers}.find(name);
      value = found && found->is_integer() ? found->as_int64() : -1;
    }
    part_.link().from_server.clear();
    return value;
  }

  core::MemoryAccount account_;
};

TEST_F(DeliveryWriterTest, ADeliverySaysWhoseItIs) {
  fill("q", "a");
  EXPECT_EQ(consume("q", "tag"), "");
  const auto deliver = sent_as<BasicDeliver>();
  EXPECT_EQ(deliver.consumer_tag, "tag");
  EXPECT_EQ(deliver.delivery_tag, 1U);
  EXPECT_FALSE(deliver.redelivered);
  EXPECT_EQ(deliver.routing_key, "q");
  EXPECT_EQ(output_.writer().brake().unsent_bytes(), 0U);  // It answers nothing.
}

TEST_F(DeliveryWriterTest, AConsumerWaitsWhenTheOutputIsFull) {
  client_.declare("q");
  EXPECT_EQ(consume("q", "tag", true), "");
  part_.link().window_closed = true;
  const std::string body(core::limits::send_high_water / 4, 'b');
  for (int i = 0; i < 8; ++i) client_.publish("", "q", body);
  EXPECT_GT(client_.message_count("q"), 0U);
  EXPECT_GT(output_.unsent_bytes(), core::limits::send_high_water);
  EXPECT_LE(output_.unsent_bytes(), core::limits::send_high_water + 2 * body.size());
  part_.link().window_closed = false;
  part_.settle();
  session_.deliveries().resume();
  world_.settle();
  EXPECT_EQ(client_.message_count("q"), 0U);
}

TEST_F(DeliveryWriterTest, HowOftenItCameBackIsAHeader) {
  deliveries_.write_got(got(3), 9, message("x"));
  EXPECT_EQ(header("x-delivery-count"), 3);
  deliveries_.write_got(got(0), 9, message("x"));
  EXPECT_EQ(header("x-delivery-count"), -1);
}

TEST_F(DeliveryWriterTest, WhatWasAskedForIsAnAnswer) {
  deliveries_.write_got(got(0), 9, message("some body"));
  EXPECT_GT(output_.writer().brake().unsent_bytes(), 0U);
  const auto ok = sent_as<BasicGetOk>();
  EXPECT_EQ(ok.delivery_tag, 9U);
  EXPECT_TRUE(ok.redelivered);
  EXPECT_EQ(ok.exchange, "ex");
  EXPECT_EQ(ok.routing_key, "key");
  EXPECT_EQ(ok.message_count, 4U);
  deliveries_.write_got(got(0), 0, {});
  EXPECT_EQ(sent(), "basic.get-empty");
}

TEST_F(DeliveryWriterTest, ARepliesAddressMustBeOpen) {
  EXPECT_TRUE(deliveries_.on_deliver(reply(5), message("r")));
  EXPECT_EQ(sent(), "");
  session_.reply_address().open({session_.ref(), 5}, facts_.vhost, "replies");
  EXPECT_TRUE(deliveries_.on_deliver(reply(6), message("r")));
  EXPECT_EQ(sent(), "");
  EXPECT_TRUE(deliveries_.on_deliver(reply(5), message("r")));
  EXPECT_GT(output_.writer().brake().unsent_bytes(), 0U);
  EXPECT_EQ(sent_as<BasicDeliver>().consumer_tag, "replies");
}

TEST_F(DeliveryWriterTest, RepliesThatNobodyTakesAreDropped) {
  session_.reply_address().open({session_.ref(), 5}, facts_.vhost, "replies");
  part_.link().window_closed = true;
  const std::string body(core::limits::send_high_water, 'r');
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(deliveries_.on_deliver(reply(5), message(body)));  // None of them waits.
  EXPECT_GT(output_.unsent_bytes(), core::limits::replies_unsent_max);
  EXPECT_LE(output_.unsent_bytes(), core::limits::replies_unsent_max + 2 * body.size());
}

TEST_F(DeliveryWriterTest, ASessionThatEndsGrantsNothing) {
  session_.close(false);
  EXPECT_EQ(deliveries_.on_credit_request({}).count, 0U);
  deliveries_.on_credit_return(0);
  deliveries_.on_consumer_active(0, true);
  EXPECT_EQ(sent(), "");
}

}  // namespace
}  // namespace lepus::amqp
