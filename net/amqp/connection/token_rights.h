// The rights that a token gives by its scopes: known at once, none once it has expired, until it is
// renewed. As in RabbitMQ the connection stays open then, and consumers get what comes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/access/scopes.h"
#include "net/amqp/connection/connection_rights.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

class TokenRights final : public ConnectionRights {
 public:
  /// Both outlive this object. `tags` are those of the login.
  TokenRights(Services& services, const ConnectionFacts& facts, const core::AuthToken& token,
              std::vector<std::string> tags)
      : services_(services), facts_(facts), scopes_({}) {
    renew(token, std::move(tags));
  }

  /// The client has another token.
  void renew(const core::AuthToken& token, std::vector<std::string> tags) {
    scopes_ = core::Scopes{token.scopes};
    tags_ = std::move(tags);
    expires_at_s_ = token.expires_at_s;
  }

  core::Verdict judge_vhost(std::string_view vhost) override {
    return verdict(scopes_.allow_vhost(vhost));
  }
  core::Verdict judge(const core::AccessQuestion& question) override {
    return verdict(scopes_.allow(facts_.vhost_name, question));
  }
  core::Verdict judge(const core::TopicQuestion& question) override {
    return verdict(scopes_.allow(facts_.vhost_name, question));
  }
  bool has_tag(std::string_view tag) const override {
    return std::find(tags_.begin(), tags_.end(), tag) != tags_.end();
  }

  std::string refusal_note() const override {
    if (!has_expired()) return {};
    return fmt::format(
        ", backend rabbit_auth_backend_oauth2 returned an error: \"Provided JWT token has expired "
        "at timestamp {} (validated at {})\"",
        expires_at_s_, now_s());
  }

  // Nothing is unknown.
  [[nodiscard]] bool ask(std::uint16_t) override {
    CHECK(is_never_asked);
    return false;
  }
  std::uint16_t on_answer(const core::AuthAnswer&) override {
    CHECK(is_never_asked);
    return 0;
  }
  void forget() override {}

 private:
  static constexpr bool is_never_asked = false;
  std::int64_t now_s() const {
    const core::Nanos offset = services_.broker().turn().wall_clock_offset;
    return (services_.now() + offset) / core::nanos_per_s;
  }
  bool has_expired() const { return expires_at_s_ != 0 && expires_at_s_ <= now_s(); }
  core::Verdict verdict(bool is_allowed) const {
    return is_allowed && !has_expired() ? core::Verdict::allowed : core::Verdict::refused;
  }

  Services& services_;
  const ConnectionFacts& facts_;
  core::Scopes scopes_;
  std::vector<std::string> tags_;
  std::int64_t expires_at_s_ = 0;  ///< Since 1970; 0: never.
};

}  // namespace lepus::amqp
