// What clients of other protocols begin with: TLS (RFC 8446, a handshake record), HTTP (a method),
// MQTT (CONNECT), other versions of AMQP.
#include "net/amqp/codec/protocol_header.h"

#include <string_view>

namespace lepus::amqp {
namespace {

constexpr std::uint8_t tls_handshake = 22;
constexpr std::uint8_t tls_major = 3;
constexpr std::uint8_t mqtt_connect = 0x10;

bool is_http(std::string_view text) {
  for (const std::string_view method : {"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ",
                                        "CONNECT ", "PATCH ", "TRACE ", "PRI * HT"})
    if (text.starts_with(method)) return true;
  return false;
}

std::string version_text(core::Bytes header) {
  std::string text;
  for (const std::uint8_t byte : header.subspan(4))
    text += (text.empty() ? "" : "-") + std::to_string(byte);
  return text;
}

}  // namespace

bool is_accepted_header(core::Bytes header) {
  const std::string_view text = core::as_text(header);
  using namespace std::string_view_literals;
  return text == "AMQP\x00\x00\x09\x01"sv || text == "AMQP\x01\x01\x00\x09"sv ||
         text == "AMQP\x01\x01\x08\x00"sv || text == "AMQP\x01\x01\x09\x01"sv;
}

std::string describe_foreign_header(core::Bytes header) {
  const std::string_view text = core::as_text(header);
  if (text.starts_with("AMQP"))
    return "the client speaks another version of AMQP (" + version_text(header) +
           "); this listener speaks 0-9-1";
  if (header.size() > 1 && header[0] == tls_handshake && header[1] == tls_major)
    return "the client begins with TLS, this listener is plain AMQP 0-9-1; connect without TLS";
  if (is_http(text))
    return "the client begins with an HTTP request, this listener speaks AMQP 0-9-1; check the "
           "port";
  if (header.size() > 2 && header[0] == mqtt_connect && text.find("MQ") != std::string_view::npos)
    return "the client speaks MQTT, this listener speaks AMQP 0-9-1; check the port";
  return "the client does not begin with the header of AMQP 0-9-1";
}

}  // namespace lepus::amqp
