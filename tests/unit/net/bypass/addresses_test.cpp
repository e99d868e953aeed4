// Addresses of a user-space stack as text.
#include "net/bypass/addresses.h"

#include <gtest/gtest.h>

namespace lepus::net::bypass {
namespace {

TEST(BypassAddresses, ANetworkIsAnAddressAndBits) {
  const auto v4 = parse_network("10.77.0.1/24");
  ASSERT_TRUE(v4);
  EXPECT_EQ(to_text(v4->address), "10.77.0.1");
  EXPECT_EQ(v4->prefix, 24);
  const auto v6 = parse_network("fd77::1/64");
  ASSERT_TRUE(v6);
  EXPECT_EQ(to_text(v6->address), "fd77::1");
  EXPECT_EQ(v6->prefix, 64);
}

TEST(BypassAddresses, WhatIsNoNetworkIsRefused) {
  for (const char* text : {"", "10.77.0.1", "10.77.0.1/33", "10.77.0.1/", "10.77.0.1/-1",
                           "10.77.0/24", "fd77::1/129", "fd77::1", "host/24", "10.77.0.1/24x"})
    EXPECT_FALSE(parse_network(text)) << text;
}

TEST(BypassAddresses, AnEndpointComesBackAsItWas) {
  for (const char* text : {"10.77.0.1:5672", "[fd77::1]:5671", "[::]:1", "0.0.0.0:65535"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_text(*endpoint), text);
  }
}

TEST(BypassAddresses, WhatIsNoEndpointIsRefused) {
  for (const char* text : {"", "10.77.0.1", "fd77::1:5672", "[10.77.0.1]:5672", "10.77.0.1:65536",
                           ":5672", "[]:5672", "10.77.0.1:"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

}  // namespace
}  // namespace lepus::net::bypass
