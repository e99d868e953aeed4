// The share of descriptors that clients may use, and what is said about a low limit.
#include "tools/server/descriptors.h"

#include <gtest/gtest.h>

#include <climits>

namespace lepus::server {
namespace {

TEST(Descriptors, ClientsLeaveAReserve) {
  EXPECT_EQ(client_descriptor_max(1'048'576), 1'048'476);
  EXPECT_EQ(client_descriptor_max(1024), 924);
  EXPECT_EQ(client_descriptor_max(256), 192);
  EXPECT_EQ(client_descriptor_max(0), 0);
  EXPECT_EQ(client_descriptor_max(UINT64_MAX), INT_MAX);
}

TEST(Descriptors, ALowLimitIsWarnedOf) {
  EXPECT_EQ(descriptor_warning(1'048'576, 0), "");
  EXPECT_EQ(descriptor_warning(1'048'576, 100'000), "");
  EXPECT_EQ(descriptor_warning(0, 0), "");
  EXPECT_EQ(descriptor_warning(1024, 0),
            "at most 1024 files may be open, so less than 924 clients can be connected: raise the "
            "limit (systemd: LimitNOFILE=1048576, shell: ulimit -n)");
  EXPECT_EQ(descriptor_warning(65'536, 65'500),
            "at most 65536 files may be open, so less than 65436 clients can be connected "
            "(max_connections is 65500): raise the limit (systemd: LimitNOFILE=1048576, shell: "
            "ulimit -n)");
}

}  // namespace
}  // namespace lepus::server
