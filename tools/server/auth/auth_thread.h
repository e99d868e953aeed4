// The thread that answers what the broker's own database does not. It asks services over HTTP by
// libcurl: many requests at a time, each with its time-outs, so a slow or dead service keeps only
// those waiting who asked for its answer. It verifies tokens, and fetches the keys that they are
// signed with. There is one when auth_backends name such a backend.
//
//   submit() -> waiting --a transfer is free--> under way --> AuthLink::deliver()
//                       --too long-----------------------> failed
//            -> token: known key -> deliver();  unknown key -> waits while keys are fetched
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/access/auth_port.h"
#include "core/base/log.h"
#include "tools/server/auth/key_fetcher.h"
#include "tools/server/auth/token_verifier.h"
#include "tools/server/config/auth_config.h"

namespace lepus::server {

class AuthLink;

class AuthThread {
 public:
  AuthThread(const AuthConfig& config, core::Log& log);
  AuthThread(const AuthThread&) = delete;
  ~AuthThread();

  /// Empty, or what is wrong with the operator's keys.
  [[nodiscard]] std::string load() { return verifier_.load(); }
  void start();
  /// Nothing is answered any more once this returns.
  void stop();
  /// Any thread. False: too many wait already.
  [[nodiscard]] bool submit(AuthJob&& job);

 private:
  void run();
  void answer(AuthLink& to, core::AuthAnswer&& answer);
  /// Whose tokens wait while its keys are fetched.
  struct Provider {
    std::string name;
    KeyFetcher fetcher;
    std::vector<AuthJob> waiting;
  };
  void on_token(AuthJob&& job);
  void on_keys(Provider& provider, KeyFetcher::Outcome&& outcome);

  core::Log& log_;
  TokenVerifier verifier_;
  std::unique_ptr<HttpTransfers> transfers_;
  std::map<std::string, Provider> providers_;  ///< By name, as in the verifier.
  std::mutex mutex_;
  std::deque<AuthJob> submitted_;  ///< Under the lock.
  std::atomic<std::size_t> open_count_{0};
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace lepus::server
