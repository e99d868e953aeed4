// What the parts of a connection need to be tested alone: a stream whose other end is a Link, and
// the facts of a connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/amqp/codec/frame.h"
#include "net/amqp/connection/facts.h"
#include "tests/unit/net/amqp/broker_world.h"

namespace lepus::amqp::test {

/// Hears what a stream says; nobody uses it but the part under test.
struct SilentHandler final : net::StreamHandler {
  void on_bytes(core::Bytes) override {}
  void on_peer_closed() override {}
  void on_sent() override { ++sent_count; }
  void on_closed(std::string_view) override { is_closed = true; }
  int sent_count = 0;
  bool is_closed = false;
};

class PartWorld {
 public:
  PartWorld() { stream_->start(handler_); }
  PartWorld(const PartWorld&) = delete;
  ~PartWorld() {
    stream_->close();
    settle();
  }

  FakeStream& stream() { return *stream_; }
  Link& link() { return *link_; }
  const SilentHandler& handler() const { return handler_; }
  ConnectionFacts& facts() { return facts_; }
  /// Hands output to the client. Once closed, the stream moves nothing.
  void settle() {
    for (int i = 0; i < 3 && !stream_->is_closed(); ++i) (void)stream_->step_output();
  }
  /// "connection.blocked basic.ack ...": the methods that the client got since.
  std::string sent_methods() {
    settle();
    std::string all;
    core::Bytes bytes{link_->from_server};
    for (;;) {
      const FrameResult result = next_frame(bytes, SIZE_MAX - frame_size_fudge);
      if (!result.complete()) break;
      bytes = bytes.subspan(result.size);
      if (!all.empty()) all += " ";
      all += result.frame.type == FrameType::method
                 ? std::string{method_name(
                       static_cast<MethodId>(core::load_u32(result.frame.payload.data())))}
                 : "frame";
    }
    link_->from_server.clear();
    return all;
  }

 private:
  net::BlockPool pool_;
  SilentHandler handler_;
  std::shared_ptr<Link> link_ = std::make_shared<Link>();
  std::unique_ptr<FakeStream> stream_ = std::make_unique<FakeStream>(pool_, link_, core::Random{1});
  ConnectionFacts facts_{core::ConnectionId{1}, stream_->peer()};
};

}  // namespace lepus::amqp::test
