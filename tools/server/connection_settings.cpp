// See connection_settings.h.
#include "tools/server/connection_settings.h"

#include <algorithm>
#include <iterator>

namespace lepus::server {

namespace {

amqp::LoginSettings login_settings(const AuthConfig& config) {
  amqp::LoginSettings settings;
  settings.backends.clear();
  for (const auto& [number, step] : config.backends) {
    const core::AuthBackend authn = step.authn.value_or(core::AuthBackend::internal);
    settings.backends.push_back({authn, step.authz.value_or(authn)});
  }
  settings.anonymous_user = config.anonymous_user;
  settings.anonymous_password = config.anonymous_password;
  settings.answers_kept = config.cache_ttl_ms * core::nanos_per_ms;
  settings.keeps_refusals = config.caches_refusals;
  return settings;
}

}  // namespace

std::unique_ptr<amqp::Settings> make_settings(const ServerConfig& config) {
  auto settings = std::make_unique<amqp::Settings>();
  settings->product = config.product_name;
  settings->version = config.product_version;
  settings->cluster_name = config.cluster_name;
  settings->loopback_users = {config.auth.loopback_users.begin(), config.auth.loopback_users.end()};
  settings->heartbeat_s = config.heartbeat_s;
  settings->frame_max = config.frame_max;
  settings->initial_frame_max = config.auth.initial_frame_max;
  settings->channel_max = config.channel_max;
  settings->message_size_max = config.message_size_max;
  settings->connections_max = config.connections_max;
  settings->consumers_per_channel_max = config.consumers_per_channel_max;
  settings->channel_flow = config.channel_flow;
  settings->interceptors = config.interceptors;
  settings->login = login_settings(config.auth);
  settings->mechanisms.clear();
  std::copy_if(config.auth.mechanisms.begin(), config.auth.mechanisms.end(),
               std::back_inserter(settings->mechanisms), amqp::is_mechanism);
  constexpr std::uint64_t consumer_timeout_ms_max = core::never / core::nanos_per_ms / 2;
  if (config.consumer_timeout_ms > 0 && config.consumer_timeout_ms < consumer_timeout_ms_max)
    settings->consumer_timeout =
        static_cast<core::Nanos>(config.consumer_timeout_ms) * core::nanos_per_ms;
  settings->handshake_timeout = config.handshake_timeout_ms == 0
                                    ? core::never
                                    : config.handshake_timeout_ms * core::nanos_per_ms;
  settings->send_timeout = config.tcp.send_timeout_ms == 0
                               ? core::never
                               : config.tcp.send_timeout_ms * core::nanos_per_ms;
  return settings;
}

}  // namespace lepus::server
