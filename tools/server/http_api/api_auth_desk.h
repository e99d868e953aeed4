// Questions of the HTTP API to services outside of the broker (auth_backends), and the way of the
// answers back to who asked. One for the thread: it is the listener of its AuthPort.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "core/access/auth_cache.h"
#include "core/access/auth_port.h"
#include "core/base/assert.h"
#include "tools/server/config/auth_config.h"

namespace lepus::server {

class ApiAuthDesk final : public core::AuthListener {
 public:
  class Asker {
   public:
    /// Once for each question that was asked, unless it was forgotten.
    virtual void on_auth_answer(const core::AuthAnswer& answer) = 0;

   protected:
    ~Asker() = default;
  };

  /// Null: there is nobody to ask. The port outlives this.
  explicit ApiAuthDesk(core::AuthPort* port) : port_(port) {
    if (port_ != nullptr) port_->set_listener(*this);
  }
  ApiAuthDesk(const ApiAuthDesk&) = delete;
  ApiAuthDesk& operator=(const ApiAuthDesk&) = delete;

  /// Returns the number of the question; 0: it cannot be asked.
  [[nodiscard]] std::uint64_t ask(core::AuthQuestion question, Asker& asker) {
    if (port_ == nullptr) return 0;
    question.ticket = {0, 1, ++last_number_};
    if (!port_->ask(std::move(question))) return 0;
    askers_.emplace(last_number_, &asker);
    return last_number_;
  }
  /// The asker goes; fine for numbers that are answered, and 0.
  void forget(std::uint64_t number) { askers_.erase(number); }
  /// What was answered lately; not logins.
  core::AuthCache& cache() { return cache_; }
  /// Keeps the answer to the question of this key, as far as the configuration says. Returns true
  /// if it allows what was asked for.
  bool keep(const std::string& key, const core::AuthAnswer& answer, const AuthConfig& config,
            core::Nanos now) {
    const bool is_allowed = answer.kind == core::AuthAnswer::Kind::allowed;
    const bool is_refused = answer.kind == core::AuthAnswer::Kind::refused;
    if (is_allowed || (is_refused && config.caches_refusals))
      cache_.put(key, is_allowed, now, now + config.cache_ttl_ms * core::nanos_per_ms);
    return is_allowed;
  }

 private:
  void on_auth_answer(core::AuthAnswer&& answer) override {
    const auto found = askers_.find(answer.ticket.number);
    if (found == askers_.end()) return;
    Asker* const asker = found->second;
    askers_.erase(found);
    asker->on_auth_answer(answer);
  }

  core::AuthPort* port_;
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, Asker*> askers_;
  core::AuthCache cache_;
};

}  // namespace lepus::server
