// From configuration to contexts.
#include "tools/server/listeners/tls_setup.h"

#include <sys/random.h>

#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"
#include "tools/server/config/config.h"

namespace lepus::server {

namespace {

std::string make_from(const net::TlsOptions& options, const ServerConfig& config, TlsSetup& setup) {
  net::TlsProblem problem;
  setup.context = net::TlsContext::make(options, problem);
  if (!setup.context) return problem.text(setup.keys);
  if (config.tls.handshake_timeout_ms > 0)
    setup.handshake_timeout = config.tls.handshake_timeout_ms * core::nanos_per_ms;
  return {};
}

std::string make_of_door(std::string_view keys, const HttpDoor& door, const ServerConfig& config,
                         TlsSetup& setup) {
  setup = {};
  if (!door.has_tls()) return {};
  if (!door.has_own_certificate()) return make_from(config.tls.options, config, setup);
  setup.keys = keys;
  net::TlsOptions options = door.tls;
  options.login = config.tls.options.login;  // One rule for all doors.
  return make_from(options, config, setup);
}

}  // namespace

std::string make_tls(const ServerConfig& config, TlsSetup& setup) {
  setup = {};
  return config.has_tls_listener() ? make_from(config.tls.options, config, setup) : std::string{};
}

std::string make_http_tls(const ServerConfig& config, HttpTls& setups) {
  std::string error =
      make_of_door("management.ssl", config.management.door, config, setups.management);
  if (!error.empty()) return error;
  return make_of_door("prometheus.ssl", config.prometheus.door, config, setups.prometheus);
}

std::int64_t days_left(const net::TlsContext::Certificate& certificate, std::int64_t now_s) {
  constexpr std::int64_t day_s = 24 * 3600;
  const std::int64_t left = certificate.expires_at - now_s;
  return left >= 0 ? left / day_s : -(-left + day_s - 1) / day_s;
}

void log_certificates(const TlsSetup& setup, core::Log& log, std::int64_t now_s) {
  if (!setup.context) return;
  for (const net::TlsContext::Certificate& one : setup.context->certificates()) {
    const std::int64_t days = days_left(one, now_s);
    const bool is_soon = days < core::limits::certificate_warning_days;
    log.write(is_soon ? core::LogLevel::warning : core::LogLevel::info, core::LogCategory::general,
              days < 0  ? "TLS certificate has expired"
              : is_soon ? "TLS certificate expires soon"
                        : "TLS certificate",
              {{"key", setup.keys + "." + one.option},
               {"file", one.file},
               {"subject", one.subject},
               {"issuer", one.issuer},
               {"validity", one.validity},
               {"days_left", days}});
  }
}

net::TicketSecret random_ticket_secret() {
  net::TicketSecret secret;
  CHECK(getrandom(secret.data(), secret.size(), 0) == static_cast<ssize_t>(secret.size()));
  return secret;
}

}  // namespace lepus::server
