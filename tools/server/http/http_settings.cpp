// See http_settings.h.
#include "tools/server/http/http_settings.h"

#include "tools/server/config/config.h"

namespace lepus::server {

ApiSettings make_api_settings(const ServerConfig& config) {
  const ManagementConfig& management = config.management;
  ApiSettings settings;
  settings.path_prefix = management.path_prefix;
  settings.allowed_origins = management.allowed_origins;
  settings.cors_max_age_s = management.cors_max_age_s;
  settings.takes_passwords = !management.disable_basic_auth;
  settings.takes_certificates = management.ssl_cert_login;
  settings.login_session_timeout_s = management.login_session_timeout_min * 60;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) settings.extra_headers.emplace_back(name, value);
  };
  add("content-security-policy", management.csp_policy);
  add("strict-transport-security", management.hsts_policy);
  add("x-content-type-options", management.content_type_options);
  add("x-xss-protection", management.xss_protection);
  add("x-frame-options", management.frame_options);
  return settings;
}

}  // namespace lepus::server
