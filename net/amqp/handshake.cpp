// The handshake: start, start-ok (SASL PLAIN or AMQPLAIN), tune, tune-ok, open. What a client does
// wrong before connection.open is answered by closing the socket, after a while, as RabbitMQ does;
// but refused logins and limits are told (docs/COMPATIBILITY.md).
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/access/access_rules.h"
#include "core/access/password_hash.h"
#include "core/message/field_table.h"
#include "net/amqp/connection.h"
#include "net/amqp/connection/events.h"
#include "net/amqp/server.h"

namespace lepus::amqp {

using core::AmqpError;
using core::LogCategory;
using core::LogLevel;
using core::ReplyCode;

namespace {

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

/// PLAIN (RFC 4616): authzid NUL authcid NUL password; an authzid is not accepted.
bool split_plain(std::string_view response, std::string_view& name, std::string_view& password) {
  if (!response.starts_with('\0')) return false;
  const std::size_t second = response.find('\0', 1);
  if (second == std::string_view::npos) return false;
  name = response.substr(1, second - 1);
  password = response.substr(second + 1);
  return password.find('\0') == std::string_view::npos;
}

/// AMQPLAIN: the inside of a field table with LOGIN and PASSWORD.
bool split_amqplain(std::string_view response, std::string_view& name, std::string_view& password) {
  const core::Bytes bytes = core::as_bytes(response);
  if (core::FieldTable::validate(bytes)) return false;
  const core::FieldTable table{bytes};
  const auto login = table.find("LOGIN");
  const auto secret = table.find("PASSWORD");
  if (!login || !secret || !login->is_string() || !secret->is_string()) return false;
  name = login->text();
  password = secret->text();
  return true;
}

/// A hash that cannot be read was refused where it came from; in doubt nobody logs in with it.
bool accepts(const core::UserSpec& user, std::string_view password) {
  core::PasswordHash hash;
  return hash.read(user.hashing_algorithm, user.password_hash).empty() && hash.matches(password);
}

bool has_capability(const core::FieldTable& capabilities, std::string_view name) {
  const auto value = capabilities.find(name);
  return value && value->is_bool() && value->as_bool();
}

}  // namespace

void Connection::send_start() {
  phase_ = Phase::starting;
  const std::string mechanisms = fmt::format("{}", fmt::join(services_.settings().mechanisms, " "));
  send(ConnectionStart{0, 9, services_.server_properties(), mechanisms, "en_US"});
}

template <class Method>
Connection::Outcome Connection::in_handshake(core::Bytes arguments,
                                             Outcome (Connection::*handler)(const Method&)) {
  Method method;
  if (!decode(arguments, method)) return decode_error(Method::id, arguments);
  return (this->*handler)(method);
}

void Connection::on_handshake_method(MethodId method, core::Bytes arguments) {
  Outcome error;
  if (phase_ == Phase::starting && method == MethodId::connection_start_ok) {
    error = in_handshake<ConnectionStartOk>(arguments, &Connection::on_start_ok);
  } else if (phase_ == Phase::tuning && method == MethodId::connection_tune_ok) {
    error = in_handshake<ConnectionTuneOk>(arguments, &Connection::on_tune_ok);
  } else if (phase_ == Phase::opening && method == MethodId::connection_open) {
    error = in_handshake<ConnectionOpen>(arguments, &Connection::on_open);
  } else {
    error =
        AmqpError{ReplyCode::command_invalid,
                  "unexpected method " + std::string{method_name(method)} + " during the handshake",
                  class_id_of(method), method_id_of(method)};
  }
  if (!error) return;
  if (!(phase_ == Phase::starting && error->code == ReplyCode::access_refused))  // Logged already.
    services_.log().write(LogLevel::warning, LogCategory::connection, "handshake failed",
                          {{"peer", facts_.peer.text()}, {"reason", error->text()}});
  refuse(std::move(*error));
}

void Connection::read_capabilities(core::Bytes client_properties) {
  const auto table = core::FieldTable{client_properties}.find("capabilities");
  if (!table || !table->is_table()) return;
  const core::FieldTable capabilities = table->table();
  facts_.capabilities.authentication_failure_close =
      has_capability(capabilities, "authentication_failure_close");
  facts_.capabilities.connection_blocked = has_capability(capabilities, "connection.blocked");
  facts_.capabilities.consumer_cancel_notify =
      has_capability(capabilities, "consumer_cancel_notify");
  facts_.capabilities.channel_flow = has_capability(capabilities, "channel_flow");
}

Connection::Outcome Connection::on_start_ok(const ConnectionStartOk& start_ok) {
  facts_.client_properties = core::as_text(start_ok.client_properties);
  read_capabilities(start_ok.client_properties);
  Login login;
  const bool plain = start_ok.mechanism == "PLAIN";
  const auto& offered = services_.settings().mechanisms;
  if (std::find(offered.begin(), offered.end(), start_ok.mechanism) == offered.end())
    return AmqpError{ReplyCode::syntax_error,
                     "unknown authentication mechanism '" + std::string{start_ok.mechanism} + "'"};
  const bool well_formed = plain ? split_plain(start_ok.response, login.name, login.password)
                                 : split_amqplain(start_ok.response, login.name, login.password);
  if (!well_formed)
    return AmqpError{ReplyCode::syntax_error, "malformed response to authentication mechanism " +
                                                  std::string{start_ok.mechanism}};
  if (Outcome refused = check_login(start_ok.mechanism, login)) return refused;
  const core::UserInfo* user = services_.broker().topology().access().find_user(login.name);
  CHECK(user != nullptr);
  facts_.user = user->spec.name;
  facts_.user_id = user->id;
  facts_.mechanism = start_ok.mechanism;
  emit_login(services_.broker(), facts_, {facts_.user, facts_.mechanism});
  phase_ = Phase::tuning;
  const Settings& settings = services_.settings();
  send(ConnectionTune{settings.channel_max, settings.frame_max, settings.heartbeat_s});
  return std::nullopt;
}

/// 403 closes the whole connection here; it is told only to clients that announced
/// authentication_failure_close.
Connection::Outcome Connection::check_login(std::string_view mechanism, const Login& login) {
  const core::UserInfo* user = services_.broker().topology().access().find_user(login.name);
  const char* why = nullptr;
  if (user == nullptr || !accepts(user->spec, login.password)) {
    why = "user unknown or password wrong";
  } else if (services_.settings().loopback_users.contains(login.name) &&
             !is_loopback(facts_.peer.remote.address)) {
    why = "user can only connect via a loopback address";
  }
  if (why == nullptr) return std::nullopt;
  services_.log().write(LogLevel::warning, LogCategory::connection, "login refused",
                        {{"peer", facts_.peer.text()},
                         {"user", login.name},
                         {"connection_name", given_name(facts_)},
                         {"reason", why}});
  emit_login(services_.broker(), facts_, {login.name, mechanism, why});
  AmqpError error{ReplyCode::access_refused, "Login was refused using authentication mechanism " +
                                                 std::string{mechanism} +
                                                 ". For details see the broker logfile."};
  error.whole_connection = facts_.capabilities.authentication_failure_close;
  return error;
}

Connection::Outcome Connection::on_tune_ok(const ConnectionTuneOk& tune_ok) {
  const Settings& settings = services_.settings();
  const auto refuse = [](std::string_view field, std::uint32_t value, std::string_view relation,
                         std::uint32_t limit) {
    AmqpError error{ReplyCode::not_allowed,
                    "negotiated " + std::string{field} + " = " + std::to_string(value) + " is " +
                        std::string{relation} + " allowed value (" + std::to_string(limit) + ")"};
    error.class_id = class_connection;
    error.method_id = method_id_of(MethodId::connection_tune_ok);
    error.whole_connection = true;
    return error;
  };
  if (tune_ok.frame_max == 0 || tune_ok.frame_max > settings.frame_max)
    return refuse("frame_max", tune_ok.frame_max, "higher than the maximum", settings.frame_max);
  if (tune_ok.frame_max < frame_min_size)
    return refuse("frame_max", tune_ok.frame_max, "lower than the minimum", frame_min_size);
  const bool unlimited = settings.channel_max == 0;
  if (!unlimited && (tune_ok.channel_max == 0 || tune_ok.channel_max > settings.channel_max))
    return refuse("channel_max", tune_ok.channel_max, "higher than the maximum",
                  settings.channel_max);
  facts_.tuned.channel_max = tune_ok.channel_max == 0 ? UINT16_MAX : tune_ok.channel_max;
  writer_.set_frame_max(tune_ok.frame_max);
  facts_.tuned.frame_max = tune_ok.frame_max;
  payload_max_ = payload_max_of(tune_ok.frame_max);
  facts_.tuned.heartbeat_s = tune_ok.heartbeat;
  phase_ = Phase::opening;
  return std::nullopt;
}

/// RabbitMQ's order: the limits of the virtual host and of the user, then whether he has access.
Connection::Outcome Connection::admit(const core::VhostInfo& vhost) {
  const core::Access& access = services_.broker().topology().access();
  const core::Subject subject{facts_.user, vhost.name};
  const core::UserInfo* user = access.find_user(facts_.user);
  const core::Limit user_limit = user == nullptr ? core::Limit{} : user->spec.limits.connections;
  core::QuotaCounter& uses = services_.uses();
  const core::QuotaKey of_vhost{core::QuotaKey::Kind::vhost_connections, vhost.id.value};
  const core::QuotaKey of_user{core::QuotaKey::Kind::user_connections, facts_.user_id.value};
  if (!uses.acquire(of_vhost, vhost.limits.connections))
    return core::vhost_connections_reached(subject, vhost.limits.connections);
  if (!uses.acquire(of_user, user_limit)) {
    uses.release(of_vhost);
    return core::user_connections_reached(facts_.user, user_limit);
  }
  facts_.vhost = vhost.id;
  facts_.vhost_name = vhost.name;
  is_counted_ = true;  // Until it is over.
  return core::check_vhost_access(access, subject);
}

Connection::Outcome Connection::on_open(const ConnectionOpen& open) {
  const core::VhostInfo* vhost = services_.broker().topology().find_vhost(open.virtual_host);
  Outcome error;
  if (vhost == nullptr) {
    error =
        AmqpError{ReplyCode::not_allowed, "vhost " + std::string{open.virtual_host} + " not found"};
  } else {
    error = admit(*vhost);
  }
  if (error) {
    error->class_id = class_connection;
    error->method_id = method_id_of(MethodId::connection_open);
    error->whole_connection = true;
    return error;
  }
  phase_ = Phase::open;
  is_announced_ = true;
  refresh_trace();
  emit_connection_created(services_.broker(), facts_);
  send(ConnectionOpenOk{});
  const core::Nanos now = services_.now();
  services_.loop().timers().cancel(timer_);
  heartbeat_.start(facts_.tuned.heartbeat_s, now);
  on_heartbeat_due(now);
  services_.log().write(LogLevel::info, LogCategory::connection, "connection opened",
                        {{"peer", facts_.peer.text()},
                         {"user", facts_.user},
                         {"vhost", facts_.vhost_name},
                         {"connection_name", given_name(facts_)}});
  return std::nullopt;
}

}  // namespace lepus::amqp
