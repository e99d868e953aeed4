// Who calls: from the credentials of a request to a user, by the same chain of backends as logins
// of AMQP (auth_backends.N). The first step that lets him in counts.
//
//   start() --internal backends--> accepted | refused
//           --another backend----> waits -> Listener::on_login()
//
// Failures are counted with those of AMQP (core/access/login_guard.h): who fails too often is not
// looked at for a while, and is told late that he failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/http_api/api_place.h"
#include "tools/server/http_api/api_user.h"

namespace lepus::server {

struct ApiCredentials {
  std::string name;
  std::optional<std::string> password;  ///< Or a token; nothing: a certificate vouches for him.
};
/// "bmFtZTpwYXNzd29yZA==": base64 of "name:password". Nothing: it is not.
std::optional<ApiCredentials> decode_credentials(std::string_view text);
/// Of a request: its Authorization, or the certificate of its connection. Nothing: it has none.
std::optional<ApiCredentials> read_credentials(const net::HttpRequest& request,
                                               const ApiSettings& settings);

class ApiLogin final : private ApiAuthDesk::Asker {
 public:
  enum class Outcome : std::uint8_t { accepted, refused, waits };
  class Listener {
   public:
    /// After it waited. The login may be destroyed in it.
    virtual void on_login(Outcome outcome) = 0;

   protected:
    ~Listener() = default;
  };
  struct Parts {
    ApiPlace& place;
    Listener& listener;
    const io::PeerName& peer;
  };
  ApiLogin(const Parts& parts, ApiCredentials credentials);
  ~ApiLogin();

  Outcome start();
  /// Of one who was accepted.
  const ApiUser& user() const { return user_; }
  /// How long a refusal is to be kept from the client.
  core::Nanos delay() const { return delay_; }
  /// RabbitMQ's text for one who was refused.
  std::string_view reason() const { return reason_; }

 private:
  enum class Stage : std::uint8_t { authn, authz };
  struct Step {
    core::AuthBackend authn;
    core::AuthBackend authz;
  };

  Outcome go_on();
  Outcome accept();
  Outcome refuse();
  core::AuthBackend backend() const;
  bool is_internal_user() const;
  bool ask();
  bool pass_stage();
  void fail_step(std::string_view why);
  void on_auth_answer(const core::AuthAnswer& answer) override;
  core::LoginAttempt attempt() const;

  Parts parts_;
  ApiCredentials credentials_;
  std::string given_name_;  ///< What the client said: a token may name another.
  std::vector<Step> steps_;
  std::size_t step_ = 0;
  Stage stage_ = Stage::authn;
  std::uint64_t question_ = 0;  ///< That waits for its answer; 0: none.
  core::AuthToken token_;
  std::string why_not_;  ///< For the log.
  ApiUser user_;
  std::string_view reason_ = "Not_Authorized";
  core::Nanos delay_ = 0;
};

}  // namespace lepus::server
