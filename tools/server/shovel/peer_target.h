// Queues and exchanges of another broker as the target of a shovel.
//
//   [queue.declare] -> [confirm.select] -> ready -> basic.publish ... <- basic.ack, basic.nack
#pragma once

#include <cstdint>

#include "tools/server/shovel/peer_end.h"

namespace lepus::server {

class PeerTarget final : public ShovelTarget, private PeerEnd {
 public:
  PeerTarget(const PeerPlace& place, ShovelOrder& order, ShovelEvents& events)
      : PeerEnd({place, order, order.target, events, "target"}) {}

  void start() override { connection().start(); }
  bool has_room() const override;
  bool is_blocked() const override;
  void publish(const ShovelPublish& publish) override;
  bool has_queue(std::string_view) const override { return true; }
  void close() override { connection().close(); }
  bool is_closed() const override { return connection().is_closed(); }

 private:
  enum class Phase : std::uint8_t { declaring, selecting, ready };

  void on_channel_open() override;
  bool on_method(const amqp::MethodReady& method) override;
  void select();
  void set_ready();

  Phase phase_ = Phase::declaring;
  std::uint64_t published_ = 0;
};

}  // namespace lepus::server
