// Through the chain, as far as it goes without waiting.
#include "net/amqp/connection/login.h"

#include <fmt/format.h>

#include <utility>

#include "core/access/password_hash.h"
#include "net/amqp/connection/events.h"

namespace lepus::amqp {

using core::AuthAnswer;
using core::AuthBackend;
using core::LogCategory;
using core::LogLevel;

namespace {

/// A hash that cannot be read was refused where it came from; in doubt nobody logs in with it. A
/// user who is not there takes as long.
bool accepts(const core::UserInfo* user, std::string_view password) {
  core::PasswordHash hash;
  const bool is_read =
      user != nullptr && hash.read(user->spec.hashing_algorithm, user->spec.password_hash).empty();
  return hash.matches(password) && is_read;
}

}  // namespace

Login::~Login() { core::wipe(credentials_.password); }

core::LoginAttempt Login::attempt() const {
  return {parts_.facts.peer.remote.address, credentials_.name, parts_.services.now()};
}

Login::Outcome Login::begin(Credentials credentials) {
  core::wipe(credentials_.password);
  credentials_ = std::move(credentials);
  given_name_ = credentials_.name;
  step_ = 0;
  stage_ = Stage::authn;
  why_not_.clear();
  if (!credentials_.has_password && credentials_.name.empty()) {
    why_not_ = "connection peer presented no TLS (x.509) certificate";
    return refuse();
  }
  if (!parts_.services.logins().may_try(attempt())) {
    why_not_ = "too many failed logins from this address or for this user; see login_failures";
    return refuse();
  }
  return go_on();
}

AuthBackend Login::backend() const {
  const core::AuthStep& step = parts_.services.settings().login.backends[step_];
  return stage_ == Stage::authn ? step.authn : step.authz;
}

Login::Outcome Login::go_on() {
  while (step_ < parts_.services.settings().login.backends.size()) {
    if (backend() != AuthBackend::internal) {
      if (ask_user()) return Outcome::waits;
      fail_step("nobody can be asked: too many questions wait for their answers");
    } else if (!is_internal_user()) {
      fail_step("user unknown or password wrong");
    } else if (pass_stage()) {
      return accept();
    }
  }
  return refuse();
}

/// The settings may be other ones than when it was asked: their chain may be shorter.
Login::Outcome Login::on_answer(const AuthAnswer& answer) {
  if (step_ >= parts_.services.settings().login.backends.size()) return refuse();
  if (answer.kind != AuthAnswer::Kind::allowed) {
    fail_step(answer.text);
  } else {
    if (stage_ == Stage::authn) tags_ = answer.tags;
    if (!answer.token.user.empty()) {
      token_ = answer.token;
      credentials_.name = token_.user;
    }
    if (pass_stage()) return accept();
  }
  return go_on();
}

/// For authorization he must be known: his password was somebody else's matter.
bool Login::is_internal_user() const {
  const core::Access& access = parts_.services.broker().topology().access();
  const core::UserInfo* user = access.find_user(credentials_.name);
  if (stage_ == Stage::authz || !credentials_.has_password) return user != nullptr;
  return accepts(user, credentials_.password);
}

bool Login::ask_user() {
  core::AuthQuestion question;
  question.kind = core::AuthQuestion::Kind::user;
  question.backend = backend();
  question.user = credentials_.name;
  if (credentials_.has_password) question.password = credentials_.password;
  return parts_.asker.ask(std::move(question));
}

/// Returns true if that was the last one of the step.
bool Login::pass_stage() {
  const core::AuthStep& step = parts_.services.settings().login.backends[step_];
  if (stage_ == Stage::authz || step.authn == step.authz) return true;
  stage_ = Stage::authz;
  return false;
}

void Login::fail_step(std::string_view why) {
  if (parts_.services.settings().login.backends.size() == 1) {
    why_not_ = why;
  } else {
    why_not_ +=
        fmt::format("{}{}: {}", why_not_.empty() ? "" : "; ", core::backend_name(backend()), why);
  }
  token_ = {};
  credentials_.name = given_name_;
  ++step_;
  stage_ = Stage::authn;
  tags_.clear();
}

Login::Outcome Login::accept() {
  Services& services = parts_.services;
  ConnectionFacts& facts = parts_.facts;
  if (services.settings().loopback_users.contains(credentials_.name) && !facts.peer.is_loopback()) {
    why_not_ = "user can only connect via a loopback address";
    return refuse();
  }
  services.logins().on_success(attempt());
  const core::AuthStep& step = services.settings().login.backends[step_];
  const core::UserInfo* user = services.broker().topology().access().find_user(credentials_.name);
  facts.user = credentials_.name;
  if (user != nullptr) facts.user_id = user->id;
  if (step.authz == AuthBackend::oauth2) {
    auto rights = std::make_unique<TokenRights>(services, facts, token_, std::move(tags_));
    token_rights_ = rights.get();
    rights_ = std::move(rights);
    facts.login.rights = rights_.get();
  } else if (step.authz != AuthBackend::internal) {
    if (user != nullptr && step.authn == AuthBackend::internal) tags_ = user->spec.tags;
    rights_ = std::make_unique<RemoteRights>(RemoteRights::Parts{services, facts, parts_.asker},
                                             std::move(tags_));
    facts.login.rights = rights_.get();
  }
  core::wipe(credentials_.password);
  emit_login(services.broker(), facts, {facts.user, facts.mechanism});
  return Outcome::accepted;
}

Login::Outcome Login::renew(std::string_view secret) {
  if (token_.user.empty()) return Outcome::accepted;
  core::AuthQuestion question;
  question.kind = core::AuthQuestion::Kind::user;
  question.backend = AuthBackend::oauth2;
  question.user = parts_.facts.user;
  question.password = secret;
  is_renewing_ = parts_.asker.ask(std::move(question));
  return is_renewing_ ? Outcome::waits : Outcome::refused;
}

Login::Outcome Login::on_renewed(const AuthAnswer& answer) {
  CHECK(is_renewing_);
  is_renewing_ = false;
  const bool is_allowed = answer.kind == AuthAnswer::Kind::allowed;
  if (!is_allowed || answer.token.user != token_.user) {
    parts_.services.log().write(
        LogLevel::warning, LogCategory::connection, "a new secret is refused",
        {{"peer", parts_.facts.peer.text()},
         {"user", parts_.facts.user},
         {"reason", is_allowed ? std::string_view{"it is of another user"} : answer.text}});
    return Outcome::refused;
  }
  token_ = answer.token;
  if (token_rights_ != nullptr) token_rights_->renew(token_, answer.tags);
  return Outcome::accepted;
}

Login::Outcome Login::refuse() {
  parts_.facts.login.refusal_delay = parts_.services.logins().on_failure(attempt());
  parts_.services.log().write(LogLevel::warning, LogCategory::connection, "login refused",
                              {{"peer", parts_.facts.peer.text()},
                               {"user", credentials_.name},
                               {"connection_name", given_name(parts_.facts)},
                               {"reason", why_not_}});
  emit_login(parts_.services.broker(), parts_.facts,
             {credentials_.name, parts_.facts.mechanism, why_not_});
  core::wipe(credentials_.password);
  return Outcome::refused;
}

}  // namespace lepus::amqp
