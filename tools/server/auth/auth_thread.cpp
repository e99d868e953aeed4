// See auth_thread.h.
#include "tools/server/auth/auth_thread.h"

#include <utility>

#include "core/limits.h"
#include "io/os.h"
#include "tools/server/auth/auth_link.h"

namespace lepus::server {

namespace {

std::int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

AuthThread::AuthThread(const AuthConfig& config, core::Log& log)
    : log_(log),
      verifier_(config.oauth2),
      transfers_(std::make_unique<HttpTransfers>(config.http, log)) {
  const auto add = [this](const std::string& name, const OAuth2Provider& provider) {
    providers_.emplace(name, Provider{name, KeyFetcher{provider, *transfers_}, {}});
  };
  add("", config.oauth2.provider);
  for (const auto& [name, provider] : config.oauth2.providers) add(name, provider);
}

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
void AuthThread::on_token(AuthJob&& job) {
  TokenVerifier::Verified verified =
      verifier_.verify(job.question.password.value_or(""), seconds_since_1970());
  if (verified.wants_keys) {
    const auto found = providers_.find(verified.provider);
    CHECK(found != providers_.end());
    Provider& provider = found->second;
    KeyFetcher& fetcher = provider.fetcher;
    if (fetcher.is_fetching() || fetcher.may_fetch()) {
      provider.waiting.push_back(std::move(job));
      if (fetcher.is_fetching()) return;
      return fetcher.fetch([this, &provider](KeyFetcher::Outcome&& outcome) {
        on_keys(provider, std::move(outcome));
      });
    }
  }
  verified.answer.ticket = job.question.ticket;
  answer(*job.from, std::move(verified.answer));
}

/// Keys that were fetched before stay when others cannot be had.
void AuthThread::on_keys(Provider& provider, KeyFetcher::Outcome&& outcome) {
  if (outcome.error.empty()) {
    verifier_.set_fetched(provider.name, std::move(outcome.keys));
  } else {
    log_.write(core::LogLevel::error, core::LogCategory::general,
               "the keys of tokens cannot be fetched",
               {{"url", outcome.url}, {"reason", outcome.error}});
  }
  for (AuthJob& job : std::exchange(provider.waiting, {})) on_token(std::move(job));
}

}  // namespace lepus::server
