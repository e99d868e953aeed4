// HTTP requests under way at the same time, and those that wait for one to end. Of one thread, but
// for wake().
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/access/auth_port.h"
#include "core/base/log.h"
#include "core/base/log_gate.h"
#include "tools/server/config/auth_config.h"

namespace lepus::server {

class AuthLink;

struct AuthJob {
  AuthLink* from = nullptr;  ///< Gets the answer.
  core::AuthQuestion question;
};

class HttpTransfers {
 public:
  using Answered = std::function<void(AuthLink& to, core::AuthAnswer&& answer)>;

  HttpTransfers(const AuthHttpConfig& config, core::Log& log);
  HttpTransfers(const HttpTransfers&) = delete;
  ~HttpTransfers();

  void add(AuthJob&& job);
  struct Fetched {
    std::string text;
    std::string error;  ///< Not empty: there is no text.
  };
  /// What is at `url`. Of `options` those of https and the time-outs count. It waits for no other.
  void fetch(const std::string& url, const AuthHttpConfig& options,
             std::function<void(Fetched&&)> done);
  /// One round: waits until something happens or wake() was called, at most for a moment.
  void work(const Answered& answered);
  /// Any thread.
  void wake();

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    AuthJob job;
    Clock::time_point since;
  };
  struct Transfer {
    CURL* handle = nullptr;  ///< Kept for the next request.
    AuthJob job;
    std::function<void(Fetched&&)> fetched;  ///< Of fetch(), which has no job.
    std::string request_body;
    std::string answer;
    bool is_under_way = false;
  };
  /// Requests under way; more would only queue up in the service.
  static constexpr std::size_t transfers_max = 64;

  void start_waiting(const Answered& answered);
  void begin(Transfer& transfer, AuthJob&& job);
  void end(Transfer& transfer);
  void set_options(Transfer& transfer, const AuthHttpConfig& config) const;
  void finish(Transfer& transfer, CURLcode code, const Answered& answered);
  void log_failure(const core::AuthQuestion& question, const std::string& why);
  void finish_fetch(Transfer& transfer, CURLcode code);
  Transfer* free_transfer();
  static Transfer& idle_of(std::vector<std::unique_ptr<Transfer>>& transfers);
  static std::size_t on_data(char* data, std::size_t size, std::size_t count, void* transfer);

  const AuthHttpConfig config_;
  core::Log& log_;
  core::LogGate failures_;
  CURLM* multi_;
  std::deque<Waiting> waiting_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  ///< At most transfers_max.
  std::vector<std::unique_ptr<Transfer>> fetches_;    ///< As many as were ever under way at once.
};

}  // namespace lepus::server
