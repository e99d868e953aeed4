// Passwords as RabbitMQ keeps them: base64(salt + hash(salt + password)) with a salt of four bytes.
// Checked on the shard where the client logs in; one hash of a few bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lepus::core {

class PasswordHash {
 public:
  /// No password is right.
  PasswordHash() = default;
  /// `algorithm` is RabbitMQ's name for it, rabbit_password_hashing_sha256 or _sha512; `text` is
  /// base64, or empty for a user who cannot log in with a password. Empty: done; else what is
  /// wrong, and this is as before.
  [[nodiscard]] std::string read(std::string_view algorithm, std::string_view text);
  /// Takes the same time when no password is right.
  bool matches(std::string_view password) const;

 private:
  enum class Algorithm : std::uint8_t { none, sha256, sha512 };

  Algorithm algorithm_ = Algorithm::none;
  std::string salt_;
  std::string digest_;
};

/// What PasswordHash::read() takes, with the algorithm of `sha256_name`.
std::string hash_password(std::string_view password, std::uint32_t salt);
inline constexpr std::string_view sha256_name = "rabbit_password_hashing_sha256";

/// Overwrites a secret that is not needed any more.
void wipe(std::string& secret);

/// Whether two secrets are the same, in a time that does not tell where they differ.
bool same_secret(std::string_view left, std::string_view right);

}  // namespace lepus::core
