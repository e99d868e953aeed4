// Values from and to text, with what must be refused, and the amounts of memory computed from them.
#include "tools/server/config/config_value.h"

#include <gtest/gtest.h>

#include "tools/server/config/config_memory.h"

namespace lepus::server {
namespace {

TEST(ConfigValue, Sizes) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("1000"), 1000U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("64kb"), 64000U);
  EXPECT_EQ(parse_size("2 GB"), 2'000'000'000U);
  EXPECT_EQ(parse_size("1M"), 1'000'000U);
  EXPECT_EQ(parse_size("1Mi"), 1048576U);
  EXPECT_EQ(parse_size("2P"), 2'000'000'000'000'000U);
  EXPECT_EQ(parse_size("2PB"), 2'000'000'000'000'000U);
  EXPECT_EQ(parse_size("2pib"), 2ULL << 50);
  EXPECT_EQ(parse_size("1TiB"), 1ULL << 40);
  for (const char* text : {"", "KB", "1.5GB", "-1", "1XB", "99999999999TB", "1 0"})
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  EXPECT_EQ(format_size(128ULL << 20), "128MiB");
  EXPECT_EQ(format_size(50'000'000), "50MB");
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(1234), "1234");
  for (const std::uint64_t size : {1ULL, 1000ULL, 1024ULL, 123456789ULL, 3ULL << 30})
    EXPECT_EQ(parse_size(format_size(size)), size);
}

TEST(ConfigValue, ListenAddresses) {
  const auto text = [](const char* from) {
    const auto address = parse_listen_address(from);
    return address ? format_listen_address(*address) : "refused";
  };
  EXPECT_EQ(text("5672"), "5672");
  EXPECT_EQ(text("0.0.0.0:5672"), "0.0.0.0:5672");
  EXPECT_EQ(text("[::]:5672"), "[::]:5672");
  EXPECT_EQ(text("::1:5672"), "[::1]:5672");
  EXPECT_EQ(text("localhost:5672"), "127.0.0.1:5672");
  for (const char* bad : {"", "0", "65536", ":5672", "[]:5672", "[127.0.0.1]:1", "host:5672",
                          "1.2.3:5672", "127.0.0.1:", "127.0.0.1"})
    EXPECT_EQ(text(bad), "refused") << bad;
}

TEST(ConfigValue, CpuLists) {
  EXPECT_EQ(parse_cpu_list("2-5,8"), (std::vector<unsigned>{2, 3, 4, 5, 8}));
  EXPECT_EQ(parse_cpu_list("3, 1,1-2"), (std::vector<unsigned>{1, 2, 3}));
  for (const char* bad : {"", ",", "5-2", "a", "1-", "-1", "1-70000"})
    EXPECT_FALSE(parse_cpu_list(bad).has_value()) << bad;
}

TEST(ConfigValue, EditDistance) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
  EXPECT_EQ(edit_distance("listners", "listeners"), 1U);
  EXPECT_EQ(edit_distance("consoel", "console"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(ConfigMemory, WatermarkOfWhatIsAvailable) {
  constexpr std::uint64_t gib = 1ULL << 30;
  ServerConfig config;
  config.memory_watermark.fraction = 0.5;
  EXPECT_EQ(memory_limits(config, 8 * gib).watermark_size, 4 * gib);
  config.memory_paging_ratio = 0.25;
  EXPECT_EQ(memory_limits(config, 8 * gib).paging_size, gib);
  config.total_memory_override = 2 * gib;
  EXPECT_EQ(memory_limits(config, 8 * gib).available_size, 2 * gib);
  EXPECT_EQ(memory_limits(config, 8 * gib).watermark_size, gib);
  config.memory_watermark = {.is_relative = false, .fraction = 0, .size = 64 * gib};
  EXPECT_EQ(memory_limits(config, 8 * gib).watermark_size, 2 * gib);
}

TEST(ConfigMemory, DiskThatStaysFree) {
  constexpr std::uint64_t gib = 1ULL << 30;
  ServerConfig config;
  EXPECT_EQ(disk_free_limit(config, 8 * gib), 50'000'000U);
  config.disk_free_limit = {.is_relative = true, .factor = 1.5, .size = 0};
  EXPECT_EQ(disk_free_limit(config, 8 * gib), 12 * gib);
  config.total_memory_override = 2 * gib;
  EXPECT_EQ(disk_free_limit(config, 8 * gib), 3 * gib);
}

TEST(ConfigMemory, Machine) {
  EXPECT_GT(read_available_memory(), 1U << 20);
  EXPECT_EQ(parse_memory_max("max\n"), std::nullopt);
  EXPECT_EQ(parse_memory_max("1073741824\n"), 1ULL << 30);
}

}  // namespace
}  // namespace lepus::server
