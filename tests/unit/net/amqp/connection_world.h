// The fixture of the connection tests: one shard, and clients whose bytes arrive whole, at random
// and one by one.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/net/amqp/test_client.h"

namespace lepus::amqp::test {

/// The parameter is the most bytes that arrive at once; 0 is no limit.
class ConnectionTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  static BrokerWorld::Options options(core::ShardId shard_count = 1) {
    BrokerWorld::Options made;
    made.shard_count = shard_count;
    made.seed = GetParam() + 1;
    return made;
  }
  std::unique_ptr<TestClient> client(BrokerWorld& world, core::ShardId shard = 0) {
    auto made = std::make_unique<TestClient>(world, shard);
    if (GetParam() > 0) made->link().piece_max = GetParam();
    return made;
  }
  std::unique_ptr<TestClient> opened(const Login& login = {}) {
    auto made = client(world_);
    made->open(login);
    return made;
  }
  /// The server said nothing more and is about to close.
  static void expect_silent_end(TestClient& client) {
    EXPECT_TRUE(client.quiet());
    EXPECT_TRUE(client.link().server_sent_fin);
  }
  /// The server leaves the socket alone for so long, then closes it.
  void expect_end_after(TestClient& client, core::Nanos wait) {
    world_.advance(wait - core::nanos_per_s);
    EXPECT_FALSE(client.link().closed);
    EXPECT_FALSE(client.link().server_sent_fin);
    world_.advance(core::nanos_per_s + core::nanos_per_ms);
    EXPECT_TRUE(client.link().closed);
  }

  BrokerWorld world_{options()};
};

}  // namespace lepus::amqp::test
