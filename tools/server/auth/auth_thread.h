// The thread that asks services outside of the broker, over HTTP by libcurl: many requests at a
// time, each with its time-outs, so a slow or dead service keeps only those waiting who asked for
// its answer. There is one when auth_backends name such a service.
//
//   submit() -> waiting --a transfer is free--> under way --> AuthLink::deliver()
//                       --too long-----------------------> failed
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "core/access/auth_port.h"
#include "core/base/log.h"
#include "tools/server/config/auth_config.h"

namespace lepus::server {

class AuthLink;
class HttpTransfers;

struct AuthJob {
  AuthLink* from = nullptr;  ///< Gets the answer.
  core::AuthQuestion question;
};

class AuthThread {
 public:
  AuthThread(const AuthHttpConfig& config, core::Log& log);
  AuthThread(const AuthThread&) = delete;
  ~AuthThread();

  void start();
  /// Nothing is answered any more once this returns.
  void stop();
  /// Any thread. False: too many wait already.
  [[nodiscard]] bool submit(AuthJob&& job);

 private:
  void run();

  std::unique_ptr<HttpTransfers> transfers_;
  std::mutex mutex_;
  std::deque<AuthJob> submitted_;  ///< Under the lock.
  std::atomic<std::size_t> open_count_{0};
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace lepus::server
