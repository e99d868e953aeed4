// See amqp_uri.h.
#include "tools/server/shovels/amqp_uri.h"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

constexpr std::uint16_t plain_port = 5672;
constexpr std::uint16_t tls_port = 5671;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) out.push_back(c);
    if (!is_plain) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// Takes what is in front of the separator; all of it when there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view front = text.substr(0, at);
  text = at == text.npos ? std::string_view{} : text.substr(at + 1);
  return front;
}

std::string read_number(std::string_view key, std::string_view text, std::uint64_t max,
                        std::uint64_t& number) {
  const auto read = parse_number(std::string{text});
  if (!read || *read > max) return fmt::format("{}: expected a number of at most {}", key, max);
  number = *read;
  return {};
}

std::string read_tls_key(std::string_view key, const std::string& value, AmqpUri& uri) {
  if (!uri.is_tls) return fmt::format("'{}' is for amqps://", key);
  net::TlsClientOptions& tls = uri.tls;
  if (key == "cacertfile") tls.cacertfile = value;
  if (key == "certfile") tls.certfile = value;
  if (key == "keyfile") tls.keyfile = value;
  if (key == "password") tls.password = value;
  if (key == "verify") {
    if (value != "verify_peer" && value != "verify_none")
      return "verify: expected verify_peer or verify_none";
    tls.verify_peer = value == "verify_peer";
  }
  if (key == "server_name_indication")
    tls.server_name = tls.verified_host = value == "disable" ? "" : value;
  if (key != "depth") return {};
  std::uint64_t depth = 0;
  std::string error = read_number(key, value, 100, depth);
  tls.depth = static_cast<std::uint32_t>(depth);
  return error;
}

std::string read_key(std::string_view key, const std::string& value, AmqpUri& uri) {
  std::uint64_t number = 0;
  std::string error;
  if (key == "heartbeat") {
    error = read_number(key, value, UINT16_MAX, number);
    uri.heartbeat_s = static_cast<std::uint16_t>(number);
  } else if (key == "channel_max") {
    error = read_number(key, value, UINT16_MAX, number);
    uri.channel_max = static_cast<std::uint16_t>(number);
  } else if (key == "connection_timeout") {
    constexpr std::uint64_t timeout_ms_max = 600'000;
    error = read_number(key, value, timeout_ms_max, number);
    if (number > 0) uri.connect_wait = static_cast<core::Nanos>(number) * core::nanos_per_ms;
  } else if (key == "auth_mechanism") {
    if (value != "plain" && value != "external" && value != "amqplain")
      return "auth_mechanism: expected plain or external";
    uri.uses_external |= value == "external";
  } else if (key == "fail_if_no_peer_cert") {
    // Of servers; RabbitMQ's documentation has it in URIs all the same.
  } else {
    for (const std::string_view known : {"cacertfile", "certfile", "keyfile", "password", "verify",
                                         "depth", "server_name_indication"})
      if (key == known) return read_tls_key(key, value, uri);
    return fmt::format("unknown key '{}'", key);
  }
  return error;
}

std::string read_query(std::string_view query, AmqpUri& uri) {
  while (!query.empty()) {
    std::string_view value = take_until(query, '&');
    const std::string_view key = take_until(value, '=');
    const auto decoded = percent_decoded(value);
    if (!decoded) return fmt::format("'{}': not percent-encoded", key);
    if (std::string error = read_key(key, *decoded, uri); !error.empty()) return error;
  }
  return {};
}

std::string read_user(std::string_view text, AmqpUri& uri) {
  const bool has_password = text.find(':') != text.npos;
  const auto user = percent_decoded(take_until(text, ':'));
  const auto password = percent_decoded(text);
  if (!user || !password) return "user and password are not percent-encoded";
  uri.user = *user;
  uri.password = has_password ? *password : "";
  return {};
}

/// host, host:port, [address], [address]:port
std::string read_place(std::string_view text, AmqpUri& uri) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return "the address has no ']'";
    uri.host = text.substr(1, end - 1);
    text = text.substr(end + 1);
    if (!text.empty() && !text.starts_with(':')) return "something that is no port follows ']'";
    text = text.substr(text.empty() ? 0 : 1);
  } else {
    uri.host = take_until(text, ':');
  }
  uri.port = uri.is_tls ? tls_port : plain_port;
  if (text.empty()) return {};
  std::uint64_t port = 0;
  if (std::string error = read_number("the port", text, UINT16_MAX, port); !error.empty())
    return error;
  uri.port = static_cast<std::uint16_t>(port);
  return port == 0 ? "the port is 0" : "";
}

bool is_address(std::string_view host) {
  return host.find(':') != host.npos || host.find_first_not_of("0123456789.") == host.npos;
}

void set_presets(AmqpUri& uri, bool has_user) {
  uri.is_local = uri.host.empty();
  if (uri.is_local) return;
  if (!has_user && !uri.uses_external) uri.user = uri.password = "guest";
  uri.tls.verified_host = uri.host;
  uri.tls.server_name = is_address(uri.host) ? "" : uri.host;
}

}  // namespace

std::string AmqpUri::shown() const {
  std::string text = is_tls ? "amqps://" : "amqp://";
  if (!is_local) {
    text += host.find(':') == host.npos ? host : "[" + host + "]";
    if (port != (is_tls ? tls_port : plain_port)) text += fmt::format(":{}", port);
  }
  if (vhost != "/") text += "/" + percent_encoded(vhost);
  return text;
}

std::string read_amqp_uri(std::string_view text, AmqpUri& uri) {
  uri = {};
  const std::size_t scheme_end = text.find("://");
  const std::string_view scheme = text.substr(0, scheme_end);
  if (scheme_end == text.npos || (scheme != "amqp" && scheme != "amqps"))
    return "expected a URI that begins with amqp:// or amqps://";
  uri.is_tls = scheme == "amqps";
  text = text.substr(scheme_end + 3);
  std::string_view query = text;
  text = take_until(query, '?');
  const bool has_path = text.find('/') != text.npos;
  std::string_view path = text;
  std::string_view place = take_until(path, '/');
  const std::size_t at = place.rfind('@');
  const bool has_user = at != place.npos;
  if (has_user) {
    if (std::string error = read_user(place.substr(0, at), uri); !error.empty()) return error;
    place = place.substr(at + 1);
  }
  if (std::string error = read_place(place, uri); !error.empty()) return error;
  const auto vhost = percent_decoded(path);
  if (!vhost || path.find('/') != path.npos)
    return "the virtual host is not percent-encoded ('/' is %2F)";
  if (has_path && !vhost->empty()) uri.vhost = *vhost;
  set_presets(uri, has_user);
  if (std::string error = read_query(query, uri); !error.empty()) return error;
  if (uri.is_local && uri.is_tls) return "amqps:// needs a host";
  if (uri.uses_external && !uri.is_tls) return "auth_mechanism=external needs amqps://";
  return {};
}

}  // namespace lepus::server
