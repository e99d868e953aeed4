// What clients of other protocols begin with: TLS (RFC 8446, a handshake record), HTTP (a method),
// MQTT (CONNECT), the PROXY protocol, other versions of AMQP.
#include "net/amqp/codec/protocol_header.h"

#include <fmt/format.h>

namespace lepus::amqp {
namespace {

using namespace std::string_view_literals;

constexpr std::uint8_t tls_handshake = 22;
constexpr std::uint8_t tls_major = 3;
constexpr std::uint8_t mqtt_connect = 0x10;

bool is_http(std::string_view text) {
  for (const std::string_view method : {"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ",
                                        "CONNECT ", "PATCH ", "TRACE ", "PRI * HT"})
    if (text.starts_with(method)) return true;
  return false;
}

bool is_0_9_1(std::string_view text) {
  return text == "AMQP\x00\x00\x09\x01"sv || text == "AMQP\x01\x01\x00\x09"sv ||
         text == "AMQP\x01\x01\x08\x00"sv || text == "AMQP\x01\x01\x09\x01"sv;
}

}  // namespace

FirstBytes read_first_bytes(core::Bytes header) {
  const std::string_view text = core::as_text(header);
  if (is_0_9_1(text)) return FirstBytes::amqp;
  if (text.size() < protocol_header_size) return FirstBytes::none;
  if (text.starts_with("AMQP")) return FirstBytes::other_amqp;
  if (header[0] == tls_handshake && header[1] == tls_major) return FirstBytes::tls;
  if (is_http(text)) return FirstBytes::http;
  if (header[0] == mqtt_connect && text.find("MQ") != std::string_view::npos)
    return FirstBytes::mqtt;
  if (text.starts_with("PROXY ") || text == "\r\n\r\n\0\r\nQ"sv) return FirstBytes::proxy;
  return FirstBytes::unknown;
}

std::string_view describe_foreign(FirstBytes first) {
  switch (first) {
    case FirstBytes::none:
    case FirstBytes::amqp:
      return {};
    case FirstBytes::other_amqp:
      return "a client of another version of AMQP";
    case FirstBytes::tls:
      return "a TLS client on a plain listener";
    case FirstBytes::http:
      return "an HTTP client on an AMQP listener";
    case FirstBytes::mqtt:
      return "an MQTT client on an AMQP listener";
    case FirstBytes::proxy:
      return "a proxy's header (PROXY protocol) on a listener that expects none";
    case FirstBytes::unknown:
      return "a client that does not begin with the header of AMQP 0-9-1";
  }
  return {};
}

std::string_view advice_on_foreign(FirstBytes first) {
  switch (first) {
    case FirstBytes::none:
    case FirstBytes::amqp:
      return {};
    case FirstBytes::other_amqp:
      return "use a client library of AMQP 0-9-1";
    case FirstBytes::tls:
      return "connect without TLS (amqp://), or to a port of listeners.ssl";
    case FirstBytes::http:
    case FirstBytes::mqtt:
    case FirstBytes::unknown:
      return "check the client's port";
    case FirstBytes::proxy:
      return "turn it off at the proxy, or set proxy_protocol = true";
  }
  return {};
}

std::string version_text(core::Bytes header) {
  std::string text;
  for (const std::uint8_t byte : header.subspan(4))
    text += (text.empty() ? "" : "-") + std::to_string(byte);
  return text;
}

/// OpenSSL says "wrong version number" about the header: what users of RabbitMQ know.
std::string answer_to_foreign(FirstBytes first) {
  if (first != FirstBytes::http) return std::string{core::as_text(protocol_header)};
  constexpr std::string_view body =
      "This port is for clients of AMQP 0-9-1 (amqp://host:port), not for HTTP. Check the port.\n";
  return fmt::format(
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}",
      body.size(), body);
}

}  // namespace lepus::amqp
