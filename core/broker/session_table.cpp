// Slots and generations are the slab's.
#include "core/broker/session_table.h"

#include "core/base/assert.h"

namespace lepus::core {

ChannelRef SessionTable::attach(const SessionPorts& ports) {
  CHECK(ports.answers != nullptr);
  const auto [handle, stored] = sessions_.create(ports);
  return {shard_, handle.slot, handle.generation};
}

void SessionTable::detach(const ChannelRef& channel) {
  CHECK(find(channel) != nullptr);
  sessions_.destroy(channel.slot);
}

const SessionPorts* SessionTable::find(const ChannelRef& channel) {
  CHECK(channel.shard == shard_);
  return sessions_.find(channel.slot, channel.generation);
}

AnswerPort* SessionTable::answers(const ChannelRef& channel) {
  const SessionPorts* ports = find(channel);
  return ports == nullptr ? nullptr : ports->answers;
}

DeliveryPort* SessionTable::deliveries(const ChannelRef& channel) {
  const SessionPorts* ports = find(channel);
  return ports == nullptr ? nullptr : ports->deliveries;
}

ConfirmPort* SessionTable::confirms(const ChannelRef& channel) {
  const SessionPorts* ports = find(channel);
  return ports == nullptr ? nullptr : ports->confirms;
}

}  // namespace lepus::core
