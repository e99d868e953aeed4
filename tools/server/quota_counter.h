// The counts of all shards: one table behind a lock, taken when a connection or channel opens and
// closes.
#pragma once

#include <mutex>

#include "core/access/quota_counter.h"

namespace lepus::server {

class SharedQuotaCounter final : public core::QuotaCounter {
 public:
  [[nodiscard]] bool acquire(const core::QuotaKey& key, const core::Limit& limit) override {
    const std::lock_guard lock{mutex_};
    return counts_.acquire(key, limit);
  }
  void release(const core::QuotaKey& key) override {
    const std::lock_guard lock{mutex_};
    counts_.release(key);
  }
  std::uint64_t count(const core::QuotaKey& key) const override {
    const std::lock_guard lock{mutex_};
    return counts_.count(key);
  }

 private:
  mutable std::mutex mutex_;
  core::LocalQuotaCounter counts_;
};

}  // namespace lepus::server
