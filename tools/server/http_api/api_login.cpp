// See api_login.h.
#include "tools/server/http_api/api_login.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/access/password_hash.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/config/config.h"

namespace lepus::server {

using core::AuthAnswer;
using core::AuthBackend;

namespace {

constexpr std::size_t credentials_size_max = 64 << 10;

bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char left, char right) {
    return (left >= 'A' && left <= 'Z' ? left - 'A' + 'a' : left) == right;
  });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// A hash that cannot be read lets nobody in; a user who is not there takes as long.
bool accepts(const core::UserInfo* user, std::string_view password) {
  core::PasswordHash hash;
  const bool is_read =
      user != nullptr && hash.read(user->spec.hashing_algorithm, user->spec.password_hash).empty();
  return hash.matches(password) && is_read;
}

}  // namespace

std::optional<ApiCredentials> decode_credentials(std::string_view text) {
  if (text.size() > credentials_size_max) return std::nullopt;
  const std::optional<std::string> decoded = decode_base64(text);
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return ApiCredentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

std::optional<ApiCredentials> read_credentials(const net::HttpRequest& request,
                                               const ApiSettings& settings) {
  const std::string_view header = request.header("authorization");
  const std::size_t space = std::min(header.find(' '), header.size());
  const std::string_view scheme = header.substr(0, space);
  const std::string_view value = trimmed(header.substr(space));
  if (is_word(scheme, "bearer") && !value.empty()) return ApiCredentials{"", std::string{value}};
  if (is_word(scheme, "basic") && settings.takes_passwords) return decode_credentials(value);
  if (header.empty() && settings.takes_certificates && request.security != nullptr &&
      request.security->peer_cert_login)
    return ApiCredentials{*request.security->peer_cert_login, std::nullopt};
  return std::nullopt;
}

ApiLogin::ApiLogin(const Parts& parts, ApiCredentials credentials)
    : parts_(parts), credentials_(std::move(credentials)), given_name_(credentials_.name) {
  for (const auto& [number, step] : parts_.place.host.config().auth.backends) {
    const AuthBackend authn = step.authn.value_or(AuthBackend::internal);
    steps_.push_back({authn, step.authz.value_or(authn)});
  }
}

ApiLogin::~ApiLogin() {
  parts_.place.auth.forget(question_);
  if (credentials_.password) core::wipe(*credentials_.password);
}

core::LoginAttempt ApiLogin::attempt() const {
  return {parts_.peer.remote.address, credentials_.name, parts_.place.loop.now()};
}

ApiLogin::Outcome ApiLogin::start() {
  ++parts_.place.login_counts.attempts;
  if (!parts_.place.logins.may_try(attempt())) {
    why_not_ = "too many failed logins from this address or for this user; see login_failures";
    return refuse();
  }
  return go_on();
}

AuthBackend ApiLogin::backend() const {
  return stage_ == Stage::authn ? steps_[step_].authn : steps_[step_].authz;
}

ApiLogin::Outcome ApiLogin::go_on() {
  while (step_ < steps_.size()) {
    if (backend() != AuthBackend::internal) {
      if (ask()) return Outcome::waits;
      fail_step("nobody can be asked: too many questions wait for their answers");
    } else if (!is_internal_user()) {
      fail_step("user unknown or password wrong");
    } else if (pass_stage()) {
      return accept();
    }
  }
  return refuse();
}

/// For authorization he must be known: his password was somebody else's matter.
bool ApiLogin::is_internal_user() const {
  const core::UserInfo* user = parts_.place.broker.topology().access().find_user(credentials_.name);
  if (stage_ == Stage::authz || !credentials_.password) return user != nullptr;
  return accepts(user, *credentials_.password);
}

bool ApiLogin::ask() {
  core::AuthQuestion question;
  question.kind = core::AuthQuestion::Kind::user;
  question.backend = backend();
  question.user = credentials_.name;
  question.password = credentials_.password;
  question_ = parts_.place.auth.ask(std::move(question), *this);
  return question_ != 0;
}

void ApiLogin::on_auth_answer(const AuthAnswer& answer) {
  question_ = 0;
  Outcome outcome = Outcome::waits;
  if (answer.kind != AuthAnswer::Kind::allowed) {
    fail_step(answer.text);
  } else {
    if (stage_ == Stage::authn) user_.tags = answer.tags;
    if (!answer.token.user.empty()) {
      token_ = answer.token;
      credentials_.name = token_.user;
    }
    if (pass_stage()) outcome = accept();
  }
  if (outcome == Outcome::waits) outcome = go_on();
  if (outcome != Outcome::waits) parts_.listener.on_login(outcome);
}

/// Returns true if that was the last one of the step.
bool ApiLogin::pass_stage() {
  if (stage_ == Stage::authz || steps_[step_].authn == steps_[step_].authz) return true;
  stage_ = Stage::authz;
  return false;
}

void ApiLogin::fail_step(std::string_view why) {
  if (!why_not_.empty()) why_not_ += "; ";
  if (steps_.size() > 1) why_not_ += std::string{core::backend_name(backend())} + ": ";
  why_not_ += why;
  token_ = {};
  credentials_.name = given_name_;
  ++step_;
  stage_ = Stage::authn;
  user_.tags.clear();
}

ApiLogin::Outcome ApiLogin::accept() {
  const std::vector<std::string>& local_only = parts_.place.host.config().auth.loopback_users;
  user_.name = credentials_.name;
  if (!parts_.peer.is_loopback() &&
      std::find(local_only.begin(), local_only.end(), user_.name) != local_only.end()) {
    why_not_ = reason_ = "User can only log in via localhost";
    return refuse();
  }
  const Step& step = steps_[step_];
  user_.authority = step.authz;
  const core::UserInfo* known = parts_.place.broker.topology().access().find_user(user_.name);
  if (step.authn == AuthBackend::internal || step.authz == AuthBackend::internal)
    if (known != nullptr && user_.tags.empty()) user_.tags = known->spec.tags;
  if (step.authz == AuthBackend::oauth2) {
    user_.scopes = std::make_shared<core::Scopes>(token_.scopes);
    if (user_.tags.empty()) user_.tags = user_.scopes->tags();
  }
  parts_.place.logins.on_success(attempt());
  ++parts_.place.login_counts.succeeded;
  return Outcome::accepted;
}

ApiLogin::Outcome ApiLogin::refuse() {
  delay_ = parts_.place.logins.on_failure(attempt());
  ++parts_.place.login_counts.failed;
  parts_.place.log.write(
      core::LogLevel::warning, core::LogCategory::connection, "login to the HTTP API refused",
      {{"peer", parts_.peer.text()}, {"user", credentials_.name}, {"reason", why_not_}});
  return Outcome::refused;
}

}  // namespace lepus::server
