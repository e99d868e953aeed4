// One response says all in each of them.
#include "net/amqp/connection/sasl.h"

#include <utility>

#include "core/base/assert.h"
#include "core/message/field_table.h"

namespace lepus::amqp {

namespace {

/// PLAIN (RFC 4616): authzid NUL authcid NUL password; an authzid is not accepted.
std::optional<Credentials> read_plain(std::string_view response) {
  if (!response.starts_with('\0')) return std::nullopt;
  const std::size_t second = response.find('\0', 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view password = response.substr(second + 1);
  if (password.find('\0') != std::string_view::npos) return std::nullopt;
  return Credentials{std::string{response.substr(1, second - 1)}, std::string{password}};
}

/// AMQPLAIN: the inside of a field table with LOGIN and PASSWORD.
std::optional<Credentials> read_amqplain(std::string_view response) {
  const core::Bytes bytes = core::as_bytes(response);
  if (core::FieldTable::validate(bytes)) return std::nullopt;
  const core::FieldTable table{bytes};
  const auto login = table.find("LOGIN");
  const auto secret = table.find("PASSWORD");
  if (!login || !secret || !login->is_string() || !secret->is_string()) return std::nullopt;
  return Credentials{std::string{login->text()}, std::string{secret->text()}};
}

}  // namespace

std::vector<std::string_view> offered_mechanisms(const Settings& settings,
                                                 const ConnectionFacts& facts) {
  std::vector<std::string_view> offered;
  for (const std::string& name : settings.mechanisms) {
    CHECK(is_mechanism(name));
    const bool is_possible = (name != "EXTERNAL" || facts.security.is_tls) &&
                             (name != "ANONYMOUS" || !settings.login.anonymous_user.empty());
    if (is_possible) offered.emplace_back(name);
  }
  return offered;
}

std::optional<Credentials> read_credentials(std::string_view mechanism, std::string_view response,
                                            const Settings& settings,
                                            const ConnectionFacts& facts) {
  if (mechanism == "PLAIN") return read_plain(response);
  if (mechanism == "AMQPLAIN") return read_amqplain(response);
  if (mechanism == "EXTERNAL")
    return Credentials{facts.security.peer_cert_login.value_or(""), {}, false};
  CHECK(mechanism == "ANONYMOUS");
  return Credentials{settings.login.anonymous_user, settings.login.anonymous_password};
}

}  // namespace lepus::amqp
