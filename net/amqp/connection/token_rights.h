// The rights that a token gives by its scopes: known at once, until it expires or is renewed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/access/scopes.h"
#include "net/amqp/connection/connection_rights.h"
#include "net/amqp/connection/facts.h"

namespace lepus::amqp {

class TokenRights final : public ConnectionRights {
 public:
  /// `facts` outlive this object. `tags` are those of the login.
  TokenRights(const ConnectionFacts& facts, const std::vector<std::string>& scopes,
              std::vector<std::string> tags)
      : facts_(facts), scopes_(scopes), tags_(std::move(tags)) {}

  /// The client has another token.
  void renew(const std::vector<std::string>& scopes, std::vector<std::string> tags) {
    scopes_ = core::Scopes{scopes};
    tags_ = std::move(tags);
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
  static core::Verdict verdict(bool is_allowed) {
    return is_allowed ? core::Verdict::allowed : core::Verdict::refused;
  }

  const ConnectionFacts& facts_;
  core::Scopes scopes_;
  std::vector<std::string> tags_;
};

}  // namespace lepus::amqp
