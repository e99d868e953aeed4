// Who a session acts for, and where: what its questions of access and its requests name.
#pragma once

#include <string_view>

#include "core/access/access.h"
#include "core/base/ids.h"

namespace lepus::core {

class Rights;

/// The texts belong to the connection and stay as they are while it has sessions.
struct SessionOwner {
  std::string_view user;
  UserId user_id;
  std::string_view vhost_name;
  VhostId vhost;
  ConnectionId connection;
  std::uint16_t channel = 0;  ///< The number of the session in its connection.
  bool is_operator = false;   ///< No user: it may do everything.
  Rights* rights =
      nullptr;  ///< Lives as long as the texts. Null: the topology says what he may do.

  Subject subject() const { return {user, vhost_name}; }
};

}  // namespace lepus::core
