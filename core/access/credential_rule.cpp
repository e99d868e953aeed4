// See credential_rule.h.
#include "core/access/credential_rule.h"

#include <fmt/format.h>

#include "core/access/access_pattern.h"

namespace lepus::core {

std::string check_password(const CredentialRule& rule, std::string_view password) {
  switch (rule.kind) {
    case CredentialRule::Kind::accept_everything:
      return {};
    case CredentialRule::Kind::min_length:
      if (password.size() >= rule.min_length) return {};
      return fmt::format("minimum required password length: {}", rule.min_length);
    case CredentialRule::Kind::regexp:
      if (AccessPattern{rule.regexp}.matches(password)) return {};
      return "provided password does not match the validator regular expression";
  }
  return {};
}

}  // namespace lepus::core
