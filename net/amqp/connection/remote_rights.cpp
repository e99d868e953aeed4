// From questions of sessions to those of a service, and back.
#include "net/amqp/connection/remote_rights.h"

#include <algorithm>

#include "core/limits.h"

namespace lepus::amqp {

using core::AuthAnswer;
using core::AuthQuestion;
using core::LogCategory;
using core::LogLevel;
using core::Verdict;

AuthQuestion RemoteRights::new_question(AuthQuestion::Kind kind) const {
  AuthQuestion question;
  question.kind = kind;
  question.user = parts_.facts.user;
  question.tags = tags_;
  question.vhost = parts_.facts.vhost_name;
  return question;
}

Verdict RemoteRights::judge_vhost(std::string_view vhost) {
  AuthQuestion question = new_question(AuthQuestion::Kind::vhost);
  question.vhost = vhost;
  question.client_address = parts_.facts.peer.remote.address;
  return decide(std::move(question));
}

Verdict RemoteRights::judge(const core::AccessQuestion& asked) {
  AuthQuestion question = new_question(AuthQuestion::Kind::resource);
  question.resource = asked.kind;
  question.permission = asked.permission;
  question.name = core::name_of(asked);
  return decide(std::move(question));
}

Verdict RemoteRights::judge(const core::TopicQuestion& asked) {
  AuthQuestion question = new_question(AuthQuestion::Kind::topic);
  question.permission = asked.permission;
  question.name = asked.exchange;
  question.routing_key = asked.key;
  return decide(std::move(question));
}

bool RemoteRights::has_tag(std::string_view tag) const {
  return std::find(tags_.begin(), tags_.end(), tag) != tags_.end();
}

Verdict RemoteRights::decide(AuthQuestion&& question) {
  std::string key = core::auth_cache_key(question);
  const auto answered = std::find_if(answered_.begin(), answered_.end(),
                                     [&](const Answered& one) { return one.key == key; });
  std::optional<bool> is_allowed;
  if (answered != answered_.end()) {
    is_allowed = answered->is_allowed;
  } else {
    is_allowed = parts_.services.auth_cache().find(key, parts_.services.now());
  }
  if (is_allowed) return *is_allowed ? Verdict::allowed : Verdict::refused;
  wanted_ = std::move(question);
  wanted_key_ = std::move(key);
  return Verdict::unknown;
}

bool RemoteRights::ask(std::uint16_t channel) {
  CHECK(wanted_.has_value());
  AuthQuestion question = *std::exchange(wanted_, std::nullopt);
  channel_ = channel;
  if (answered_.size() < core::limits::auth_rounds_max && parts_.asker.ask(std::move(question)))
    return true;
  parts_.services.log().write(
      LogLevel::error, LogCategory::connection, "rights are refused: the service was not asked",
      {{"peer", parts_.facts.peer.text()},
       {"user", parts_.facts.user},
       {"reason", "too many questions of this method or of all connections wait for their answers"},
       {"questions", answered_.size()}});
  answered_.push_back({std::move(wanted_key_), false});
  return false;
}

std::uint16_t RemoteRights::on_answer(const AuthAnswer& answer) {
  const bool is_allowed = answer.kind == AuthAnswer::Kind::allowed;
  const LoginSettings& settings = parts_.services.settings().login;
  const bool is_cached =
      is_allowed || (answer.kind == AuthAnswer::Kind::refused && settings.keeps_refusals);
  const core::Nanos now = parts_.services.now();
  if (is_cached)
    parts_.services.auth_cache().put(wanted_key_, is_allowed, now, now + settings.answers_kept);
  if (!is_allowed && !answer.text.empty())
    parts_.services.log().write(LogLevel::warning, LogCategory::connection,
                                "rights are refused by the service",
                                {{"peer", parts_.facts.peer.text()},
                                 {"user", parts_.facts.user},
                                 {"vhost", parts_.facts.vhost_name},
                                 {"reason", answer.text}});
  answered_.push_back({std::move(wanted_key_), is_allowed});
  return channel_;
}

void RemoteRights::forget() {
  wanted_.reset();
  answered_.clear();
}

}  // namespace lepus::amqp
