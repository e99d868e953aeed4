// Both limits are acquired, or none.
#include "net/amqp/connection/connection_quota.h"

#include <gtest/gtest.h>

namespace lepus::amqp {
namespace {

using Kind = core::QuotaKey::Kind;

constexpr core::QuotaKey vhost{Kind::vhost_connections, 1};
constexpr core::QuotaKey user{Kind::user_connections, 2};

TEST(ConnectionQuota, IsCountedUntilItIsReleased) {
  core::LocalQuotaCounter uses;
  ConnectionQuota quota{uses};
  quota.release();
  EXPECT_EQ(quota.acquire({vhost, {}}, {user, {}}), std::nullopt);
  EXPECT_EQ(uses.count(vhost), 1U);
  EXPECT_EQ(uses.count(user), 1U);
  quota.release();
  quota.release();
  EXPECT_TRUE(uses.empty());
}

TEST(ConnectionQuota, SaysWhoseLimitIsReachedAndCountsNothing) {
  core::LocalQuotaCounter uses;
  ConnectionQuota first{uses};
  EXPECT_EQ(first.acquire({vhost, {}}, {user, {}}), std::nullopt);
  ConnectionQuota second{uses};
  EXPECT_EQ(second.acquire({vhost, 1}, {user, 1}), Kind::vhost_connections);
  EXPECT_EQ(second.acquire({vhost, 2}, {user, 1}), Kind::user_connections);
  EXPECT_EQ(uses.count(vhost), 1U);
  EXPECT_EQ(second.acquire({vhost, 2}, {user, 2}), std::nullopt);
  EXPECT_EQ(uses.count(vhost), 2U);
}

TEST(ConnectionQuota, IsReleasedAtTheLatestWhenItIsDestroyed) {
  core::LocalQuotaCounter uses;
  {
    ConnectionQuota quota{uses};
    EXPECT_EQ(quota.acquire({vhost, {}}, {user, {}}), std::nullopt);
  }
  EXPECT_TRUE(uses.empty());
}

}  // namespace
}  // namespace lepus::amqp
