// Keys are of the curve P-256: made in a moment.
#include "tests/unit/net/tls/test_authority.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/base/assert.h"

namespace lepus::net::testing_tls {
namespace {

std::string to_pem(const std::function<int(BIO*)>& write) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  CHECK(write(bio.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

KeyPtr make_key() { return KeyPtr(EVP_EC_gen("P-256")); }

void add_extension(X509& certificate, int nid, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(&certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) : key_(make_key()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "lepus-tls-XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  own_ = make({.subject = {{"CN", name}}}, key_.get());
  file_ = write("ca.pem", to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, own_.get()); }));
}

TestAuthority::~TestAuthority() { std::filesystem::remove_all(directory_); }

std::string TestAuthority::write(const std::string& name, const std::string& text) const {
  const std::string path = directory_ + "/" + name;
  std::ofstream(path) << text;
  return path;
}

X509Ptr TestAuthority::make(const Wanted& wanted, EVP_PKEY* key) {
  X509Ptr certificate(X509_new());
  X509& made = *certificate;
  X509_set_version(&made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(&made), ++issued_);
  X509_gmtime_adj(X509_getm_notBefore(&made), wanted.begins_in_s);
  X509_gmtime_adj(X509_getm_notAfter(&made), wanted.ends_in_s);
  X509_set_pubkey(&made, key);
  X509_NAME* const name = X509_get_subject_name(&made);
  for (const auto& [type, value] : wanted.subject)
    CHECK(X509_NAME_add_entry_by_txt(name, type.c_str(), MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1,
                                     0) == 1);
  const bool is_own = own_ == nullptr;
  X509_set_issuer_name(&made, is_own ? name : X509_get_subject_name(own_.get()));
  if (is_own) add_extension(made, NID_basic_constraints, "critical,CA:TRUE");
  if (!wanted.alternative_names.empty())
    add_extension(made, NID_subject_alt_name, wanted.alternative_names);
  CHECK(X509_sign(&made, key_.get(), EVP_sha256()) > 0);
  return certificate;
}

TlsKeyFiles TestAuthority::issue(const Wanted& wanted) {
  const KeyPtr key = make_key();
  const X509Ptr certificate = make(wanted, key.get());
  const std::string number = std::to_string(issued_);
  const std::string& password = wanted.password;
  return {write("cert" + number + ".pem",
                to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); })),
          write("key" + number + ".pem", to_pem([&](BIO* bio) {
                  return PEM_write_bio_PKCS8PrivateKey(
                      bio, key.get(), password.empty() ? nullptr : EVP_aes_128_cbc(),
                      password.empty() ? nullptr : password.data(),
                      static_cast<int>(password.size()), nullptr, nullptr);
                })),
          password};
}

std::string TestAuthority::revoke(const std::string& certfile) {
  const std::unique_ptr<X509_CRL, OpensslFree<X509_CRL_free>> list(X509_CRL_new());
  const std::unique_ptr<ASN1_TIME, OpensslFree<ASN1_TIME_free>> now(ASN1_TIME_new());
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(own_.get()));
  X509_gmtime_adj(now.get(), -60);
  X509_CRL_set1_lastUpdate(list.get(), now.get());
  X509_REVOKED* const revoked = X509_REVOKED_new();
  X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(read_certificate(certfile).get()));
  X509_REVOKED_set_revocationDate(revoked, now.get());
  X509_CRL_add0_revoked(list.get(), revoked);
  X509_gmtime_adj(now.get(), 3600);
  X509_CRL_set1_nextUpdate(list.get(), now.get());
  CHECK(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0);
  return write("crl.pem",
               to_pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); }));
}

X509Ptr read_certificate(const std::string& file) {
  const BioPtr bio(BIO_new_file(file.c_str(), "r"));
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

}  // namespace lepus::net::testing_tls
