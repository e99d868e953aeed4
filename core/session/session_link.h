// What the parts of a session have in common.
#pragma once

#include "core/base/ids.h"
#include "core/session/session_owner.h"

namespace lepus::core {

class Broker;
class SessionListener;

struct SessionLink {
  Broker& broker;
  SessionListener& listener;
  SessionOwner owner;
  ChannelRef ref = {};     ///< What commands call the session.
  bool is_traced = false;  ///< The firehose of the virtual host is on.
};

}  // namespace lepus::core
