// Questions to services outside of the broker (auth_backends other than internal): whether somebody
// is who he says, and what he may do. Asked by a shard, answered later on the same shard.
//
//   AuthPort::ask(question) -> AuthListener::on_auth_answer()    once, unless ask() returned false
//
// A command owns what it carries; whoever asked may be gone when the answer comes: the ticket names
// him, and no other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/access_rules.h"

namespace lepus::core {

/// Where users are known and where it is said what they may do.
enum class AuthBackend : std::uint8_t { internal, http, oauth2 };

/// As the operator names it.
constexpr std::string_view backend_name(AuthBackend backend) {
  switch (backend) {
    case AuthBackend::internal:
      return "internal";
    case AuthBackend::http:
      return "http";
    case AuthBackend::oauth2:
      break;
  }
  return "oauth2";
}

/// One of auth_backends.N: tried in order until one lets the user in.
struct AuthStep {
  AuthBackend authn = AuthBackend::internal;  ///< Says whether the user may log in.
  AuthBackend authz = AuthBackend::internal;  ///< Says what he may do then; must know him, too.
  bool operator==(const AuthStep&) const = default;
};

/// Who asked, of the shard that asked.
struct AuthTicket {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint64_t number = 0;  ///< Of the question; never 0.
};

struct AuthQuestion {
  enum class Kind : std::uint8_t { user, vhost, resource, topic };
  Kind kind = Kind::user;
  AuthBackend backend = AuthBackend::http;
  AuthTicket ticket = {};
  std::string user;
  std::optional<std::string> password =
      {};                              ///< Of a user; nothing: something else vouches for him.
  std::vector<std::string> tags = {};  ///< What the login brought; not of a user.
  std::string vhost = {};
  std::string client_address = {};  ///< Of a virtual host.
  // Of a resource; of a topic, where the resource is the exchange.
  ResourceKind resource = ResourceKind::exchange;
  Permission permission = Permission::read;
  std::string name = {};
  std::string routing_key = {};  ///< Of a topic.
};

/// What a token says, of which the password of a login was the text.
struct AuthToken {
  std::string user;                 ///< Whom it names; "": there was no token.
  std::vector<std::string> scopes;  ///< core/access/scopes.h
  std::int64_t expires_at_s = 0;    ///< Since 1970; 0: never.
};

struct AuthAnswer {
  enum class Kind : std::uint8_t {
    allowed,
    refused,
    failed  ///< Nobody said anything: to be taken for a refusal, but not to be remembered.
  };
  AuthTicket ticket;
  Kind kind = Kind::failed;
  std::string text = {};               ///< Why not; for the log.
  std::vector<std::string> tags = {};  ///< Of a user.
  AuthToken token = {};                ///< Of a user of AuthBackend::oauth2.
};

class AuthListener {
 public:
  virtual void on_auth_answer(AuthAnswer&& answer) = 0;

 protected:
  ~AuthListener() = default;
};

class AuthPort {
 public:
  virtual ~AuthPort() = default;
  /// Before the first question; outlives the last answer.
  virtual void set_listener(AuthListener& listener) = 0;
  /// False: too many questions are under way, and this one is not asked.
  [[nodiscard]] virtual bool ask(AuthQuestion&& question) = 0;
  /// Nothing is asked any more, and nothing answered.
  virtual void close() = 0;
};

/// Under which an answer may be kept; not of a user.
std::string auth_cache_key(const AuthQuestion& question);

}  // namespace lepus::core
