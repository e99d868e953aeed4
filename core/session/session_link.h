// What the parts of a session have in common.
#pragma once

#include <cstdint>

#include "core/base/ids.h"
#include "core/base/message_counts.h"
#include "core/session/session_owner.h"

namespace lepus::core {

class Broker;
class SessionListener;

/// What the session did, counted for itself and for its virtual host.
class SessionCounts {
 public:
  explicit SessionCounts(MessageCounts& vhost) : vhost_(&vhost) {}

  void add(MessageEvent event, std::uint64_t count = 1) {
    own_[event] += count;
    (*vhost_)[event] += count;
  }
  const MessageCounts& own() const { return own_; }

 private:
  MessageCounts own_;
  MessageCounts* vhost_;  ///< Of the broker, from the session's first moment to its last.
};

struct SessionLink {
  Broker& broker;
  SessionListener& listener;
  SessionOwner owner;
  mutable SessionCounts counts;  ///< The parts have the link as it is, and count.
  ChannelRef ref = {};           ///< What commands call the session.
  bool is_traced = false;        ///< The firehose of the virtual host is on.
};

}  // namespace lepus::core
