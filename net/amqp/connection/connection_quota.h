// A connection counted as one of its virtual host and one of its user, from connection.open until
// it is over.
#pragma once

#include <optional>
#include <utility>

#include "core/access/quota_counter.h"

namespace lepus::amqp {

class ConnectionQuota {
 public:
  struct Use {
    core::QuotaKey key;  ///< With id 0: of nobody who is known here; not counted.
    core::Limit limit;
  };

  explicit ConnectionQuota(core::QuotaCounter& uses) : uses_(uses) {}
  ConnectionQuota(const ConnectionQuota&) = delete;
  ConnectionQuota& operator=(const ConnectionQuota&) = delete;
  ~ConnectionQuota() { release(); }

  /// Once. Returns whose limit is reached, of the virtual host's first; nothing was counted then.
  std::optional<core::QuotaKey::Kind> acquire(const Use& of_vhost, const Use& of_user) {
    CHECK(!is_counted_);
    if (!uses_.acquire(of_vhost.key, of_vhost.limit)) return of_vhost.key.kind;
    if (of_user.key.id != 0 && !uses_.acquire(of_user.key, of_user.limit)) {
      uses_.release(of_vhost.key);
      return of_user.key.kind;
    }
    vhost_ = of_vhost.key;
    user_ = of_user.key;
    is_counted_ = true;
    return std::nullopt;
  }
  /// Nothing happens when it is not counted.
  void release() {
    if (!std::exchange(is_counted_, false)) return;
    uses_.release(vhost_);
    if (user_.id != 0) uses_.release(user_);
  }

 private:
  core::QuotaCounter& uses_;
  core::QuotaKey vhost_;
  core::QuotaKey user_;
  bool is_counted_ = false;
};

}  // namespace lepus::amqp
