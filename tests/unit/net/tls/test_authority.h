// For the tests of TLS: an authority that issues certificates into files of a directory of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/tls/openssl.h"
#include "net/tls/tls_options.h"

namespace lepus::net::testing_tls {

using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;

/// What a certificate says.
struct Wanted {
  std::vector<std::pair<std::string, std::string>> subject = {{"CN", "server"}};
  std::string alternative_names = {};  ///< As OpenSSL's configuration writes them.
  std::int64_t begins_in_s = -3600;
  std::int64_t ends_in_s = 3600;
  std::string password = {};  ///< Of the key.
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// Its own certificate.
  const std::string& file() const { return file_; }
  TlsKeyFiles issue(const Wanted& wanted = {});
  X509Ptr make(const Wanted& wanted, EVP_PKEY* key);
  std::string write(const std::string& name, const std::string& text) const;
  /// Of the certificate in this file.
  std::string revoke(const std::string& certfile);

 private:
  std::string directory_;
  std::string file_;
  KeyPtr key_;
  X509Ptr own_;
  int issued_ = 0;
};

X509Ptr read_certificate(const std::string& file);

}  // namespace lepus::net::testing_tls
