// What a password must be like when it is set (credential_validator.*): RabbitMQ's three
// validators. Passwords that come as hashes are not looked at: nobody knows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lepus::core {

struct CredentialRule {
  enum class Kind : std::uint8_t { accept_everything, min_length, regexp };
  Kind kind = Kind::accept_everything;
  std::uint32_t min_length = 0;  ///< Bytes.
  std::string regexp = {};       ///< May match anywhere in the password.
  bool operator==(const CredentialRule&) const = default;
};

/// Empty: it is good; else why not, in RabbitMQ's words.
std::string check_password(const CredentialRule& rule, std::string_view password);

}  // namespace lepus::core
