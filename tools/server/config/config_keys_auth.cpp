// The rows about logins: mechanisms, passwords, and who is asked.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/access/access_pattern.h"
#include "tools/server/config/config_keys_section.h"

namespace lepus::server {

namespace {

using access::Access;
using core::AuthBackend;
using core::CredentialRule;
using Config = ServerConfig;

// ---- Mechanisms and users ----

SetOutcome add_mechanism(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return access::refused("it is empty");
  auto& names = config.auth.mechanisms;
  if (std::find(names.begin(), names.end(), given.value) == names.end())
    names.emplace_back(given.value);
  return access::taken();
}
std::string show_mechanisms(const ServerConfig& config) {
  return fmt::format("{}", fmt::join(config.auth.mechanisms, ","));
}
SetOutcome set_loopback_user(ServerConfig& config, const KeyText& given) {
  const auto value = parse_bool(given.value);
  if (!value) return access::refused();
  std::erase(config.auth.loopback_users, given.variable);
  if (*value) config.auth.loopback_users.emplace_back(given.variable);
  return access::taken();
}
SetOutcome set_no_loopback_users(ServerConfig& config, const KeyText& given) {
  if (given.value != "none") return access::refused();
  config.auth.loopback_users.clear();
  return access::taken();
}
std::string show_loopback_users(const ServerConfig& config) {
  return fmt::format("{}", fmt::join(config.auth.loopback_users, ","));
}
template <std::string AuthConfig::*Member>
constexpr Access text_or_none = {
    [](ServerConfig& config, const KeyText& given) {
      if (given.value.empty()) return access::refused("it is empty");
      config.auth.*Member = given.value == "none" ? std::string_view{} : given.value;
      return access::taken();
    },
    [](const ServerConfig& config) {
      return (config.auth.*Member).empty() ? std::string("none") : config.auth.*Member;
    }};

// ---- Passwords ----

constexpr std::array<std::string_view, 3> rule_names = {"accept_everything", "min_password_length",
                                                        "password_regexp"};

SetOutcome set_password_rule(ServerConfig& config, const KeyText& given) {
  constexpr std::string_view prefix = "rabbit_credential_validator_";
  std::string_view name = given.value;
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  if (name == "regexp") name = rule_names.back();
  const auto* found = std::find(rule_names.begin(), rule_names.end(), name);
  if (found == rule_names.end()) return access::refused();
  config.auth.passwords.kind = static_cast<CredentialRule::Kind>(found - rule_names.begin());
  return access::taken();
}
std::string show_password_rule(const ServerConfig& config) {
  return fmt::format("rabbit_credential_validator_{}",
                     rule_names[static_cast<std::size_t>(config.auth.passwords.kind)]);
}
SetOutcome set_password_regexp(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return access::refused("it is empty");
  if (std::string why = core::check_pattern(given.value); !why.empty()) return access::refused(why);
  config.auth.passwords.regexp = given.value;
  return access::taken();
}
std::string show_password_regexp(const ServerConfig& config) {
  return config.auth.passwords.regexp;
}

// ---- Backends ----

struct BackendName {
  std::string_view name;
  std::string_view module;
  AuthBackend backend;
};
/// The cache is that of what is asked over HTTP, with or without its name.
constexpr std::array backend_names = {
    BackendName{"internal", "rabbit_auth_backend_internal", AuthBackend::internal},
    BackendName{"http", "rabbit_auth_backend_http", AuthBackend::http},
    BackendName{"oauth2", "rabbit_auth_backend_oauth2", AuthBackend::oauth2},
    BackendName{"oauth", "rabbit_auth_backend_oauth2", AuthBackend::oauth2},
    BackendName{"cache", "rabbit_auth_backend_cache", AuthBackend::http}};

std::optional<AuthBackend> parse_backend(std::string_view text) {
  for (const BackendName& known : backend_names)
    if (text == known.name || text == known.module) return known.backend;
  return std::nullopt;
}

enum class Half : std::uint8_t { whole, authn, authz };

template <Half Of>
SetOutcome set_backend(ServerConfig& config, const KeyText& given) {
  const auto number = parse_number(given.variable);
  if (!number || *number == 0 || *number > 99)
    return access::refused("auth_backends are numbered from 1 to 99");
  const auto backend = parse_backend(given.value);
  if (!backend) return access::refused("other backends are not there");
  AuthStepConfig& step = config.auth.backends[static_cast<unsigned>(*number)];
  if (Of == Half::whole) step = {backend, {}};
  if (Of == Half::authn) step.authn = backend;
  if (Of == Half::authz) step.authz = backend;
  return access::taken();
}
std::string show_backends(const ServerConfig& config) {
  std::vector<std::string> steps;
  for (const auto& [number, step] : config.auth.backends) {
    const AuthBackend authn = step.authn.value_or(AuthBackend::internal);
    steps.push_back(fmt::format("{}{}{}", core::backend_name(authn), step.authz ? "/" : "",
                                step.authz ? core::backend_name(*step.authz) : ""));
  }
  return fmt::format("{}", fmt::join(steps, ","));
}
SetOutcome set_cached_backend(ServerConfig&, const KeyText& given) {
  if (parse_backend(given.value) != AuthBackend::http)
    return access::refused("only answers of the http backend are kept");
  return access::taken();
}

SetOutcome set_http_method(ServerConfig& config, const KeyText& given) {
  if (given.value != "get" && given.value != "post") return access::refused();
  config.auth.http.posts = given.value == "post";
  return access::taken();
}
std::string show_http_method(const ServerConfig& config) {
  return config.auth.http.posts ? "post" : "get";
}
template <std::string AuthHttpConfig::*Member>
constexpr Access url = {
    [](ServerConfig& config, const KeyText& given) {
      if (!given.value.starts_with("http://") && !given.value.starts_with("https://"))
        return access::refused();
      config.auth.http.*Member = given.value;
      return access::taken();
    },
    [](const ServerConfig& config) { return config.auth.http.*Member; }};

SetOutcome set_http_verify(ServerConfig& config, const KeyText& given) {
  if (given.value != "verify_peer" && given.value != "verify_none") return access::refused();
  config.auth.http.verifies_peer = given.value == "verify_peer";
  return access::taken();
}
std::string show_http_verify(const ServerConfig& config) {
  return config.auth.http.verifies_peer ? "verify_peer" : "verify_none";
}

// ---- Rows ----

void add_mechanisms(const Section& add) {
  add({"auth_mechanisms.$name", "PLAIN, AMQPLAIN, EXTERNAL or ANONYMOUS",
       "One line for each login mechanism, offered in this order; the first such line "
       "replaces the default. EXTERNAL is offered over TLS only: the user is the one that "
       "the client's certificate names."},
      later, {add_mechanism, show_mechanisms});
  add({"anonymous_login_user", "a name, or none",
       "The user of clients that log in by the mechanism ANONYMOUS; none: the mechanism is "
       "not offered."},
      later, text_or_none<&AuthConfig::anonymous_user>);
  add({"anonymous_login_pass", "a password, or none", "Its password."}, later,
      text_or_none<&AuthConfig::anonymous_password>);
  add({"loopback_users.$name", accepts_bool,
       "Whether the user may log in over a loopback address only. guest is restricted so "
       "unless this is false."},
      later, {set_loopback_user, show_loopback_users});
  add({"loopback_users", "none", "Lets every user log in from anywhere."}, later,
      {set_no_loopback_users, access::show_nothing});
}

void add_passwords(const Section& add) {
  add({"credential_validator.validation_backend",
       "rabbit_credential_validator_accept_everything, "
       "rabbit_credential_validator_min_password_length or "
       "rabbit_credential_validator_password_regexp",
       "Which passwords lepusctl and definitions may set. Hashes are not checked."},
      later, {set_password_rule, show_password_rule});
  add({"credential_validator.min_length", "bytes from 0 to 4096",
       "Shortest password, with rabbit_credential_validator_min_password_length."},
      later,
      access::number<0, 4096, &Config::auth, &AuthConfig::passwords, &CredentialRule::min_length>);
  add({"credential_validator.regexp", "a regular expression",
       "Pattern of passwords, with rabbit_credential_validator_password_regexp; it may match "
       "anywhere in the password."},
      later, {set_password_regexp, show_password_regexp});
  add({"login_failures.per_source", "a number from 1 to 4294967295, or infinity",
       "Failed logins a minute from one address. Above that, logins from there are refused "
       "without a look at the password."},
      restart,
      access::number_or_infinity<u32_max, &Config::auth, &AuthConfig::failures,
                                 &core::LoginLimits::per_source>);
  add({"login_failures.per_user", "a number from 1 to 4294967295, or infinity",
       "The same for one user, from all addresses. Only addresses that failed themselves are "
       "refused then, so nobody locks others out."},
      restart,
      access::number_or_infinity<u32_max, &Config::auth, &AuthConfig::failures,
                                 &core::LoginLimits::per_user>);
}

void add_http_paths(const Section& add) {
  constexpr std::string_view accepts_url = "a URL that begins with http:// or https://";
  add({"auth_http.http_method", "get or post",
       "Whether the parameters are in the URL or in the body of a request."},
      restart, {set_http_method, show_http_method});
  add({"auth_http.user_path", accepts_url,
       "Asked at a login, with username and password; answered by allow and perhaps tags, or "
       "deny."},
      restart, url<&AuthHttpConfig::user_path>);
  add({"auth_http.vhost_path", accepts_url,
       "Asked at connection.open, with username, vhost, ip and tags."},
      restart, url<&AuthHttpConfig::vhost_path>);
  add({"auth_http.resource_path", accepts_url,
       "Asked for queues and exchanges, with username, vhost, resource, name, permission and "
       "tags."},
      restart, url<&AuthHttpConfig::resource_path>);
  add({"auth_http.topic_path", accepts_url,
       "Asked for routing keys at topic exchanges: as for an exchange, and routing_key."},
      restart, url<&AuthHttpConfig::topic_path>);
  add({"auth_http.request_timeout", "milliseconds from 1 to 4294967295",
       "Time limit of a request, and of its wait before; after it, the answer is no."},
      restart,
      access::number<1, u32_max, &Config::auth, &AuthConfig::http,
                     &AuthHttpConfig::request_timeout_ms>);
  add({"auth_http.connection_timeout", "milliseconds from 1 to 4294967295",
       "Time limit for connecting."},
      restart,
      access::number<1, u32_max, &Config::auth, &AuthConfig::http,
                     &AuthHttpConfig::connection_timeout_ms>);
}

void add_http_tls(const Section& add) {
  add({"auth_http.ssl_options.cacertfile", "a file", "Authorities that https is verified with."},
      restart, access::text<&Config::auth, &AuthConfig::http, &AuthHttpConfig::ca_file>);
  add({"auth_http.ssl_options.certfile", "a file", "The broker's certificate for https."}, restart,
      access::text<&Config::auth, &AuthConfig::http, &AuthHttpConfig::certificate_file>);
  add({"auth_http.ssl_options.keyfile", "a file", "Its key."}, restart,
      access::text<&Config::auth, &AuthConfig::http, &AuthHttpConfig::key_file>);
  add({"auth_http.ssl_options.verify", "verify_peer or verify_none",
       "Whether the service's certificate and its host name are verified."},
      restart, {set_http_verify, show_http_verify});
}

void add_backends(const Section& add) {
  constexpr std::string_view accepts_backend =
      "internal, http, oauth2 or cache (kept answers of http)";
  add({"auth_backends.$n", accepts_backend,
       "Who decides about logins and permissions; tried from the lowest number on. The first "
       "such line replaces the default."},
      restart, {set_backend<Half::whole>, show_backends});
  add({"auth_backends.$n.authn", accepts_backend, "Who decides about logins."}, restart,
      {set_backend<Half::authn>, access::show_nothing});
  add({"auth_backends.$n.authz", accepts_backend,
       "Who decides about permissions; must know the user, too."},
      restart, {set_backend<Half::authz>, access::show_nothing});
  add({"auth_cache.cached_backend", "http", "Backend whose answers are cached."}, restart,
      {set_cached_backend, access::show_nothing});
  add({"auth_cache.cache_ttl", "milliseconds from 0 to 4294967295",
       "How long a permission that was granted over HTTP is not asked for again. Logins are "
       "always asked."},
      later, access::number<0, u32_max, &Config::auth, &AuthConfig::cache_ttl_ms>);
  add({"auth_cache.cache_refusals", accepts_bool, "Whether refusals are cached, too."}, later,
      access::flag<&Config::auth, &AuthConfig::caches_refusals>);
}

}  // namespace

void add_logins(std::vector<KeySpec>& rows) {
  const Section add(rows, "Logins");
  add_mechanisms(add);
  add_passwords(add);
  add_backends(add);
  add_http_paths(add);
  add_http_tls(add);
}

}  // namespace lepus::server
