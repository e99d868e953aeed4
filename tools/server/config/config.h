// Everything the operator decides, as one plain struct, and how it is put together.
//
//   built-in defaults < configuration files < environment < --set key=value
//
// The keys, their types, ranges and descriptions are one table (config_keys.cpp), from which
// parsing, --list-config, docs/operations/configuration.md and the comparison for a reload come.
// The defaults are the initialisers below and nowhere else. The struct is built at start by the
// main thread and is read-only from then on; a reload makes a new one (config_reload.h).
//
// Conventions: sizes are bytes, the unit is the last word of a name, 0 means "no limit" where the
// comment says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log.h"
#include "core/limits.h"
#include "core/session/publish/interceptors.h"
#include "io/loop.h"
#include "net/stream/address_range.h"
#include "net/tls/tls_options.h"
#include "persist/journal/journal.h"
#include "tools/server/config/auth_config.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/dpdk_config.h"
#include "tools/server/config/http_config.h"
#include "tools/server/config/io_config.h"
#include "tools/server/definitions/definitions_findings.h"

namespace lepus::server {

/// Which keys a listener is of.
enum class ListenerKind : std::uint8_t {
  tcp,             ///< listeners.tcp.<name> = [address:]port
  ssl,             ///< listeners.ssl.<name>, the same in TLS
  unix_socket,     ///< listeners.unix.<name> = /path
  management,      ///< management.tcp
  management_ssl,  ///< management.ssl
  prometheus,      ///< prometheus.tcp
  prometheus_ssl,  ///< prometheus.ssl
};

struct ListenAddress {
  std::string name;  ///< "default" or whatever follows listeners.tcp.
  std::string host;  ///< Numeric IPv4 or IPv6 without brackets; "" = all addresses of both kinds.
  std::uint16_t port = 0;
  ListenerKind kind = ListenerKind::tcp;
  std::string path = {};      ///< Of a unix socket, which has nothing of the above but a name.
  std::uint32_t mode = 0660;  ///< As of path.
  bool operator==(const ListenAddress&) const = default;
};

/// tcp_listen_options.*, proxy_protocol.*; sizes of 0 leave the choice to the kernel.
struct TcpOptions {
  std::uint32_t backlog = 1024;
  bool nodelay = true;
  bool keepalive = false;
  std::uint32_t send_buffer_size = 0;
  std::uint32_t receive_buffer_size = 0;
  std::uint32_t send_timeout_ms = 15'000;  ///< 0 = no limit.
  bool proxy_protocol = false;             ///< Every connection begins with a proxy's header.
  /// Those who may say so for whom they connect.
  std::vector<net::AddressRange> proxy_trusted_sources = net::private_ranges();
};

/// ssl_options.* and what else is about TLS listeners.
struct TlsConfig {
  net::TlsOptions options;
  std::uint32_t handshake_timeout_ms = 5'000;  ///< 0 = no limit.
  bool operator==(const TlsConfig&) const = default;
};

/// A user that is made in a new data directory, and what it may do there: regular expressions.
struct UserConfig {
  std::string name;
  std::string password;
  std::vector<std::string> tags;
  std::string configure = ".*";
  std::string write = ".*";
  std::string read = ".*";
  std::string vhost_pattern = ".*";  ///< Of the virtual hosts it may use.
  bool operator==(const UserConfig&) const = default;
};

/// How much memory may be used before publishers are blocked; see config_memory.h.
struct MemoryWatermark {
  bool is_relative = true;
  double fraction = 0.6;   ///< Of the memory available; when is_relative.
  std::uint64_t size = 0;  ///< When not is_relative.
  bool operator==(const MemoryWatermark&) const = default;
};

/// How much of the disk must stay free before publishers are blocked; see config_memory.h.
struct DiskFreeLimit {
  bool is_relative = false;
  double factor = 0;                ///< Of the memory available; when is_relative.
  std::uint64_t size = 50'000'000;  ///< When not is_relative.
  bool operator==(const DiskFreeLimit&) const = default;
};

/// What a shard does when it has nothing to do.
using io::IdleMode;

/// automatic: pin unless a CPU quota of the cgroup makes it harmful.
enum class PinMode : std::uint8_t { automatic, on, off };

/// How a line of the log is written, and its time.
enum class LogFormat : std::uint8_t { plaintext, json };
enum class LogTimeFormat : std::uint8_t {
  rfc3339_t,      ///< 2026-03-01T12:00:00.123456Z
  rfc3339_space,  ///< 2026-03-01 12:00:00.123456+00:00, RabbitMQ's
  epoch_usecs,
  epoch_secs,
  lager_default  ///< 2026-03-01 12:00:00.123
};
struct LogStyle {
  LogFormat format = LogFormat::plaintext;
  LogTimeFormat time = LogTimeFormat::rfc3339_t;
  bool operator==(const LogStyle&) const = default;
};

struct LogConfig {
  std::string dir = "/var/log/lepus";
  std::string file;  ///< Name in dir, or an absolute path; "" = no file.
  core::LogLevel file_level = core::LogLevel::info;
  bool console = true;
  bool console_to_stdout = false;  ///< Else standard error.
  core::LogLevel console_level = core::LogLevel::info;
  LogStyle file_style;
  LogStyle console_style;
  bool journald = false;  ///< Lines go to systemd's journal, each with its priority.
  core::LogLevel journald_level = core::LogLevel::info;
  std::string journald_socket = "/run/systemd/journal/socket";  ///< Tests have one of their own.
  /// By core::LogCategory; restricts a category further than the console and the file do.
  std::array<core::LogLevel, core::log_category_count> category_levels = {};
  bool operator==(const LogConfig&) const = default;
};

/// How definitions are imported.
struct ImportRules {
  OnUnsupported on_unsupported = OnUnsupported::refuse;  ///< Of their elements.
  bool skips_unchanged = false;  ///< At a start, files that were imported already are left alone.
  bool operator==(const ImportRules&) const = default;
};

/// Where the values come from. Nothing here is read from the process itself, so tests can say all.
struct ConfigSources {
  /// --config or LEPUS_CONFIG_FILE: must exist. A directory means its *.conf. Beside a file, the
  /// *.conf of the directory conf.d next to it are read after it.
  std::optional<std::string> file;
  std::string fallback_file;          ///< When `file` is not given; need not exist.
  std::vector<std::string> settings;  ///< "key=value" of each --set, in order.
  EnvironmentVariables environment;   ///< For $(NAME) in a file, and RABBITMQ_DEFAULT_USER etc.
  std::string host_name;              ///< For the default of cluster_name.
  /// Standard error is systemd's journal, which is the default of the log then, not the console.
  bool stderr_is_journal = false;
};

/// What operators see of the broker over HTTP.
struct StatisticsConfig {
  ManagementConfig management;
  PrometheusConfig prometheus;
  std::uint32_t statistics_interval_ms = 5'000;
};

/// The kernel bypass.
struct BypassConfig {
  DpdkConfig dpdk;
  DpdkLimits dpdk_limits;
};

struct ServerConfig : StatisticsConfig, BypassConfig, IoConfig {
  // Network
  std::vector<ListenAddress> listeners = {{"default", "", 5672}};  ///< May be empty ("none").
  TcpOptions tcp;
  TlsConfig tls;
  std::uint32_t handshake_timeout_ms = 10'000;                    ///< 0 = no limit.
  std::uint16_t heartbeat_s = core::limits::heartbeat_default_s;  ///< 0 = none offered.
  std::uint32_t frame_max = core::limits::frame_size_max;
  std::uint16_t channel_max = core::limits::channel_max;  ///< 0 = no limit.
  std::uint64_t connections_max = 0;                      ///< Of this process; 0 = no limit.
  std::uint64_t consumers_per_channel_max = 0;            ///< 0 = no limit.
  bool channel_flow = false;  ///< channel.flow(active=false) stops consumers; else it is 540.
  std::uint64_t consumer_timeout_ms = 0;  ///< 0 = none.
  std::uint64_t message_size_max = core::limits::message_size_max_default;
  core::Interceptors interceptors;

  // Users and virtual hosts. users[0] is default_user; vhosts[0] is default_vhost.
  std::vector<UserConfig> users = {{"guest", "guest", {"administrator"}}};
  std::vector<std::string> vhosts = {"/"};
  std::string default_queue_type;  ///< Virtual hosts that have none get it; "": they do not.
  std::string event_vhost;         ///< Has amq.rabbitmq.event; empty = default_vhost.
  AuthConfig auth;

  // Memory
  MemoryWatermark memory_watermark;
  double memory_paging_ratio = 0.5;  ///< Of the watermark.
  std::optional<std::uint64_t> total_memory_override;
  std::uint32_t recv_buffer_count = 64;  ///< Per shard, a power of two.
  std::uint32_t recv_buffer_size = 64 * 1024;

  DiskFreeLimit disk_free_limit;

  // Threads
  std::uint16_t shards = 0;      ///< 0 = auto; see placement.h.
  std::vector<unsigned> cpuset;  ///< Sorted, unique numbers of CPUs; empty = all allowed.
  PinMode pin = PinMode::automatic;
  IdleMode idle = IdleMode::sleep;
  std::uint32_t idle_spin_us = 50;        ///< Of IdleMode::adaptive.
  std::uint32_t idle_disk_spin_us = 100;  ///< While the journal is being written; 0: not at all.

  // Identity; what clients see in the server properties of connection.start.
  std::string cluster_name;  ///< Never empty after loading: defaults to lepus@<host name>.
  std::string product_name = "RabbitMQ";
  std::string product_version = "3.13.7";

  std::string data_dir = "/var/lib/lepus";
  std::string management_socket;  ///< "" = lepus.sock in data_dir, "none" = none.
  std::string load_definitions;   ///< File or directory in RabbitMQ's format; "" = none.
  ImportRules import_rules;

  // Journal
  persist::SyncMode journal_sync = persist::SyncMode::always;
  std::uint32_t journal_sync_interval_ms = 200;                  ///< Of SyncMode::interval.
  std::uint64_t journal_segment_size = std::uint64_t{64} << 20;  ///< Of a file.
  LogConfig log;

  ConfigSources sources;  ///< What this was made from, to make it anew; see config_reload.h.

  const UserConfig* find_user(std::string_view name) const;  ///< nullptr = no such user.
  bool is_loopback_only(std::string_view user_name) const;
  /// Of AMQP, or one of HTTP without a certificate of its own: ssl_options count.
  bool has_tls_listener() const;
  /// Those of HTTP, plain and in TLS, that are to be open.
  std::vector<ListenAddress> http_listeners() const;
  /// With those of AMQP, which come first.
  std::vector<ListenAddress> all_listeners() const;
};

struct ConfigResult {
  ServerConfig config;
  std::vector<std::string> files;     ///< The files that were read, in order.
  std::vector<std::string> errors;    ///< Complete lines: origin, key, what is wrong, what to do.
  std::vector<std::string> warnings;  ///< The same, for what does not stop the start.
  bool ok() const { return errors.empty(); }
};

/// The files that make up the configuration, in the order in which they are read.
std::vector<std::string> find_config_files(const ConfigSources& sources);

/// Never throws; a file that cannot be read is an error in the result. All errors are collected,
/// so that one start shows them all.
ConfigResult load_config(const ConfigSources& sources);

/// A node of RabbitMQ is called name@host; so are the processes it shows: "lepus@host".
std::string node_name(const ServerConfig& config);

}  // namespace lepus::server
