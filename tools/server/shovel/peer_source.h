// A queue or an exchange of another broker as the source of a shovel. For an exchange an exclusive
// queue is declared and bound.
//
//   queue.declare -> [queue.bind] -> basic.qos -> basic.consume -> ready
#pragma once

#include <cstdint>
#include <string>

#include "tools/server/shovel/peer_end.h"

namespace lepus::server {

class PeerSource final : public ShovelSource, private PeerEnd {
 public:
  PeerSource(const PeerPlace& place, ShovelOrder& order, ShovelEvents& events)
      : PeerEnd({place, order, order.source, events, "source"}) {}

  void start() override { connection().start(); }
  void acknowledge(std::uint64_t tag, bool is_multiple) override;
  void set_paused(bool is_paused) override { connection().set_reading(!is_paused); }
  void ask_count() override;
  void close() override { connection().close(); }
  bool is_closed() const override { return connection().is_closed(); }

 private:
  enum class Phase : std::uint8_t { declaring, binding, limiting, subscribing, ready, counting };

  void on_channel_open() override;
  bool on_method(const amqp::MethodReady& method) override;
  void on_delivery(std::uint64_t tag, core::MessageRef message) override;
  bool on_declared(const amqp::MethodReady& method);
  void bind();
  void limit();
  void subscribe();

  Phase phase_ = Phase::declaring;
  std::string queue_;
  std::uint64_t message_count_ = 0;
};

}  // namespace lepus::server
