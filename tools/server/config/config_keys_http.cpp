// The rows of the table of keys about HTTP. Both doors have the same keys, under their own name.
#include <deque>
#include <string>
#include <utility>

#include <fmt/ranges.h>

#include "tools/server/config/config_keys_section.h"

namespace lepus::server {

namespace {

using access::Access;
using access::at;
using access::refused;
using access::taken;

// ---- How values get in and out ----

template <std::uint16_t Default, auto... Path>
inline constexpr Access http_port = {
    [](ServerConfig& config, const KeyText& given) {
      const auto port =
          given.value == "none" ? std::optional<std::uint64_t>{0} : parse_number(given.value);
      if (!port || *port > 65'535 || (*port == 0 && given.value != "none")) return refused();
      at<Path...>(config).port = static_cast<std::uint16_t>(*port);
      return taken();
    },
    [](const ServerConfig& config) {
      const std::uint16_t port = at<Path...>(config).port.value_or(Default);
      return port == 0 ? std::string{"none"} : fmt::format("{}", port);
    }};

template <auto... Path>
inline constexpr Access http_host = {
    [](ServerConfig& config, const KeyText& given) {
      const bool is_ipv6 = given.value.find(':') != std::string_view::npos;
      const auto address = parse_listen_address(
          fmt::format("{}{}{}:1", is_ipv6 ? "[" : "", given.value, is_ipv6 ? "]" : ""));
      if (!address) return refused();
      at<Path...>(config).host = address->host;
      return taken();
    },
    [](const ServerConfig& config) { return at<Path...>(config).host; }};

template <auto... Path>
inline constexpr Access http_verify = {
    [](ServerConfig& config, const KeyText& given) {
      if (given.value != "verify_peer" && given.value != "verify_none") return refused();
      at<Path...>(config).verify_peer = given.value == "verify_peer";
      return taken();
    },
    [](const ServerConfig& config) {
      return std::string{at<Path...>(config).verify_peer ? "verify_peer" : "verify_none"};
    }};

/// The first line replaces the default, which is both: Config begins with none named.
template <auto... Path>
inline constexpr Access http_tls_version = {
    [](ServerConfig& config, const KeyText& given) {
      net::TlsOptions& options = at<Path...>(config);
      if (given.value == "tlsv1.1" || given.value == "tlsv1")
        return refused("this version of TLS is broken and not spoken");
      if (given.value != "tlsv1.3" && given.value != "tlsv1.2") return refused();
      (given.value == "tlsv1.3" ? options.has_tls13 : options.has_tls12) = true;
      return taken();
    },
    [](const ServerConfig& config) {
      const net::TlsOptions& options = at<Path...>(config);
      if (options.has_tls12 && options.has_tls13) return std::string{"tlsv1.3,tlsv1.2"};
      return std::string{options.has_tls13 ? "tlsv1.3" : options.has_tls12 ? "tlsv1.2" : ""};
    }};

/// One more of a list.
template <auto... Path>
inline constexpr Access one_more = {[](ServerConfig& config, const KeyText& given) {
                                      if (given.value.empty()) return refused("it is empty");
                                      at<Path...>(config).emplace_back(given.value);
                                      return taken();
                                    },
                                    [](const ServerConfig& config) {
                                      return fmt::format("{}", fmt::join(at<Path...>(config), ","));
                                    }};

constexpr Access path_prefix = {
    [](ServerConfig& config, const KeyText& given) {
      std::string_view prefix = given.value;
      while (prefix.ends_with('/')) prefix.remove_suffix(1);
      if (!prefix.empty() && !prefix.starts_with('/')) return refused();
      config.management.path_prefix = prefix;
      return taken();
    },
    [](const ServerConfig& config) { return config.management.path_prefix; }};

constexpr Access metrics_path = {
    [](ServerConfig& config, const KeyText& given) {
      if (given.value.size() < 2 || given.value.front() != '/' || given.value.back() == '/')
        return refused();
      config.prometheus.path = given.value;
      return taken();
    },
    [](const ServerConfig& config) { return config.prometheus.path; }};

constexpr Access no_origins = {[](ServerConfig& config, const KeyText& given) {
                                 if (given.value != "none") return refused();
                                 config.management.allowed_origins.clear();
                                 return taken();
                               },
                               access::show_nothing};

// ---- Rows ----

/// Names of rows are views: these live as long as the table does.
std::string_view kept(std::string text) {
  static std::deque<std::string> texts;
  return texts.emplace_back(std::move(text));
}

/// The rows of one door: "management" or "prometheus".
class DoorRows {
 public:
  DoorRows(const Section& add, std::string_view door) : add_(add), door_(door) {}

  void operator()(RowText text, Reload reload, Access value) const {
    text.name = kept(fmt::format("{}.{}", door_, text.name));
    add_(text, reload, value);
  }

 private:
  const Section& add_;
  std::string_view door_;
};

template <auto... Door>
void add_timeouts(const DoorRows& add, std::string_view port) {
  const auto name = [&](std::string_view key) { return kept(fmt::format("{}.{}", port, key)); };
  const auto access_of = [&](Access value) {
    return port == "tcp" ? value : access::alias_of(value);
  };
  add({name("idle_timeout"), "milliseconds from 1 to 4294967295",
       "A connection without a request for this long is closed. For both ports."},
      later, access_of(access::number<1, u32_max, Door..., &HttpDoor::idle_timeout_ms>));
  add({name("request_timeout"), "milliseconds from 1 to 4294967295",
       "Time limit from the first byte of a request to the end of its header. For both "
       "ports."},
      later, access_of(access::number<1, u32_max, Door..., &HttpDoor::request_timeout_ms>));
  add({name("max_connections"), "a number from 1 to 65535",
       "Connections of both ports; one more replaces one that is idle."},
      later, access_of(access::number<1, 65'535, Door..., &HttpDoor::connections_max>));
}

template <auto... Door>
void add_tls_rows(const DoorRows& add) {
  using net::TlsKeyFiles;
  using net::TlsOptions;
  constexpr auto tls = &HttpDoor::tls;
  add({"ssl.certfile", "a path",
       "Its certificate; as ssl_options.certfile. If not set, the keys ssl_options are used, "
       "and none of those below."},
      later, access::text<Door..., tls, &TlsOptions::own, &TlsKeyFiles::certfile>);
  add({"ssl.keyfile", "a path", "The private key in PEM form."}, later,
      access::text<Door..., tls, &TlsOptions::own, &TlsKeyFiles::keyfile>);
  add({"ssl.password", "a password", "Password of the private key, if it is encrypted."}, later,
      access::text<Door..., tls, &TlsOptions::own, &TlsKeyFiles::password>);
  add({"ssl.cacertfile", "a path", "As ssl_options.cacertfile."}, later,
      access::text<Door..., tls, &TlsOptions::cacertfile>);
  add({"ssl.verify", "verify_peer or verify_none", "As ssl_options.verify."}, later,
      http_verify<Door..., tls>);
  add({"ssl.fail_if_no_peer_cert", accepts_bool, "As ssl_options.fail_if_no_peer_cert."}, later,
      access::flag<Door..., tls, &TlsOptions::fail_if_no_peer_cert>);
  add({"ssl.depth", "a number from 0 to 255", "As ssl_options.depth."}, later,
      access::number<0, 255, Door..., tls, &TlsOptions::depth>);
  add({"ssl.versions.$n", "tlsv1.3 or tlsv1.2", "As ssl_options.versions.$n."}, later,
      http_tls_version<Door..., tls>);
  add({"ssl.ciphers.$n", "the name of a cipher suite", "As ssl_options.ciphers.$n."}, later,
      one_more<Door..., tls, &TlsOptions::ciphers>);
  add({"ssl.honor_cipher_order", accepts_bool, "As ssl_options.honor_cipher_order."}, later,
      access::flag<Door..., tls, &TlsOptions::honor_cipher_order>);
}

void add_headers(const Section& add) {
  using Management = ManagementConfig;
  constexpr auto management = &ServerConfig::management;
  add({"management.csp.policy", "a policy", "Content-Security-Policy of every answer."}, later,
      access::text<management, &Management::csp_policy>);
  add({"management.hsts.policy", "a policy like max-age=31536000",
       "Strict-Transport-Security of every answer."},
      later, access::text<management, &Management::hsts_policy>);
  add({"management.headers.content_type_options", "nosniff",
       "X-Content-Type-Options of every answer."},
      later, access::text<management, &Management::content_type_options>);
  add({"management.headers.xss_protection", "a value like 1; mode=block",
       "X-XSS-Protection of every answer."},
      later, access::text<management, &Management::xss_protection>);
  add({"management.headers.frame_options", "a value like DENY", "X-Frame-Options of every answer."},
      later, access::text<management, &Management::frame_options>);
  add({"management.cors.allow_origins.$n", "an origin like https://example.com, or *",
       "Pages from there may use the HTTP API in a browser; one line for each."},
      later, one_more<management, &Management::allowed_origins>);
  add({"management.cors.allow_origins", "none", "Drops the origins named above this line."}, later,
      no_origins);
  add({"management.cors.max_age", "seconds from 0 to 4294967295, 0 = not told",
       "How long a browser need not ask again."},
      later, access::number<0, u32_max, management, &Management::cors_max_age_s>);
}

void add_management(std::vector<KeySpec>& rows) {
  using Management = ManagementConfig;
  const Section add(rows, "Management");
  const DoorRows door(add, "management");
  constexpr auto management = &ServerConfig::management;
  constexpr auto at_door = &Management::door;
  constexpr auto port = http_port<Management::default_port, management, at_door, &HttpDoor::tcp>;
  constexpr auto host = http_host<management, at_door, &HttpDoor::tcp>;
  door({"tcp.port", "a port or none",
        "Port of the HTTP API and the web interface. none: only with TLS, or not at all. If "
        "only management.ssl is set, the default is none."},
       restart, port);
  door({"tcp.ip", "an IPv4 or IPv6 address", "Address to listen on; all addresses if not set."},
       restart, host);
  door({"listener.port", "a port or none", "Another name of management.tcp.port."}, restart,
       access::alias_of(port));
  door({"listener.ip", "an IPv4 or IPv6 address", "Another name of management.tcp.ip."}, restart,
       access::alias_of(host));
  add_timeouts<management, at_door>(door, "tcp");
  door({"ssl.port", "a port or none",
        "The same with TLS. If not set: 15671 with management.ssl.certfile, else none."},
       restart, http_port<0, management, at_door, &HttpDoor::ssl>);
  door({"ssl.ip", "an IPv4 or IPv6 address", "Address to listen on; all addresses if not set."},
       restart, http_host<management, at_door, &HttpDoor::ssl>);
  add_timeouts<management, at_door>(door, "ssl");
  add_tls_rows<management, at_door>(door);
  add({"management.http.max_body_size", "bytes from 1 to 1GiB",
       "Largest body of a request, for instance of a definitions file."},
      later,
      access::size<1, core::limits::http_body_max_hard, management, &Management::body_size_max>);
  add({"management.path_prefix", "a path that begins with /, or /",
       "Path before /api in requests, behind a proxy that passes it on."},
      later, path_prefix);
  add({"management.login_session_timeout", "minutes from 0 to 4294967295",
       "How long a login of the web interface lasts; 0: as long as the browser runs."},
      later, access::number<0, u32_max, management, &Management::login_session_timeout_min>);
  add({"management.disable_basic_auth", accepts_bool,
       "Whether only tokens of OAuth 2 and certificates are accepted, no passwords."},
      later, access::flag<management, &Management::disable_basic_auth>);
  add({"management.ssl_cert_login", accepts_bool,
       "Whether a certificate that management.ssl has verified logs in a request without "
       "credentials, as EXTERNAL does with AMQP. The user is the one that "
       "ssl_cert_login_from names."},
      later, access::flag<management, &Management::ssl_cert_login>);
  add_headers(add);
  add({"management.disable_stats", accepts_bool,
       "Whether answers have no statistics, as with ?disable_stats=true of a request."},
      at_once, access::flag<management, &Management::disable_stats>);
  add({"management.enable_queue_totals", accepts_bool,
       "Whether queues have their numbers of messages even without statistics."},
      at_once, access::flag<management, &Management::enable_queue_totals>);
  add({"collect_statistics_interval", "milliseconds from 1000 to 3600000",
       "How often the numbers behind the HTTP API and the metrics are refreshed. A request "
       "for few objects refreshes them itself."},
      at_once, access::number<1'000, 3'600'000, &ServerConfig::statistics_interval_ms>);
}

void add_prometheus(std::vector<KeySpec>& rows) {
  using Prometheus = PrometheusConfig;
  const Section add(rows, "Prometheus");
  const DoorRows door(add, "prometheus");
  constexpr auto prometheus = &ServerConfig::prometheus;
  constexpr auto at_door = &Prometheus::door;
  door({"tcp.port", "a port or none", "Port of the metrics; as management.tcp.port."}, restart,
       http_port<Prometheus::default_port, prometheus, at_door, &HttpDoor::tcp>);
  door({"tcp.ip", "an IPv4 or IPv6 address", "Address to listen on; all addresses if not set."},
       restart, http_host<prometheus, at_door, &HttpDoor::tcp>);
  add_timeouts<prometheus, at_door>(door, "tcp");
  door({"ssl.port", "a port or none",
        "The same with TLS. If not set: 15691 with prometheus.ssl.certfile, else none."},
       restart, http_port<0, prometheus, at_door, &HttpDoor::ssl>);
  door({"ssl.ip", "an IPv4 or IPv6 address", "Address to listen on; all addresses if not set."},
       restart, http_host<prometheus, at_door, &HttpDoor::ssl>);
  add_timeouts<prometheus, at_door>(door, "ssl");
  add_tls_rows<prometheus, at_door>(door);
  add({"prometheus.path", "a path that begins with / and does not end with it",
       "Path of the metrics; per-object, detailed and memory-breakdown are below it."},
      later, metrics_path);
  add({"prometheus.return_per_object_metrics", accepts_bool,
       "Whether that path has the metrics of single objects, as its per-object always has."},
      later, access::flag<prometheus, &Prometheus::return_per_object_metrics>);
}

}  // namespace

void add_http(std::vector<KeySpec>& rows) {
  add_management(rows);
  add_prometheus(rows);
}

}  // namespace lepus::server
