// See auth_thread.h.
#include "tools/server/auth/auth_thread.h"

#include <utility>

#include "core/limits.h"
#include "io/os.h"
#include "tools/server/auth/auth_link.h"
#include "tools/server/auth/http_transfers.h"

namespace lepus::server {

namespace {

/// How the keys of tokens are fetched: a short request that nobody has to wait long for.
AuthHttpConfig fetching_of(const OAuth2Config& config) {
  AuthHttpConfig made;
  made.request_timeout_ms = 5'000;
  made.connection_timeout_ms = 5'000;
  made.ca_file = config.ca_file;
  made.verifies_peer = config.verifies_peer;
  return made;
}

std::int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

AuthThread::AuthThread(const AuthConfig& config, core::Log& log)
    : jwks_url_(config.oauth2.jwks_url),
      log_(log),
      verifier_(config.oauth2),
      transfers_(std::make_unique<HttpTransfers>(config.http, fetching_of(config.oauth2), log)) {}

AuthThread::~AuthThread() { stop(); }

void AuthThread::start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] {
    io::name_thread("auth");
    run();
  });
}

void AuthThread::stop() {
  is_stopping_ = true;
  transfers_->wake();
  if (thread_.joinable()) thread_.join();
}

bool AuthThread::submit(AuthJob&& job) {
  if (open_count_.fetch_add(1) >= core::limits::auth_questions_max) {
    --open_count_;
    return false;
  }
  {
    const std::lock_guard lock{mutex_};
    submitted_.push_back(std::move(job));
  }
  transfers_->wake();
  return true;
}

void AuthThread::run() {
  while (!is_stopping_) {
    std::deque<AuthJob> jobs;
    {
      const std::lock_guard lock{mutex_};
      jobs.swap(submitted_);
    }
    for (AuthJob& job : jobs) {
      if (job.question.backend == core::AuthBackend::oauth2) {
        on_token(std::move(job));
      } else {
        transfers_->add(std::move(job));
      }
    }
    transfers_->work(
        [this](AuthLink& to, core::AuthAnswer&& made) { answer(to, std::move(made)); });
  }
}

void AuthThread::answer(AuthLink& to, core::AuthAnswer&& answer) {
  --open_count_;
  to.deliver(std::move(answer));
}

/// Keys change: an unknown one makes them be fetched again, but not for each token that names one.
bool AuthThread::may_fetch() const {
  constexpr std::chrono::seconds pause{10};
  const auto now = std::chrono::steady_clock::now();
  return fetched_at_ == std::chrono::steady_clock::time_point{} || now - fetched_at_ >= pause;
}

void AuthThread::on_token(AuthJob&& job) {
  TokenVerifier::Verified verified =
      verifier_.verify(job.question.password.value_or(""), seconds_since_1970());
  if (verified.wants_keys && (is_fetching_ || may_fetch())) {
    wait_for_keys_.push_back(std::move(job));
    if (!std::exchange(is_fetching_, true))
      transfers_->fetch(jwks_url_, [this](HttpTransfers::Fetched&& fetched) {
        on_keys(fetched.text, fetched.error);
      });
    return;
  }
  verified.answer.ticket = job.question.ticket;
  answer(*job.from, std::move(verified.answer));
}

/// Keys that were fetched before stay when others cannot be had.
void AuthThread::on_keys(const std::string& text, const std::string& error) {
  is_fetching_ = false;
  fetched_at_ = std::chrono::steady_clock::now();
  std::string why = error;
  if (why.empty()) {
    std::vector<JwkSetKey> keys = read_jwk_set(text, why);
    if (why.empty()) verifier_.set_fetched(std::move(keys));
  }
  if (!why.empty())
    log_.write(core::LogLevel::error, core::LogCategory::general,
               "the keys of tokens cannot be fetched", {{"url", jwks_url_}, {"reason", why}});
  for (AuthJob& job : std::exchange(wait_for_keys_, {})) on_token(std::move(job));
}

}  // namespace lepus::server
