// How many connections and channels are in use, for limits: counted over all shards, so this is a
// port. Asked when one opens and told when it closes, never on the way of a message.
#pragma once

#include <compare>
#include <cstdint>
#include <map>

#include "core/access/access_change.h"
#include "core/base/assert.h"

namespace lepus::core {

struct QuotaKey {
  enum class Kind : std::uint8_t { vhost_connections, user_connections, user_channels };
  Kind kind = Kind::vhost_connections;
  std::uint64_t id = 0;  ///< Of the virtual host or user.
  auto operator<=>(const QuotaKey&) const = default;
};

class QuotaCounter {
 public:
  virtual ~QuotaCounter() = default;
  /// One more. False: as many as `limit` are in use, and nothing was counted.
  [[nodiscard]] virtual bool acquire(const QuotaKey& key, const Limit& limit) = 0;
  virtual void release(const QuotaKey& key) = 0;
  virtual std::uint64_t count(const QuotaKey& key) const = 0;
};

/// Of one thread.
class LocalQuotaCounter final : public QuotaCounter {
 public:
  [[nodiscard]] bool acquire(const QuotaKey& key, const Limit& limit) override {
    CHECK(key.id != 0);
    if (is_reached(limit, count(key))) return false;
    ++counts_[key];
    return true;
  }
  void release(const QuotaKey& key) override {
    const auto found = counts_.find(key);
    CHECK(found != counts_.end());
    CHECK(found->second > 0);
    if (--found->second == 0) counts_.erase(found);
  }
  std::uint64_t count(const QuotaKey& key) const override {
    const auto found = counts_.find(key);
    return found == counts_.end() ? 0 : found->second;
  }
  bool empty() const { return counts_.empty(); }

 private:
  std::map<QuotaKey, std::uint64_t> counts_;
};

}  // namespace lepus::core
