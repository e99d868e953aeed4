// libcrypto does the hashing and the comparing. It decodes base64 too, but forgives blanks and
// padding in wrong places: the alphabet and the padding are checked here.
#include "core/access/password_hash.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "core/base/assert.h"

namespace lepus::core {

namespace {

constexpr std::size_t salt_size = 4;
constexpr std::string_view sha512_name = "rabbit_password_hashing_sha512";
constexpr std::string_view md5_name = "rabbit_password_hashing_md5";

bool is_base64_letter(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9') || letter == '+' || letter == '/';
}

/// False: not base64.
bool decode_base64(std::string_view text, std::string& out) {
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view letters = text.substr(0, text.size() - padding);
  if (!std::all_of(letters.begin(), letters.end(), is_base64_letter)) return false;
  out.resize(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return false;
  CHECK(static_cast<std::size_t>(size) == out.size());
  out.resize(out.size() - padding);
  return true;
}

std::string hash(const EVP_MD* algorithm, std::string_view salt, std::string_view password) {
  std::string input{salt};
  input += password;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  CHECK(EVP_Digest(input.data(), input.size(), digest.data(), &size, algorithm, nullptr) == 1);
  OPENSSL_cleanse(input.data(), input.size());
  CHECK(size <= digest.size());
  return {reinterpret_cast<const char*>(digest.data()), size};
}

/// RabbitMQ's default before 3.6.0: also without a name of the algorithm.
std::string refuse_md5(std::string_view label) {
  return fmt::format(
      "{} (MD5), which is not accepted, because it can be guessed; set the password anew in "
      "RabbitMQ with password_hashing_module = rabbit_password_hashing_sha256 and export again",
      label);
}

std::string refuse_size(std::size_t size, std::string_view algorithm, std::size_t expected_size) {
  constexpr std::size_t md5_size = 16;
  const std::string found = fmt::format("the password hash has {} bytes", size);
  if (size == salt_size + md5_size)
    return refuse_md5(fmt::format("{}, as a salt and a hash with {} have", found, md5_name));
  return fmt::format("{}, a salt and a hash with {} have {}", found, algorithm, expected_size);
}

}  // namespace

std::string PasswordHash::read(std::string_view algorithm, std::string_view text) {
  if (algorithm == md5_name)
    return refuse_md5(fmt::format("the password hash is made with {}", md5_name));
  if (algorithm != sha256_name && algorithm != sha512_name)
    return fmt::format("the hashing algorithm '{}' is not known; use {} or {}", algorithm,
                       sha256_name, sha512_name);
  if (text.empty()) {
    *this = {};
    return {};
  }
  const std::size_t digest_size = algorithm == sha256_name ? 32 : 64;
  std::string bytes;
  if (!decode_base64(text, bytes)) return "the password hash is not base64";
  if (bytes.size() != salt_size + digest_size)
    return refuse_size(bytes.size(), algorithm, salt_size + digest_size);
  algorithm_ = algorithm == sha256_name ? Algorithm::sha256 : Algorithm::sha512;
  salt_ = bytes.substr(0, salt_size);
  digest_ = bytes.substr(salt_size);
  return {};
}

bool PasswordHash::matches(std::string_view password) const {
  switch (algorithm_) {
    case Algorithm::none: {
      // Takes as long as for a user who has one.
      const std::string nothing(32, '\0');
      (void)same_secret(hash(EVP_sha256(), "salt", password), nothing);
      return false;
    }
    case Algorithm::sha256:
      return same_secret(hash(EVP_sha256(), salt_, password), digest_);
    case Algorithm::sha512:
      return same_secret(hash(EVP_sha512(), salt_, password), digest_);
  }
  return false;
}

std::string hash_password(std::string_view password, std::uint32_t salt) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(salt >> shift & 0xff);
  CHECK(bytes.size() == salt_size);
  bytes += hash(EVP_sha256(), bytes, password);
  std::string text(bytes.size() / 3 * 4, '\0');
  CHECK(bytes.size() % 3 == 0);
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  CHECK(static_cast<std::size_t>(size) == text.size());
  return text;
}

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

bool same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace lepus::core
