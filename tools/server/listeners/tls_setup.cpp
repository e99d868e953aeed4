// From configuration to contexts.
#include "tools/server/listeners/tls_setup.h"

#include <utility>

#include "core/limits.h"
#include "tools/server/config/config.h"

namespace lepus::server {

std::string make_tls(const ServerConfig& config, TlsSetup& setup) {
  setup = {};
  if (!config.has_tls_listener()) return {};
  net::TlsProblem problem;
  setup.context = net::TlsContext::make(config.tls.options, problem);
  if (!setup.context) return problem.text();
  if (config.tls.handshake_timeout_ms > 0)
    setup.handshake_timeout = config.tls.handshake_timeout_ms * core::nanos_per_ms;
  return {};
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
              {{"key", "ssl_options." + one.option},
               {"file", one.file},
               {"subject", one.subject},
               {"issuer", one.issuer},
               {"validity", one.validity},
               {"days_left", days}});
  }
}

}  // namespace lepus::server
