// What the client's side of each step must say. What it does wrong before connection.open is
// answered by closing the socket, after a while, as RabbitMQ does; but refused logins and limits
// are told (docs/COMPATIBILITY.md).
#include "net/amqp/connection/handshake.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/access/access_rules.h"
#include "core/message/field_table.h"
#include "net/amqp/connection/sasl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::LogCategory;
using core::LogLevel;
using core::Refusal;
using core::ReplyCode;

namespace {

bool has_capability(const core::FieldTable& capabilities, std::string_view name) {
  const auto value = capabilities.find(name);
  return value && value->is_bool() && value->as_bool();
}

AmqpError for_open(AmqpError error) {
  error.class_id = class_connection;
  error.method_id = method_id_of(MethodId::connection_open);
  error.whole_connection = true;
  return error;
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
  const std::string mechanisms = fmt::format(
      "{}", fmt::join(offered_mechanisms(parts_.services.settings(), parts_.facts), " "));
  parts_.output.send(
      0, ConnectionStart{0, 9, parts_.services.server_properties(), mechanisms, "en_US"});
  return std::nullopt;
}

core::Result<Handshake::Step> Handshake::on_method(MethodId method, core::Bytes arguments) {
  return step_after(take(method, arguments));
}

core::Result<Handshake::Step> Handshake::on_auth_answer(const core::AuthAnswer& answer) {
  if (parts_.phase.is(Phase::starting)) return step_after(on_login(login_.on_answer(answer)));
  if (is_renewing()) {
    if (Refusal refused = end_renewal(login_.on_renewed(answer))) return *std::move(refused);
    return Step::continues;
  }
  CHECK(parts_.phase.is(Phase::opening));
  (void)parts_.facts.login.rights->on_answer(answer);
  return step_after(finish_open());
}

core::Result<Handshake::Step> Handshake::step_after(Refusal error) {
  if (error) {
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
  const Settings& settings = parts_.services.settings();
  const auto offered = offered_mechanisms(settings, parts_.facts);
  if (std::find(offered.begin(), offered.end(), start_ok.mechanism) == offered.end())
    return AmqpError{ReplyCode::syntax_error,
                     "unknown authentication mechanism '" + std::string{start_ok.mechanism} + "'"};
  auto credentials =
      read_credentials(start_ok.mechanism, start_ok.response, settings, parts_.facts);
  if (!credentials)
    return AmqpError{ReplyCode::syntax_error, "malformed response to authentication mechanism " +
                                                  std::string{start_ok.mechanism}};
  parts_.facts.mechanism = start_ok.mechanism;
  return on_login(login_.begin(std::move(*credentials)));
}

Refusal Handshake::on_login(Login::Outcome outcome) {
  if (outcome == Login::Outcome::waits) return std::nullopt;
  if (outcome == Login::Outcome::refused) return login_refused();
  parts_.phase.move_to(Phase::tuning);
  const Settings& settings = parts_.services.settings();
  parts_.output.send(
      0, ConnectionTune{settings.channel_max, settings.frame_max, settings.heartbeat_s});
  return std::nullopt;
}

/// 403 closes the whole connection here; it is told only to clients that announced
/// authentication_failure_close.
Refusal Handshake::login_refused() const {
  AmqpError error{ReplyCode::access_refused, "Login was refused using authentication mechanism " +
                                                 parts_.facts.mechanism +
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
/// Who is not known here has no limits.
Refusal Handshake::admit(const core::VhostInfo& vhost) {
  using Kind = core::QuotaKey::Kind;
  ConnectionFacts& facts = parts_.facts;
  const core::UserInfo* user = access().find_user(facts.user);
  const core::Limit user_limit = user == nullptr ? core::Limit{} : user->spec.limits.connections;
  const auto full =
      parts_.quota.acquire({{Kind::vhost_connections, vhost.id.value}, vhost.limits.connections},
                           {{Kind::user_connections, facts.user_id.value}, user_limit});
  if (full == Kind::vhost_connections)
    return core::vhost_connections_reached({facts.user, vhost.name}, vhost.limits.connections);
  if (full) return core::user_connections_reached(facts.user, user_limit);
  facts.vhost = vhost.id;
  facts.vhost_name = vhost.name;
  return finish_open();
}

/// Nothing: it is open, or an answer is awaited, after which this is done again. The virtual host
/// may have been deleted meanwhile: then the connection is closed for that.
Refusal Handshake::finish_open() {
  ConnectionFacts& facts = parts_.facts;
  Refusal refused;
  if (ConnectionRights* const rights = facts.login.rights) {
    core::Verdict verdict = rights->judge_vhost(facts.vhost_name);
    if (verdict == core::Verdict::unknown) {
      if (rights->ask(0)) return std::nullopt;
      verdict = rights->judge_vhost(facts.vhost_name);
    }
    CHECK(verdict != core::Verdict::unknown);
    rights->forget();
    if (verdict == core::Verdict::refused) {
      refused = core::vhost_refused({facts.user, facts.vhost_name});
      refused->detail += rights->refusal_note();
    }
  } else {
    refused = core::check_vhost_access(access(), {facts.user, facts.vhost_name});
  }
  if (refused) return for_open(std::move(*refused));
  parts_.phase.move_to(Phase::open);
  parts_.output.send(0, ConnectionOpenOk{});
  return std::nullopt;
}

Refusal Handshake::end_renewal(Login::Outcome outcome) {
  if (outcome == Login::Outcome::refused)
    return AmqpError{ReplyCode::not_allowed, "New secret was refused by one of the backends",
                     class_connection, method_id_of(MethodId::connection_update_secret)};
  if (outcome == Login::Outcome::accepted) parts_.output.send(0, ConnectionUpdateSecretOk{});
  return std::nullopt;
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
  if (error) return for_open(std::move(*error));
  return std::nullopt;
}

}  // namespace lepus::amqp
