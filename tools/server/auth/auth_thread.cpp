// See auth_thread.h.
#include "tools/server/auth/auth_thread.h"

#include <utility>

#include "core/limits.h"
#include "io/os.h"
#include "tools/server/auth/auth_link.h"
#include "tools/server/auth/http_transfers.h"

namespace lepus::server {

AuthThread::AuthThread(const AuthHttpConfig& config, core::Log& log)
    : transfers_(std::make_unique<HttpTransfers>(config, log)) {}

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
    for (AuthJob& job : jobs) transfers_->add(std::move(job));
    transfers_->work([this](AuthLink& to, core::AuthAnswer&& answer) {
      --open_count_;
      to.deliver(std::move(answer));
    });
  }
}

}  // namespace lepus::server
