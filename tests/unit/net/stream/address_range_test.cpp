// Which addresses are in which ranges.
#include "net/stream/address_range.h"

#include <gtest/gtest.h>

namespace lepus::net {
namespace {

bool contains(std::string_view range, std::string_view address) {
  const auto parsed = AddressRange::parse(range);
  return parsed && parsed->contains(address);
}

TEST(AddressRange, Contains) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(contains("fc00::/7", "fd12::1"));
  EXPECT_FALSE(contains("fc00::/7", "fe80::1"));
  EXPECT_TRUE(contains("::/0", "10.0.0.1"));
  EXPECT_TRUE(contains("0.0.0.0/0", "::ffff:10.0.0.1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "/run/amqp.sock"));
  EXPECT_FALSE(contains("::/0", ""));
}

TEST(AddressRange, WhatIsNone) {
  for (const char* text : {"", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.1/8",
                           "::1/129", "fc00::1/7", "localhost", "10.0.0.0/-1", "10.0.0.0/8 "})
    EXPECT_FALSE(AddressRange::parse(text)) << text;
}

TEST(AddressRange, PrivateOnes) {
  const auto ranges = private_ranges();
  for (const char* address : {"127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "fe80::1"})
    EXPECT_TRUE(is_in_any(ranges, address)) << address;
  for (const char* address : {"8.8.8.8", "2001:db8::1", "172.15.0.1"}) {
    EXPECT_FALSE(is_in_any(ranges, address)) << address;
    EXPECT_TRUE(is_in_any(all_ranges(), address)) << address;
  }
}

}  // namespace
}  // namespace lepus::net
