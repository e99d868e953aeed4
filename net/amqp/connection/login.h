// Who the client is: from its credentials to a user, by the operator's chain of backends
// (auth_backends.N). Each step of the chain has one that says whether the user may log in, and one
// that must know him, too, because it says what he may do from then on; the first step that lets
// him in counts.
//
//   begin() --internal backends--> accepted | refused
//           --another backend----> waits --on_answer()--> ...
//
// While it waits input is held, and the time for the handshake goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/auth_port.h"
#include "core/access/login_guard.h"
#include "net/amqp/connection/auth_asker.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/remote_rights.h"
#include "net/amqp/connection/sasl.h"
#include "net/amqp/connection/token_rights.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

class Login {
 public:
  /// All outlive this object.
  struct Parts {
    Services& services;
    ConnectionFacts& facts;
    AuthAsker& asker;
  };
  enum class Outcome : std::uint8_t { accepted, refused, waits };

  explicit Login(const Parts& parts) : parts_(parts) {}
  Login(const Login&) = delete;
  ~Login();

  /// Accepted: the facts say who it is. Refused: it stands in the log, and why.
  Outcome begin(Credentials credentials);
  /// To what it waits for.
  Outcome on_answer(const core::AuthAnswer& answer);

  /// The client has another secret (connection.update-secret), of the same user. Accepted at once
  /// when it logged in with no token: then a secret has no end.
  Outcome renew(std::string_view secret);
  bool is_renewing() const { return is_renewing_; }
  Outcome on_renewed(const core::AuthAnswer& answer);

 private:
  enum class Stage : std::uint8_t { authn, authz };

  Outcome go_on();
  Outcome accept();
  Outcome refuse();
  bool is_internal_user() const;
  bool pass_stage();
  void fail_step(std::string_view why);
  core::AuthBackend backend() const;
  bool ask_user();
  core::LoginAttempt attempt() const;

  Parts parts_;
  Credentials credentials_;  ///< Of this step: a token may have named him.
  std::string given_name_;   ///< What the client said.
  std::size_t step_ = 0;     ///< Of the chain.
  Stage stage_ = Stage::authn;
  std::vector<std::string> tags_;
  std::string why_not_;    ///< Of each step that failed.
  core::AuthToken token_;  ///< Of the last answer that let him in; without a user: none.
  std::unique_ptr<ConnectionRights> rights_;  ///< Null: the topology's permissions count.
  TokenRights* token_rights_ = nullptr;       ///< The same, when they are a token's.
  bool is_renewing_ = false;
};

}  // namespace lepus::amqp
