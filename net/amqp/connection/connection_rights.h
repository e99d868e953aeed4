// The rights of a connection's user where something else than the topology's permissions gives
// them: a service that is asked (remote_rights.h), or the token he logged in with (token_rights.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/access/auth_port.h"
#include "core/access/rights.h"

namespace lepus::amqp {

class ConnectionRights : public core::Rights {
 public:
  using core::Rights::judge;
  virtual core::Verdict judge_vhost(std::string_view vhost) = 0;

  // --- After a verdict was unknown

  /// Asks for it, for the method of a channel or, with 0, for connection.open. False: nobody can be
  /// asked; the method is to be done again at once, and is refused then.
  [[nodiscard]] virtual bool ask(std::uint16_t channel) = 0;
  /// Returns the channel whose method is to be done again.
  virtual std::uint16_t on_answer(const core::AuthAnswer& answer) = 0;
  /// The method is done.
  virtual void forget() = 0;
};

}  // namespace lepus::amqp
