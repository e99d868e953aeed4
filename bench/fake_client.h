// A client of the benchmarks that run a whole broker without sockets: bytes in, bytes out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/net/amqp/broker_world.h"

namespace lepus::bench {

template <class Method>
void add_method(std::string& out, const Method& method, std::uint16_t channel = 1) {
  std::vector<std::uint8_t> bytes(amqp::method_frame_size(method));
  amqp::store_method_frame(bytes.data(), channel, method);
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// Header and body of a message without properties.
inline void add_content(std::string& out, std::string_view body) {
  constexpr std::uint8_t no_properties[2] = {0, 0};
  const amqp::ContentHeaderFields fields{amqp::class_basic, body.size(), no_properties};
  std::vector<std::uint8_t> bytes(amqp::content_header_frame_size(fields) + body.size() +
                                  amqp::frame_overhead);
  amqp::store_content_header_frame(bytes.data(), 1, fields);
  std::uint8_t* pos = bytes.data() + amqp::content_header_frame_size(fields);
  pos = amqp::store_frame_header(pos, {amqp::FrameType::body, 1, core::as_bytes(body)});
  amqp::store_frame_end(core::store_bytes(pos, core::as_bytes(body)));
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// A connection with channel 1 open, in a broker of its own.
class FakeClient {
 public:
  FakeClient() : link_(world_.connect()) {
    std::string hello{"AMQP\0\0\x09\x01", 8};
    add_method(
        hello,
        amqp::ConnectionStartOk{{}, "PLAIN", std::string_view{"\0guest\0guest", 12}, "en_US"}, 0);
    add_method(hello, amqp::ConnectionTuneOk{2047, 131'072, 0}, 0);
    add_method(hello, amqp::ConnectionOpen{"/"}, 0);
    add_method(hello, amqp::ChannelOpen{});
    send(hello);
  }
  /// Until the broker has nothing to do any more. What it answers is dropped.
  void send(const std::string& bytes) {
    link_->to_server.insert(link_->to_server.end(), bytes.begin(), bytes.end());
    world_.settle();
    received_ = link_->from_server.size();
    link_->from_server.clear();
  }
  /// Bytes of what the last send() led to.
  std::size_t received() const { return received_; }

 private:
  amqp::test::BrokerWorld world_{{}};
  std::shared_ptr<amqp::test::Link> link_;
  std::size_t received_ = 0;
};

}  // namespace lepus::bench
