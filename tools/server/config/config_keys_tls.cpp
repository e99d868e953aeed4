// The keys of TLS that are more than a plain value; see config_keys_access.h.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "tools/server/config/config_keys_access.h"

namespace lepus::server::access {

namespace {

using net::TlsHost;
using net::TlsLoginRule;

/// A word of the configuration for each value.
template <class Value>
struct Word {
  std::string_view text;
  Value value;
};

template <class Value, std::size_t Count>
std::string_view word_of(const std::array<Word<Value>, Count>& words, Value value) {
  const auto found = std::ranges::find(words, value, &Word<Value>::value);
  return found == words.end() ? std::string_view{} : found->text;
}

template <class Value, std::size_t Count>
SetOutcome set_word(const std::array<Word<Value>, Count>& words, std::string_view text,
                    Value& target) {
  const auto found = std::ranges::find(words, text, &Word<Value>::text);
  if (found == words.end()) return refused();
  target = found->value;
  return taken();
}

constexpr std::array verify_words = {Word<bool>{"verify_peer", true},
                                     Word<bool>{"verify_none", false}};

using Part = TlsLoginRule::Part;
constexpr std::array part_words = {
    Word<Part>{"distinguished_name", Part::distinguished_name},
    Word<Part>{"common_name", Part::common_name},
    Word<Part>{"subject_alternative_name", Part::alternative_name},
    Word<Part>{"subject_alt_name", Part::alternative_name},
};

using AlternativeName = TlsLoginRule::AlternativeName;
constexpr std::array type_words = {
    Word<AlternativeName>{"dns", AlternativeName::dns},
    Word<AlternativeName>{"ip", AlternativeName::ip},
    Word<AlternativeName>{"email", AlternativeName::email},
    Word<AlternativeName>{"uri", AlternativeName::uri},
    Word<AlternativeName>{"other_name", AlternativeName::other_name},
};

/// The first line replaces the default, which is both: Config begins with none named.
SetOutcome set_version(ServerConfig& config, const KeyText& given) {
  net::TlsOptions& options = config.tls.options;
  if (given.value == "tlsv1.3") {
    options.has_tls13 = true;
  } else if (given.value == "tlsv1.2") {
    options.has_tls12 = true;
  } else if (given.value == "tlsv1.1" || given.value == "tlsv1") {
    return refused("this version of TLS is broken and not spoken");
  } else {
    return refused();
  }
  return taken();
}

std::string show_versions(const ServerConfig& config) {
  const net::TlsOptions& options = config.tls.options;
  if (options.has_tls12 && options.has_tls13) return "tlsv1.3,tlsv1.2";
  return options.has_tls13 ? "tlsv1.3" : options.has_tls12 ? "tlsv1.2" : "";
}

SetOutcome add_cipher(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return refused("it is empty");
  config.tls.options.ciphers.emplace_back(given.value);
  return taken();
}

std::string show_ciphers(const ServerConfig& config) {
  return fmt::format("{}", fmt::join(config.tls.options.ciphers, ","));
}

TlsHost& host_of(ServerConfig& config, std::string_view name) {
  std::vector<TlsHost>& hosts = config.tls.options.hosts;
  const auto found = std::ranges::find(hosts, name, &TlsHost::name);
  if (found != hosts.end()) return *found;
  hosts.push_back({std::string{name}, {}});
  return hosts.back();
}

template <auto Member>
SetOutcome set_host_file(ServerConfig& config, const KeyText& given) {
  if (given.value.empty()) return refused("it is empty");
  host_of(config, given.variable).files.*Member = given.value;
  return taken();
}

std::string show_hosts(const ServerConfig& config) {
  std::string all;
  for (const TlsHost& host : config.tls.options.hosts)
    fmt::format_to(std::back_inserter(all), "{}:{}:{};", host.name, host.files.certfile,
                   host.files.keyfile);
  return all;
}

/// Apart: the name of its key says that it is a secret.
std::string show_passwords(const ServerConfig& config) {
  std::string all;
  for (const TlsHost& host : config.tls.options.hosts) all += host.files.password + ";";
  return all;
}

}  // namespace

constexpr Access tls_verify = {
    [](ServerConfig& config, const KeyText& given) {
      return set_word(verify_words, given.value, config.tls.options.verify_peer);
    },
    [](const ServerConfig& config) {
      return std::string{word_of(verify_words, config.tls.options.verify_peer)};
    }};
constexpr Access tls_version = {set_version, show_versions};
constexpr Access tls_cipher = {add_cipher, show_ciphers};
constexpr Access tls_host_certfile = {set_host_file<&net::TlsKeyFiles::certfile>, show_hosts};
constexpr Access tls_host_keyfile = {set_host_file<&net::TlsKeyFiles::keyfile>, show_nothing};
constexpr Access tls_host_password = {set_host_file<&net::TlsKeyFiles::password>, show_passwords};
constexpr Access tls_login_part = {
    [](ServerConfig& config, const KeyText& given) {
      return set_word(part_words, given.value, config.tls.options.login.part);
    },
    [](const ServerConfig& config) {
      return std::string{word_of(part_words, config.tls.options.login.part)};
    }};
constexpr Access tls_login_type = {
    [](ServerConfig& config, const KeyText& given) {
      return set_word(type_words, given.value, config.tls.options.login.type);
    },
    [](const ServerConfig& config) {
      return std::string{word_of(type_words, config.tls.options.login.type)};
    }};

}  // namespace lepus::server::access
