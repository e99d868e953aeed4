// How the value of a key gets into ServerConfig and out of it. A plain value is described by the
// path of members that leads to it: number<0, 65535, &ServerConfig::heartbeat_s>; what has more to
// it is an Access of its own in config_keys_access.cpp. Only the files of the table need this.
#pragma once

#include <fmt/format.h>

#include <string>
#include <type_traits>

#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_value.h"

namespace lepus::server::access {

/// The two functions of a row.
struct Access {
  SetOutcome (*set)(ServerConfig&, const KeyText&);
  std::string (*show)(const ServerConfig&);
};

inline SetOutcome taken() { return {}; }
inline SetOutcome refused(std::string why = {}) { return why; }

template <auto... Path, class Config>
auto& at(Config& config) {
  return (config.*....*Path);
}

inline std::string show_nothing(const ServerConfig&) { return {}; }
/// A second key for a value: is taken, but neither shown nor compared twice.
constexpr Access alias_of(const Access& access) { return {access.set, show_nothing}; }

// ---- Plain values ----

template <std::uint64_t Min, std::uint64_t Max, auto... Path>
inline constexpr Access number = {
    [](ServerConfig& config, const KeyText& text) {
      const auto value = parse_number(text.value);
      if (!value || *value < Min || *value > Max) return refused();
      auto& target = at<Path...>(config);
      target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
      return taken();
    },
    [](const ServerConfig& config) { return fmt::format("{}", at<Path...>(config)); }};

/// A number where 0 is stored for "infinity".
template <std::uint64_t Max, auto... Path>
inline constexpr Access number_or_infinity = {
    [](ServerConfig& config, const KeyText& text) {
      const KeyText finite{.variable = {}, .value = text.value == "infinity" ? "0" : text.value};
      if (text.value == "0") return refused();
      return number<0, Max, Path...>.set(config, finite);
    },
    [](const ServerConfig& config) {
      return at<Path...>(config) == 0 ? std::string("infinity")
                                      : number<0, Max, Path...>.show(config);
    }};

template <std::uint64_t Min, std::uint64_t Max, auto... Path>
inline constexpr Access size = {
    [](ServerConfig& config, const KeyText& text) {
      const auto value = parse_size(text.value);
      if (!value || *value < Min || *value > Max) return refused();
      auto& target = at<Path...>(config);
      target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
      return taken();
    },
    [](const ServerConfig& config) { return format_size(at<Path...>(config)); }};

template <auto... Path>
inline constexpr Access flag = {
    [](ServerConfig& config, const KeyText& text) {
      const auto value = parse_bool(text.value);
      if (!value) return refused();
      at<Path...>(config) = *value;
      return taken();
    },
    [](const ServerConfig& config) { return std::string(format_bool(at<Path...>(config))); }};

/// Not set is a third state: off.
template <auto... Path>
inline constexpr Access interceptor = {
    [](ServerConfig& config, const KeyText& text) {
      using Mode = core::Interceptors::Mode;
      const auto value = parse_bool(text.value);
      if (!value) return refused();
      at<Path...>(config) = *value ? Mode::overwrite : Mode::keep;
      return taken();
    },
    [](const ServerConfig& config) {
      using Mode = core::Interceptors::Mode;
      const Mode mode = at<Path...>(config);
      return mode == Mode::off ? std::string{} : std::string(format_bool(mode == Mode::overwrite));
    }};

template <auto... Path>
inline constexpr Access text = {[](ServerConfig& config, const KeyText& given) {
                                  if (given.value.empty()) return refused("it is empty");
                                  at<Path...>(config) = given.value;
                                  return taken();
                                },
                                [](const ServerConfig& config) { return at<Path...>(config); }};

template <auto... Path>
inline constexpr Access level = {
    [](ServerConfig& config, const KeyText& given) {
      const auto value = parse_log_level(given.value);
      if (!value) return refused();
      at<Path...>(config) = *value;
      return taken();
    },
    [](const ServerConfig& config) { return std::string(format_log_level(at<Path...>(config))); }};

template <core::LogCategory Category>
inline constexpr Access category_level = {
    [](ServerConfig& config, const KeyText& given) {
      const auto value = parse_log_level(given.value);
      if (!value) return refused();
      config.log.category_levels[static_cast<std::size_t>(Category)] = *value;
      return taken();
    },
    [](const ServerConfig& config) {
      const auto index = static_cast<std::size_t>(Category);
      return std::string(format_log_level(config.log.category_levels[index]));
    }};

// ---- Values of their own kind ----

extern const Access listener;      ///< listeners.tcp.$name
extern const Access no_listeners;  ///< listeners.tcp = none
extern const Access ssl_listener;  ///< listeners.ssl.$name
extern const Access no_ssl_listeners;
extern const Access unix_listener_path;  ///< listeners.unix.$name
extern const Access unix_listener_mode;  ///< listeners.unix.$name.mode
extern const Access proxy_sources;
// TLS: ssl_options.*, those of ssl_options.sni.$host, ssl_cert_login_*
extern const Access tls_verify;
extern const Access tls_version;  ///< ssl_options.versions.$n
extern const Access tls_cipher;   ///< ssl_options.ciphers.$n
extern const Access tls_host_certfile;
extern const Access tls_host_keyfile;
extern const Access tls_host_password;
extern const Access tls_login_part;
extern const Access tls_login_type;
extern const Access default_user;
extern const Access default_pass;
extern const Access default_user_tag;  ///< $tag = true or false
extern const Access user_password;     ///< default_users.$name.password; shows all added users
extern const Access user_tags;         ///< default_users.$name.tags
// Patterns of the default user and of added users
extern const Access default_configure;
extern const Access default_write;
extern const Access default_read;
extern const Access user_configure;
extern const Access user_write;
extern const Access user_read;
extern const Access user_vhost_pattern;
extern const Access default_vhost;
extern const Access vhosts;  ///< A list
extern const Access vhost;   ///< One more
extern const Access default_queue_type;
extern const Access watermark_fraction;
extern const Access watermark_size;
extern const Access paging_ratio;
extern const Access disk_factor;
extern const Access disk_size;
extern const Access total_memory;
extern const Access recv_buffers;
extern const Access shards;
extern const Access cpuset;
extern const Access pin;
extern const Access idle;
extern const Access io_driver;
extern const Access journal_sync;
extern const Access segment_size;
extern const Access log_file;
extern const Access log_stdio;
extern const Access definitions_backend;  ///< Names of the local file system and nothing else
extern const Access on_unsupported;       ///< refuse or skip

}  // namespace lepus::server::access
