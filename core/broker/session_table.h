// The sessions of one shard, as queues and the control thread address them: a ChannelRef names one
// until it detaches; a later session in the same slot has another generation.
#pragma once

#include "core/base/slab.h"
#include "core/broker/ports.h"
#include "core/broker/session_work.h"

namespace lepus::core {

class SessionTable {
 public:
  explicit SessionTable(ShardId shard) : shard_(shard) {}

  /// The ports get answers, deliveries and confirms until the session detaches.
  ChannelRef attach(const SessionPorts& ports);
  void detach(const ChannelRef& channel);
  bool is_attached(const ChannelRef& channel) { return find(channel) != nullptr; }

  /// What sessions do over several turns.
  SessionWorkList& works() { return works_; }
  const SessionWorkList& works() const { return works_; }

  // Each is null when the session detached, or has no such port. The channel is one of this shard.
  AnswerPort* answers(const ChannelRef& channel);
  DeliveryPort* deliveries(const ChannelRef& channel);
  ConfirmPort* confirms(const ChannelRef& channel);

 private:
  const SessionPorts* find(const ChannelRef& channel);

  ShardId shard_;
  Slab<SessionPorts> sessions_;
  SessionWorkList works_;
};

}  // namespace lepus::core
