// The counts of all shards: one table behind a lock, taken when a connection or channel opens and
// closes.
#pragma once

#include <mutex>

#include "core/access/use_counter.h"

namespace lepus::server {

class SharedUseCounter final : public core::UseCounter {
 public:
  [[nodiscard]] bool take(const core::UseKey& key, const core::Limit& limit) override {
    const std::lock_guard lock{mutex_};
    return counts_.take(key, limit);
  }
  void give_back(const core::UseKey& key) override {
    const std::lock_guard lock{mutex_};
    counts_.give_back(key);
  }
  std::uint64_t count(const core::UseKey& key) const override {
    const std::lock_guard lock{mutex_};
    return counts_.count(key);
  }

 private:
  mutable std::mutex mutex_;
  core::LocalUseCounter counts_;
};

}  // namespace lepus::server
