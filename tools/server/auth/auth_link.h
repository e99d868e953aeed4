// A shard's way to the thread that asks services outside of the broker (auth_thread.h), and back.
// Taken when somebody logs in or declares, never on the way of a message that may be published, so
// this has a lock.
//
//   shard: ask() -> AuthThread -> deliver() -> notify -> shard: AuthListener::on_auth_answer()
#pragma once

#include <mutex>
#include <vector>

#include "core/access/auth_port.h"
#include "io/loop.h"
#include "io/thread_event.h"

namespace lepus::server {

class AuthThread;

class AuthLink final : public core::AuthPort {
 public:
  /// `loop` is the shard's. Both outlive this object, `thread` at least until it is stopped.
  AuthLink(AuthThread& thread, io::Loop& loop);

  /// On the shard's thread, before its first turn.
  void start() { event_.start(); }
  /// Any thread.
  void deliver(core::AuthAnswer&& answer);

  void set_listener(core::AuthListener& listener) override { listener_ = &listener; }
  [[nodiscard]] bool ask(core::AuthQuestion&& question) override;
  void close() override;

 private:
  void on_notified();

  AuthThread& thread_;
  core::AuthListener* listener_ = nullptr;
  bool is_closed_ = false;
  io::ThreadEvent event_;
  std::mutex mutex_;
  std::vector<core::AuthAnswer> answers_;  ///< Under the lock.
};

}  // namespace lepus::server
