// What the client's side of each step must say. What it does wrong before connection.open is
// answered by closing the socket, after a while, as RabbitMQ does; but refused logins and limits
// are told (docs/COMPATIBILITY.md).
#include "net/amqp/connection/handshake.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/access/access_rules.h"
#include "core/access/password_hash.h"
#include "core/message/field_table.h"
#include "net/amqp/connection/events.h"

namespace lepus::amqp {

using core::AmqpError;
using core::LogCategory;
using core::LogLevel;
using core::Refusal;
using core::ReplyCode;

namespace {

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

Refusal Handshake::on_protocol_header(const ProtocolHeader& header) {
  const FirstBytes first = read_first_bytes(header);
  parts_.facts.first_bytes = first;
  if (first != FirstBytes::amqp) {
    const std::string answer = answer_to_foreign(first);
    parts_.output.writer().raw(core::as_bytes(answer));
    parts_.output.touch();
    std::string text{describe_foreign(first)};
    if (first == FirstBytes::other_amqp) text += " (" + version_text(header) + ")";
    return AmqpError{ReplyCode::frame_error, std::move(text)};
  }
  parts_.phase.move_to(Phase::starting);
  const std::string mechanisms =
      fmt::format("{}", fmt::join(parts_.services.settings().mechanisms, " "));
  parts_.output.send(
      0, ConnectionStart{0, 9, parts_.services.server_properties(), mechanisms, "en_US"});
  return std::nullopt;
}

core::Result<Handshake::Step> Handshake::on_method(MethodId method, core::Bytes arguments) {
  if (Refusal error = take(method, arguments)) {
    const bool is_login =
        parts_.phase.is(Phase::starting) && error->code == ReplyCode::access_refused;
    if (!is_login)  // Logged already.
      parts_.services.log().write(LogLevel::warning, LogCategory::connection, "handshake failed",
                                  {{"peer", parts_.facts.peer.text()}, {"reason", error->text()}});
    return std::move(*error);
  }
  return parts_.phase.is(Phase::open) ? Step::opened : Step::continues;
}

Refusal Handshake::take(MethodId method, core::Bytes arguments) {
  if (parts_.phase.is(Phase::starting) && method == MethodId::connection_start_ok)
    return take_as<ConnectionStartOk>(arguments);
  if (parts_.phase.is(Phase::tuning) && method == MethodId::connection_tune_ok)
    return take_as<ConnectionTuneOk>(arguments);
  if (parts_.phase.is(Phase::opening) && method == MethodId::connection_open)
    return take_as<ConnectionOpen>(arguments);
  return AmqpError{
      ReplyCode::command_invalid,
      "unexpected method " + std::string{method_name(method)} + " during the handshake",
      class_id_of(method), method_id_of(method)};
}

template <class Method>
Refusal Handshake::take_as(core::Bytes arguments) {
  Method method;
  if (!decode(arguments, method)) return decode_error(Method::id, arguments);
  return on(method);
}

void Handshake::read_capabilities(core::Bytes client_properties) {
  const auto table = core::FieldTable{client_properties}.find("capabilities");
  if (!table || !table->is_table()) return;
  const core::FieldTable capabilities = table->table();
  parts_.facts.capabilities.authentication_failure_close =
      has_capability(capabilities, "authentication_failure_close");
  parts_.facts.capabilities.connection_blocked = has_capability(capabilities, "connection.blocked");
  parts_.facts.capabilities.consumer_cancel_notify =
      has_capability(capabilities, "consumer_cancel_notify");
  parts_.facts.capabilities.channel_flow = has_capability(capabilities, "channel_flow");
}

Refusal Handshake::on(const ConnectionStartOk& start_ok) {
  parts_.facts.client_properties = core::as_text(start_ok.client_properties);
  read_capabilities(start_ok.client_properties);
  Login login;
  const bool plain = start_ok.mechanism == "PLAIN";
  const auto& offered = parts_.services.settings().mechanisms;
  if (std::find(offered.begin(), offered.end(), start_ok.mechanism) == offered.end())
    return AmqpError{ReplyCode::syntax_error,
                     "unknown authentication mechanism '" + std::string{start_ok.mechanism} + "'"};
  const bool well_formed = plain ? split_plain(start_ok.response, login.name, login.password)
                                 : split_amqplain(start_ok.response, login.name, login.password);
  if (!well_formed)
    return AmqpError{ReplyCode::syntax_error, "malformed response to authentication mechanism " +
                                                  std::string{start_ok.mechanism}};
  if (Refusal refused = check_login(start_ok.mechanism, login)) return refused;
  const core::UserInfo* user = access().find_user(login.name);
  CHECK(user != nullptr);
  parts_.facts.user = user->spec.name;
  parts_.facts.user_id = user->id;
  parts_.facts.mechanism = start_ok.mechanism;
  emit_login(parts_.services.broker(), parts_.facts, {parts_.facts.user, parts_.facts.mechanism});
  parts_.phase.move_to(Phase::tuning);
  const Settings& settings = parts_.services.settings();
  parts_.output.send(
      0, ConnectionTune{settings.channel_max, settings.frame_max, settings.heartbeat_s});
  return std::nullopt;
}

/// 403 closes the whole connection here; it is told only to clients that announced
/// authentication_failure_close.
Refusal Handshake::check_login(std::string_view mechanism, const Login& login) {
  const core::UserInfo* user = access().find_user(login.name);
  const char* why = nullptr;
  if (user == nullptr || !accepts(user->spec, login.password)) {
    why = "user unknown or password wrong";
  } else if (parts_.services.settings().loopback_users.contains(login.name) &&
             !parts_.facts.peer.is_loopback()) {
    why = "user can only connect via a loopback address";
  }
  if (why == nullptr) return std::nullopt;
  parts_.services.log().write(LogLevel::warning, LogCategory::connection, "login refused",
                              {{"peer", parts_.facts.peer.text()},
                               {"user", login.name},
                               {"connection_name", given_name(parts_.facts)},
                               {"reason", why}});
  emit_login(parts_.services.broker(), parts_.facts, {login.name, mechanism, why});
  AmqpError error{ReplyCode::access_refused, "Login was refused using authentication mechanism " +
                                                 std::string{mechanism} +
                                                 ". For details see the broker logfile."};
  error.whole_connection = parts_.facts.capabilities.authentication_failure_close;
  return error;
}

Refusal Handshake::on(const ConnectionTuneOk& tune_ok) {
  const Settings& settings = parts_.services.settings();
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
  parts_.facts.tuned.channel_max = tune_ok.channel_max == 0 ? UINT16_MAX : tune_ok.channel_max;
  parts_.output.writer().set_frame_max(tune_ok.frame_max);
  parts_.facts.tuned.frame_max = tune_ok.frame_max;
  parts_.reader.set_frame_max(tune_ok.frame_max);
  parts_.facts.tuned.heartbeat_s = tune_ok.heartbeat;
  parts_.phase.move_to(Phase::opening);
  return std::nullopt;
}

/// RabbitMQ's order: the limits of the virtual host and of the user, then whether he has access.
Refusal Handshake::admit(const core::VhostInfo& vhost) {
  using Kind = core::QuotaKey::Kind;
  ConnectionFacts& facts = parts_.facts;
  const core::Subject subject{facts.user, vhost.name};
  const core::UserInfo* user = access().find_user(facts.user);
  const core::Limit user_limit = user == nullptr ? core::Limit{} : user->spec.limits.connections;
  const auto full =
      parts_.quota.acquire({{Kind::vhost_connections, vhost.id.value}, vhost.limits.connections},
                           {{Kind::user_connections, facts.user_id.value}, user_limit});
  if (full == Kind::vhost_connections)
    return core::vhost_connections_reached(subject, vhost.limits.connections);
  if (full) return core::user_connections_reached(facts.user, user_limit);
  facts.vhost = vhost.id;
  facts.vhost_name = vhost.name;
  return core::check_vhost_access(access(), subject);
}

Refusal Handshake::on(const ConnectionOpen& open) {
  const core::VhostInfo* vhost = parts_.services.broker().topology().find_vhost(open.virtual_host);
  Refusal error;
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
  parts_.phase.move_to(Phase::open);
  parts_.output.send(0, ConnectionOpenOk{});
  return std::nullopt;
}

}  // namespace lepus::amqp
