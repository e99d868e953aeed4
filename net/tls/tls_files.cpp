// With the errors of OpenSSL put into words.
#include "net/tls/tls_files.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509_vfy.h>

#include "core/base/bytes.h"
#include "net/tls/certificate.h"

namespace lepus::net {
namespace {

using Problem = std::optional<TlsProblem>;

TlsProblem problem(std::string option, std::string file, std::string reason) {
  return {std::move(option), std::move(file), std::move(reason)};
}

/// The last error in the words of OpenSSL.
std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* const reason = ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

bool has_reason(int library, int reason) {
  const unsigned long code = ERR_peek_last_error();
  return ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason;
}

BioPtr open_file(const std::string& file, std::string& reason) {
  ERR_clear_error();
  errno = 0;
  BioPtr bio(BIO_new_file(file.c_str(), "r"));
  if (bio == nullptr) reason = errno != 0 ? std::strerror(errno) : openssl_reason();
  // A directory can be opened, and not read.
  char first = 0;
  if (bio != nullptr && BIO_read(bio.get(), &first, 1) < 0 && errno != 0) {
    reason = std::strerror(errno);
    return nullptr;
  }
  if (bio != nullptr) (void)BIO_reset(bio.get());
  ERR_clear_error();
  return bio;
}

int give_password(char* target, int room, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (text.empty() || text.size() > static_cast<std::size_t>(room)) return -1;
  std::memcpy(target, text.data(), text.size());
  return static_cast<int>(text.size());
}

/// In PEM form, encrypted or not.
bool holds_key(const std::string& file) {
  std::string reason;
  const BioPtr bio = open_file(file, reason);
  std::array<char, 256> line{};
  while (bio != nullptr && BIO_gets(bio.get(), line.data(), static_cast<int>(line.size())) > 0)
    if (std::strstr(line.data(), "PRIVATE KEY-----") != nullptr) return true;
  return false;
}

using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;

Problem load_chain(SSL_CTX& ctx, const std::string& option, const std::string& file) {
  std::string reason;
  const BioPtr bio = open_file(file, reason);
  if (bio == nullptr) return problem(option, file, "cannot read it: " + reason);
  const X509Ptr own(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
  if (own == nullptr)
    return problem(option, file, "it holds no certificate in PEM form: " + openssl_reason());
  if (SSL_CTX_use_certificate(&ctx, own.get()) != 1)
    return problem(option, file, "the certificate cannot be used: " + openssl_reason());
  SSL_CTX_clear_chain_certs(&ctx);
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    const X509Ptr held(next);
    if (SSL_CTX_add1_chain_cert(&ctx, next) != 1)
      return problem(option, file, "its chain cannot be used: " + openssl_reason());
  }
  // The end of the file is an error of this kind, too.
  if (!has_reason(ERR_LIB_PEM, PEM_R_NO_START_LINE))
    return problem(option, file, "a certificate in it cannot be read: " + openssl_reason());
  ERR_clear_error();
  return {};
}

Problem load_key(SSL_CTX& ctx, const std::string& option, const TlsKeyFiles& files) {
  std::string reason;
  const BioPtr bio = open_file(files.keyfile, reason);
  if (bio == nullptr) return problem(option, files.keyfile, "cannot read it: " + reason);
  std::string password = files.password;
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &password));
  if (key == nullptr) {
    const std::string why = openssl_reason();
    if (!holds_key(files.keyfile))
      return problem(option, files.keyfile, "it holds no private key in PEM form");
    const std::string what =
        files.password.empty() ? "the key cannot be read; if it is encrypted, it needs a password: "
                               : "the key cannot be read with this password: ";
    return problem(option, files.keyfile, what + why);
  }
  if (SSL_CTX_use_PrivateKey(&ctx, key.get()) != 1)
    return problem(
        option, files.keyfile,
        "it is not the key of the certificate in " + files.certfile + ": " + openssl_reason());
  return {};
}

Problem load_revocations(SSL_CTX& ctx, const std::string& file, std::string& trusted) {
  std::string reason;
  const BioPtr bio = open_file(file, reason);
  if (bio == nullptr) return problem("crlfile", file, "cannot read it: " + reason);
  X509_STORE* const store = SSL_CTX_get_cert_store(&ctx);
  int count = 0;
  while (X509_CRL* next = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
    const std::unique_ptr<X509_CRL, OpensslFree<X509_CRL_free>> held(next);
    if (X509_STORE_add_crl(store, next) != 1)
      return problem("crlfile", file, "it cannot be used: " + openssl_reason());
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    X509_CRL_digest(next, EVP_sha256(), digest.data(), nullptr);
    trusted += core::as_text(digest);
    ++count;
  }
  ERR_clear_error();
  if (count == 0) return problem("crlfile", file, "it holds no revocation list in PEM form");
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return {};
}

/// The names of the authorities, for the client to choose a certificate by, and for tickets: where
/// others are trusted a ticket of before is worth nothing.
Problem load_authorities(SSL_CTX& ctx, const std::string& file, std::string& trusted) {
  std::string reason;
  const BioPtr bio = open_file(file, reason);
  if (bio == nullptr) return problem("cacertfile", file, "cannot read it: " + reason);
  X509_STORE* const store = SSL_CTX_get_cert_store(&ctx);
  int count = 0;
  while (X509* next = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) {
    const X509Ptr held(next);
    if (X509_STORE_add_cert(store, next) != 1 || SSL_CTX_add_client_CA(&ctx, next) != 1)
      return problem("cacertfile", file, "a certificate in it cannot be used: " + openssl_reason());
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    X509_digest(next, EVP_sha256(), digest.data(), nullptr);
    trusted += core::as_text(digest);
    ++count;
  }
  const bool is_at_end = has_reason(ERR_LIB_PEM, PEM_R_NO_START_LINE);
  if (count == 0)
    return problem("cacertfile", file, "it holds no certificate in PEM form: " + openssl_reason());
  if (!is_at_end)
    return problem("cacertfile", file, "a certificate in it cannot be read: " + openssl_reason());
  ERR_clear_error();
  return {};
}

}  // namespace

Problem load_own_certificate(SSL_CTX& ctx, const TlsKeyFiles& files, const std::string& prefix) {
  if (files.certfile.empty()) return problem(prefix + "certfile", "", "it is not set");
  if (files.keyfile.empty()) return problem(prefix + "keyfile", "", "it is not set");
  if (Problem found = load_chain(ctx, prefix + "certfile", files.certfile)) return found;
  return load_key(ctx, prefix + "keyfile", files);
}

Problem load_server_rules(SSL_CTX& ctx, const TlsClientOptions& options) {
  std::string trusted;
  if (!options.cacertfile.empty()) {
    if (Problem found = load_authorities(ctx, options.cacertfile, trusted)) return found;
  } else if (options.verify_peer && SSL_CTX_set_default_verify_paths(&ctx) != 1) {
    return problem("cacertfile", "", "it is not set, and the system has no authorities");
  }
  SSL_CTX_set_verify(&ctx, options.verify_peer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_verify_depth(&ctx, static_cast<int>(options.depth));
  return {};
}

Problem load_peer_rules(SSL_CTX& ctx, const TlsOptions& options) {
  std::string trusted;
  if (!options.cacertfile.empty())
    if (Problem found = load_authorities(ctx, options.cacertfile, trusted)) return found;
  if (options.verify_peer && options.cacertfile.empty())
    return problem("cacertfile", "", "it is not set; verify = verify_peer needs it");
  int mode = SSL_VERIFY_NONE;
  if (options.verify_peer) {
    mode = SSL_VERIFY_PEER;
    if (options.fail_if_no_peer_cert) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    if (!options.crlfile.empty())
      if (Problem found = load_revocations(ctx, options.crlfile, trusted)) return found;
  }
  SSL_CTX_set_verify(&ctx, mode, nullptr);
  SSL_CTX_set_verify_depth(&ctx, static_cast<int>(options.depth));
  trusted += std::to_string(mode) + " " + std::to_string(options.depth);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(trusted.data()), trusted.size(), digest.data());
  SSL_CTX_set_session_id_context(&ctx, digest.data(), SSL_MAX_SID_CTX_LENGTH);
  return {};
}

}  // namespace lepus::net
