// What the parts of a channel need to be tested alone: a session in a broker of one shard, whose
// protocol is a fake that writes down what it hears (so no answer is written but by the part under
// test), a stream whose other end is a Link, and a client that owns the queues.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/amqp/channel/ack_writer.h"
#include "net/amqp/channel/channel_link.h"
#include "net/amqp/channel/consumer_notices.h"
#include "net/amqp/channel/delivery_writer.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/publisher_block.h"
#include "tests/unit/core/session/session_world.h"
#include "tests/unit/net/amqp/connection/part_world.h"
#include "tests/unit/net/amqp/test_client.h"

namespace lepus::amqp::test {

class ChannelPartTest : public ::testing::Test, protected ChannelHost {
 protected:
  ChannelPartTest() {
    client_.open();
    timer_.bind<&ChannelPartTest::on_timer>(this);
    output_.writer().set_frame_max(131'072);
  }
  ~ChannelPartTest() override {
    if (session_.is_open()) session_.close(false);
    if (is_closed_) return;
    session_.closing().finish();
    acks_.cancel();
    session_.detach();
  }

  // ChannelHost
  void raise(std::uint16_t channel, core::AmqpError error) override {
    raised_ = std::to_string(channel) + " " + error.text();
  }
  void on_channel_closed(std::uint16_t channel) override { is_closed_ = channel == number; }
  void note_exclusive_queue() override { may_own_queues_ = true; }
  bool has_consumers() const override { return has_consumers_; }

  /// Returns why a handler refused, or "".
  static std::string say(const core::Refusal& refused) { return refused ? refused->text() : ""; }
  /// "basic.qos-ok ...": what was written since.
  std::string sent() { return part_.sent_methods(); }
  /// The first method written since, which is forgotten together with all others.
  template <class Method>
  Method sent_as() {
    part_.settle();
    Method method{};
    sent_bytes_ = std::exchange(part_.link().from_server, {});
    const FrameResult first = next_frame(core::Bytes{sent_bytes_}, 131'072);
    EXPECT_TRUE(first.complete());
    if (!first.complete()) return method;
    EXPECT_EQ(first.frame.channel, number);
    EXPECT_EQ(core::load_u32(first.frame.payload.data()), static_cast<std::uint32_t>(Method::id));
    EXPECT_TRUE(decode(first.frame.payload.subspan(method_header_size), method));
    return method;
  }
  /// The request of the last answer: "50.10", with a + when the client does not wait for it.
  std::string answered() {
    world_.settle();
    if (protocol_.answers.empty()) return "";
    const core::PendingAnswer::Origin& origin = protocol_.answers.back().origin;
    return std::to_string(origin.class_id) + "." + std::to_string(origin.method_id) +
           (origin.no_wait ? "+" : "");
  }
  /// A queue of another connection's with these messages, one character each.
  void fill(std::string_view queue, std::string_view bodies) {
    client_.declare(queue);
    for (const char body : bodies) client_.publish("", queue, std::string_view{&body, 1});
    client_.settle();
  }
  std::string consume(std::string_view queue, std::string_view tag, bool no_ack = false) {
    const core::SessionDeliveries::Options options{std::string{tag},
                                                   services_.settings().consumer_timeout, 0};
    const auto refused = session_.deliveries().subscribe(origin_of(MethodId::basic_consume),
                                                         {queue, tag, no_ack, false, {}}, options);
    world_.settle();
    return say(refused);
  }

  static constexpr std::uint16_t number = 7;

 private:
  void on_timer(io::Timer&) {}
  static ConnectionFacts& filled(ConnectionFacts& facts, const core::Topology& topology) {
    facts.user = "guest";
    facts.user_id = topology.access().find_user("guest")->id;
    facts.vhost_name = "/";
    facts.vhost = topology.find_vhost("/")->id;
    facts.capabilities.consumer_cancel_notify = true;
    return facts;
  }
  std::vector<std::uint8_t> sent_bytes_;

 protected:
  BrokerWorld world_{{}};
  TestClient client_{world_};
  PartWorld part_;
  Services& services_ = world_.server().services();
  ConnectionFacts& facts_ = filled(part_.facts(), world_.topology());
  ResumeList resume_list_;
  Output output_{part_.stream()};
  InputGate input_{part_.stream(), resume_list_};
  ConnectionTimer timer_{services_.loop()};
  PublisherBlock block_{{facts_, output_, input_, timer_}};
  AckList& ack_list_ = world_.server().ack_list();
  std::string raised_;
  bool may_own_queues_ = false;
  bool has_consumers_ = false;
  bool is_closed_ = false;
  const ChannelContext context_{services_, ack_list_, world_.server().closed_channels(),
                                facts_,    output_,   input_,
                                block_,    *this};
  core::test::FakeProtocol protocol_;
  const ChannelLink link_{context_, output_, session_, number};
  AckWriter acks_{link_};
  ConsumerNotices notices_{link_};
  DeliveryWriter deliveries_{link_, notices_};
  core::Session session_{world_.broker(), session_owner(facts_, number), {protocol_, &deliveries_}};
};

}  // namespace lepus::amqp::test
