// A client for tests: methods and contents out, events in, over the Link of a BrokerWorld. It
// checks what every client relies on: whole frames, none larger than agreed, contents in order.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/message/field_table_writer.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/methods.gen.h"
#include "tests/unit/net/amqp/broker_world.h"

namespace lepus::amqp::test {

using ByteVector = std::vector<std::uint8_t>;

/// One method with its content, if it has one.
struct Event {
  std::uint16_t channel = 0;
  MethodId method{};
  ByteVector arguments;
  ByteVector properties;
  std::string body;
  std::uint64_t body_size = 0;
  std::vector<std::size_t> body_frames;  ///< Payload sizes.
  bool complete = true;
};

/// "404 NOT_FOUND - ... (50,10)"
template <class Close>
std::string describe_close(const Close& close) {
  return std::to_string(close.reply_code) + " " + std::string{close.reply_text} + " (" +
         std::to_string(close.class_id) + "," + std::to_string(close.method_id) + ")";
}

/// The method's name, and what a close says.
inline std::string describe(const Event& event) {
  const std::string name{method_name(event.method)};
  const core::Bytes arguments{event.arguments};
  ConnectionClose whole;
  if (event.method == MethodId::connection_close && decode(arguments, whole))
    return name + " " + describe_close(whole);
  ChannelClose channel;
  if (event.method == MethodId::channel_close && decode(arguments, channel))
    return name + " " + describe_close(channel);
  return name;
}

template <class Method>
struct Received {
  Method method;
  Event event;  ///< Owns what `method` looks into.
  const Method* operator->() const { return &method; }
};

/// What connection.start-ok and tune-ok say.
struct Login {
  std::string user = "guest";
  std::string password = "guest";
  std::string mechanism = "PLAIN";
  std::vector<std::string> capabilities{"authentication_failure_close", "connection.blocked",
                                        "consumer_cancel_notify"};
  std::string vhost = "/";
  std::uint16_t channel_max = 2047;
  std::uint32_t frame_max = 131'072;
  std::uint16_t heartbeat = 0;
};

class TestClient {
 public:
  explicit TestClient(BrokerWorld& world, core::ShardId shard = 0)
      : world_(world), link_(world.connect(shard)) {}

  Link& link() { return *link_; }
  std::uint64_t heartbeat_count() const { return heartbeat_count_; }

  // --- Out
  void raw(core::Bytes bytes) {
    link_->to_server.insert(link_->to_server.end(), bytes.begin(), bytes.end());
  }
  void raw(std::string_view bytes) { raw(core::as_bytes(bytes)); }
  template <class Method>
  void send(std::uint16_t channel, const Method& method) {
    ByteVector bytes(method_frame_size(method));
    store_method_frame(bytes.data(), channel, method);
    raw(bytes);
  }
  void frame(FrameType type, std::uint16_t channel, core::Bytes payload) {
    ByteVector bytes(payload.size() + frame_overhead);
    std::uint8_t* at = store_frame_header(bytes.data(), {type, channel, payload});
    store_frame_end(core::store_bytes(at, payload));
    raw(bytes);
  }
  static constexpr std::uint8_t no_properties[2] = {0, 0};
  void content(std::uint16_t channel, std::string_view body,
               core::Bytes properties = no_properties) {
    content_header(channel, body.size(), properties);
    const std::size_t payload_max = frame_max_ - frame_overhead;
    for (std::size_t at = 0; at < body.size(); at += payload_max)
      frame(FrameType::body, channel, core::as_bytes(body.substr(at, payload_max)));
  }
  void content_header(std::uint16_t channel, std::uint64_t body_size, core::Bytes properties) {
    const ContentHeaderFields fields{class_basic, body_size, properties};
    ByteVector header(content_header_frame_size(fields));
    store_content_header_frame(header.data(), channel, fields);
    raw(header);
  }
  void publish(std::string_view exchange, std::string_view key, std::string_view body,
               core::Bytes properties = no_properties) {
    send(1, BasicPublish{exchange, key, false, false});
    content(1, body, properties);
  }

  // --- Common sequences
  void start(const Login& login = {}) {
    raw(std::string_view{"AMQP\0\0\x09\x01", 8});
    (void)expect<ConnectionStart>(0);
    core::FieldTableWriter table;
    table.begin_table("capabilities");
    for (const std::string& name : login.capabilities) table.boolean(name, true);
    table.end();
    const std::string properties = table.take();
    const std::string response = std::string(1, '\0') + login.user + '\0' + login.password;
    send(0, ConnectionStartOk{core::as_bytes(properties), login.mechanism, response, "en_US"});
  }
  void log_in(const Login& login = {}) {
    start(login);
    (void)expect<ConnectionTune>(0);
    send(0, ConnectionTuneOk{login.channel_max, login.frame_max, login.heartbeat});
    frame_max_ = login.frame_max;
    send(0, ConnectionOpen{login.vhost});
    (void)expect<ConnectionOpenOk>(0);
  }
  void open_channel(std::uint16_t channel = 1) {
    send(channel, ChannelOpen{});
    (void)expect<ChannelOpenOk>(channel);
  }
  /// Everything up to an open channel 1.
  void open(const Login& login = {}) {
    log_in(login);
    open_channel();
  }
  std::string declare(std::string_view queue, QueueDeclare how = {}) {
    how.queue = queue;
    send(1, how);
    return std::string{expect<QueueDeclareOk>()->queue};
  }
  std::uint32_t message_count(std::string_view queue) {
    QueueDeclare passive{};
    passive.queue = queue;
    passive.passive = true;
    send(1, passive);
    return expect<QueueDeclareOk>()->message_count;
  }
  void consume(std::string_view queue, std::string_view tag, BasicConsume how = {}) {
    how.queue = queue;
    how.consumer_tag = tag;
    send(1, how);
    EXPECT_EQ(expect<BasicConsumeOk>()->consumer_tag, tag);
  }
  void close() {
    send(0, ConnectionClose{200, "bye", 0, 0});
    (void)expect<ConnectionCloseOk>(0);
    EXPECT_FALSE(link_->server_sent_fin);
    link_->half_closed = true;  // The client ends it, as with RabbitMQ.
    world_.settle();
    EXPECT_TRUE(link_->closed);
  }

  // --- In
  /// The next event is this method; anything else is a failure.
  template <class Method>
  Received<Method> expect(std::uint16_t channel = 1) {
    settle();
    Received<Method> received{};
    if (events_.empty()) {
      ADD_FAILURE() << "expected " << method_name(Method::id) << ", nothing came";
      return received;
    }
    received.event = std::move(events_.front());
    events_.pop_front();
    EXPECT_EQ(method_name(received.event.method), method_name(Method::id))
        << describe(received.event);
    EXPECT_EQ(received.event.channel, channel);
    if (received.event.method == Method::id) {
      EXPECT_TRUE(decode(core::Bytes{received.event.arguments}, received.method));
    }
    return received;
  }
  /// "404 NOT_FOUND - ... (50,10)": how a channel or (0) the connection is closed.
  std::string expect_close(std::uint16_t channel) {
    std::string text;
    if (channel == 0) {
      const auto close = expect<ConnectionClose>(0);
      text = describe_close(close.method);
    } else {
      const auto close = expect<ChannelClose>(channel);
      text = describe_close(close.method);
      send(channel, ChannelCloseOk{});
    }
    return text;
  }
  /// Nothing more came.
  bool quiet() {
    settle();
    for (const Event& event : events_) ADD_FAILURE() << "unexpected " << describe(event);
    return events_.empty();
  }
  /// All events that are there.
  std::deque<Event> take_events() {
    settle();
    return std::exchange(events_, {});
  }
  void settle() {
    world_.settle();
    read();
  }

 private:
  void read() {
    core::Bytes input{link_->from_server};
    for (;;) {
      const FrameResult result = next_frame(input, frame_max_ - frame_overhead);
      if (result.incomplete()) break;
      ASSERT_TRUE(result.complete()) << result.error().text();
      ASSERT_LE(result.size, frame_max_);
      on_frame(result.frame);
      input = input.subspan(result.size);
    }
    link_->from_server.erase(link_->from_server.begin(),
                             link_->from_server.end() - static_cast<std::ptrdiff_t>(input.size()));
  }
  void on_frame(const Frame& frame) {
    if (frame.type == FrameType::heartbeat) {
      ++heartbeat_count_;
      return;
    }
    if (frame.type == FrameType::method) {
      Event event;
      event.channel = frame.channel;
      event.method = static_cast<MethodId>(core::load_u32(frame.payload.data()));
      ASSERT_FALSE(partial_.contains(frame.channel)) << "a method inside of a content";
      event.arguments.assign(frame.payload.begin() + method_header_size, frame.payload.end());
      if (has_content(event.method)) {
        event.complete = false;
        partial_[frame.channel] = std::move(event);
      } else {
        events_.push_back(std::move(event));
      }
      return;
    }
    const auto found = partial_.find(frame.channel);
    ASSERT_NE(found, partial_.end()) << "content without its method";
    Event& event = found->second;
    if (frame.type == FrameType::header) {
      ASSERT_TRUE(event.properties.empty());
      event.body_size = core::load_u64(frame.payload.data() + 4);
      event.properties.assign(frame.payload.begin() + content_header_size_min, frame.payload.end());
    } else {
      ASSERT_FALSE(event.properties.empty());
      ASSERT_FALSE(frame.payload.empty());
      event.body += core::as_text(frame.payload);
      event.body_frames.push_back(frame.payload.size());
    }
    ASSERT_LE(event.body.size(), event.body_size);
    if (event.body.size() < event.body_size) return;
    event.complete = true;
    events_.push_back(std::move(event));
    partial_.erase(found);
  }

  BrokerWorld& world_;
  std::shared_ptr<Link> link_;
  std::uint32_t frame_max_ = 131'072;
  std::map<std::uint16_t, Event> partial_;
  std::deque<Event> events_;
  std::uint64_t heartbeat_count_ = 0;
};

}  // namespace lepus::amqp::test
