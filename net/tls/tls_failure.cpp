// Reasons of OpenSSL, alerts of the peer, and protocols that are mistaken for TLS.
#include "net/tls/tls_failure.h"

#include <string_view>

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509.h>

namespace lepus::net {
namespace {

constexpr int alert_reasons = SSL_AD_REASON_OFFSET;

struct Protocol {
  std::string_view start;
  std::string_view what;
};
constexpr std::string_view http = "the client sent HTTP to a port for AMQP over TLS";
constexpr Protocol protocols[] = {
    {"AMQP", "the client sent AMQP without TLS to a port for TLS"},
    {"GET ", http},
    {"POST ", http},
    {"PUT ", http},
    {"HEAD ", http},
    {"OPTIONS ", http},
    {"DELETE ", http},
};

/// Of a connection that this side made.
std::string describe_client_reason(int reason, const SSL& ssl) {
  if (reason >= alert_reasons)
    return std::string{"the server ended TLS with the alert '"} +
           SSL_alert_desc_string_long(reason - alert_reasons) + "'";
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return std::string{"the server's certificate is refused: "} +
           X509_verify_cert_error_string(SSL_get_verify_result(&ssl));
  if (reason == SSL_R_WRONG_VERSION_NUMBER) return "the server does not speak TLS on this port";
  const char* const text =
      ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, static_cast<unsigned>(reason)));
  return text == nullptr ? "unknown TLS error" : std::string{"TLS error: "} + text;
}

std::string describe_ssl_reason(int reason, const SSL& ssl) {
  if (SSL_is_server(&ssl) == 0) return describe_client_reason(reason, ssl);
  if (reason >= alert_reasons)
    return std::string{"the client ended TLS with the alert '"} +
           SSL_alert_desc_string_long(reason - alert_reasons) + "'";
  switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return std::string{"the client's certificate is refused: "} +
             X509_verify_cert_error_string(SSL_get_verify_result(&ssl));
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the client sent no certificate, and ssl_options.fail_if_no_peer_cert asks for one";
    case SSL_R_NO_SHARED_CIPHER:
      return "the client and ssl_options.ciphers have no cipher suite in common";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return "the client speaks no version of TLS that ssl_options.versions enables";
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
      return "the client takes no signature that the key of ssl_options.keyfile can make";
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return "a record was changed on its way, or is no TLS";
    default:
      const char* const text =
          ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, static_cast<unsigned>(reason)));
      return text == nullptr ? "unknown TLS error" : std::string{"TLS error: "} + text;
  }
}

}  // namespace

std::string describe_failure(const SSL& ssl) {
  const unsigned long code = ERR_peek_error();
  std::string text;
  if (code == 0) {
    text = "unknown TLS error";
  } else if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    text = describe_ssl_reason(ERR_GET_REASON(code), ssl);
  } else {
    const char* const reason = ERR_reason_error_string(code);
    text = reason == nullptr ? "unknown TLS error" : std::string{"TLS error: "} + reason;
  }
  ERR_clear_error();
  return text;
}

std::string_view describe_plain_text(core::Bytes first) {
  const std::string_view text = core::as_text(first);
  for (const auto& [start, what] : protocols) {
    if (text.starts_with(start)) return what;
    if (start.starts_with(text)) return {};
  }
  constexpr std::uint8_t change_cipher = 20;
  constexpr std::uint8_t application_data = 23;
  if (first.empty() || (first[0] >= change_cipher && first[0] <= application_data)) return {};
  return "the client sent something that is no TLS";
}

}  // namespace lepus::net
