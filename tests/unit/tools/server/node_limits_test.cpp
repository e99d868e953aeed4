// What the configuration says of one machine, in bytes.
#include "tools/server/node_limits.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

TEST(NodeLimits, AreThoseOfTheMachineAndItsShards) {
  ServerConfig config;
  config.memory_watermark.is_relative = true;
  config.memory_watermark.fraction = 0.5;
  config.disk_free_limit.is_relative = false;
  config.disk_free_limit.size = 1'000;
  config.journal_segment_size = 100;
  const std::uint64_t available = std::uint64_t{8} << 30;
  const NodeLimits limits = node_limits(config, available, 3);
  EXPECT_EQ(limits.memory_watermark, available / 2);
  EXPECT_EQ(limits.paging_size, memory_limits(config, available).paging_size);
  EXPECT_EQ(limits.disk_free_min, 1'300U) << "room for a journal file of each shard";
  config.journal_segment_size = UINT64_MAX / 3;
  config.disk_free_limit.size = 1'000'000;
  EXPECT_EQ(node_limits(config, available, 3).disk_free_min, UINT64_MAX) << "no overflow";
}

}  // namespace
}  // namespace lepus::server
