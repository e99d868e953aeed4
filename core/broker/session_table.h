// The sessions of one shard, as queues and the control thread address them: a ChannelRef names one
// until it detaches; a later session in the same slot has another generation.
#pragma once

#include "core/base/slab.h"
#include "core/broker/ports.h"

namespace lepus::core {

class SessionTable {
 public:
  explicit SessionTable(ShardId shard) : shard_(shard) {}

  /// The ports get answers, deliveries and confirms until the session detaches.
  ChannelRef attach(const SessionPorts& ports);
  void detach(const ChannelRef& channel);
  bool is_attached(const ChannelRef& channel) { return find(channel) != nullptr; }

  // Each is null when the session detached, or has no such port. The channel is one of this shard.
  AnswerPort* answers(const ChannelRef& channel);
  DeliveryPort* deliveries(const ChannelRef& channel);
  ConfirmPort* confirms(const ChannelRef& channel);

 private:
  const SessionPorts* find(const ChannelRef& channel);

  ShardId shard_;
  Slab<SessionPorts> sessions_;
};

}  // namespace lepus::core
