// Names of cipher suites: OpenSSL's and the RFCs', as users of RabbitMQ write either.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/tls/openssl.h"

namespace lepus::net {

/// OpenSSL's lists, one for each way it takes them.
struct CipherLists {
  std::string tls12;
  std::string tls13;
  std::string unknown;  ///< The first name that OpenSSL does not know; "" = all are known.
};
CipherLists sort_ciphers(const std::vector<std::string>& names);

/// A suite as Erlang's ssl application, and so RabbitMQ, names its parts.
struct CipherParts {
  std::string_view key_exchange;  ///< "ecdhe_rsa"; "any" in TLS 1.3.
  std::string_view cipher;        ///< "aes_256_gcm"
  std::string_view hash;          ///< "aead", or of the MAC: "sha256"
};
CipherParts describe_cipher(const SSL_CIPHER& cipher);

}  // namespace lepus::net
