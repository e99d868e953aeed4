// See config_logins.h.
#include "tools/server/config/config_logins.h"

#include <fmt/format.h>

#include "net/amqp/settings.h"

namespace lepus::server {

namespace {

void check_mechanisms(ConfigResult& result) {
  bool is_any_offered = false;
  for (const std::string& name : result.config.auth.mechanisms) {
    const bool is_offered = amqp::is_mechanism(name);
    is_any_offered |= is_offered;
    if (!is_offered)
      result.warnings.push_back(fmt::format(
          "auth_mechanisms: '{}' is not offered: only PLAIN, AMQPLAIN, EXTERNAL and ANONYMOUS are",
          name));
    if (name == "ANONYMOUS" && result.config.auth.anonymous_user.empty())
      result.warnings.emplace_back(
          "auth_mechanisms: ANONYMOUS is not offered, as anonymous_login_user is none");
  }
  if (!is_any_offered)
    result.errors.emplace_back(
        "auth_mechanisms: no client could log in; name PLAIN, AMQPLAIN or both");
}

void check_backends(ConfigResult& result) {
  for (const auto& [number, step] : result.config.auth.backends)
    if (!step.authn)
      result.errors.push_back(
          fmt::format("auth_backends.{0}.authz: who lets users log in is not said; set "
                      "auth_backends.{0}.authn, too",
                      number));
}

bool has_backend(const AuthConfig& config, core::AuthBackend backend) {
  for (const auto& [number, step] : config.backends)
    if (step.authn == backend || step.authz == backend) return true;
  return false;
}

void check_passwords(ConfigResult& result) {
  const core::CredentialRule& rule = result.config.auth.passwords;
  if (rule.kind == core::CredentialRule::Kind::min_length && rule.min_length == 0)
    result.errors.emplace_back(
        "credential_validator.validation_backend: set credential_validator.min_length, too");
  if (rule.kind == core::CredentialRule::Kind::regexp && rule.regexp.empty())
    result.errors.emplace_back(
        "credential_validator.validation_backend: set credential_validator.regexp, too");
}

}  // namespace

void check_logins(ConfigResult& result) {
  check_mechanisms(result);
  check_backends(result);
  if (has_backend(result.config.auth, core::AuthBackend::oauth2)) check_tokens(result);
  check_passwords(result);
}

}  // namespace lepus::server
