// What the operator decided about AMQP connections: built once at start from the configuration,
// read-only for all shards.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/auth_port.h"
#include "core/base/time.h"
#include "core/limits.h"
#include "core/limits/logins.h"
#include "core/session/publish/publish_settings.h"

namespace lepus::amqp {

/// Whether it is a SASL mechanism that can be offered.
constexpr bool is_mechanism(std::string_view name) {
  return name == "AMQPLAIN" || name == "PLAIN" || name == "EXTERNAL" || name == "ANONYMOUS";
}

/// By whom a login is judged, and what follows.
struct LoginSettings {
  std::vector<core::AuthStep> backends = {{}};  ///< In this order; never empty.
  std::string anonymous_user;                   ///< Of the mechanism ANONYMOUS; "": nobody.
  std::string anonymous_password;
  /// Of backends outside of the broker: how long an answer counts, and whether a refusal does.
  core::Nanos answers_kept = 15 * core::nanos_per_s;
  bool keeps_refusals = false;
};

struct Settings {
  // What clients see in connection.start.
  std::string product = "RabbitMQ";
  std::string version = "3.13.7";
  std::string cluster_name = "lepus";
  std::string information = "Licensed under the Apache License 2.0";

  /// SASL mechanisms that are offered, in this order.
  std::vector<std::string> mechanisms = {"AMQPLAIN", "PLAIN"};
  LoginSettings login;
  /// They may log in from 127.0.0.0/8 and ::1 only; need not be users.
  std::set<std::string, std::less<>> loopback_users;
  std::uint16_t heartbeat_s =
      core::limits::heartbeat_default_s;  ///< Offered in connection.tune; 0 = none.
  std::uint32_t frame_max = core::limits::frame_size_max;  ///< Bytes, at least frame_size_min.
  /// Of frames before connection.tune-ok: of start-ok, which may have a long token.
  std::uint32_t initial_frame_max = core::limits::initial_frame_size_max;
  std::uint16_t channel_max = core::limits::channel_max;  ///< Channels open at once; 0 = 65535.
  std::uint64_t message_size_max = core::limits::message_size_max_default;
  std::uint64_t consumers_per_channel_max = 0;  ///< 0 = no limit.
  std::uint64_t connections_max = 0;            ///< Of the whole broker; 0 = no limit.
  bool channel_flow = false;  ///< Clients may stop a channel's consumers (channel.flow).
  core::Interceptors interceptors;
  /// For the acknowledgement of a delivery, unless queue or consumer say another; core::never =
  /// none.
  core::Nanos consumer_timeout = core::never;
  /// Of a socket that takes nothing; core::never = none.
  core::Nanos send_timeout = core::limits::send_timeout_default;
  core::Nanos handshake_timeout = 10 * core::nanos_per_s;  ///< core::never = none.
};

inline core::PublishSettings publish_settings(const Settings& settings) {
  return {settings.message_size_max, settings.interceptors, settings.cluster_name};
}

}  // namespace lepus::amqp
