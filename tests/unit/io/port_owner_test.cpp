// Reading the kernel's tables of sockets, and finding the own process behind one.
#include "io/port_owner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace lepus::io {
namespace {

constexpr std::string_view table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1628 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "4711 1 0000000000000000 100 0 0 10 0\n"
    "   1: 0100007F:1628 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 "
    "4712 1 0000000000000000 20 4 30 10 -1\n"
    "   2: 00000000000000000000000000000000:1629 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     7        0 99 1 0000000000000000 100 0 0 10 0\n"
    "   3: XYZ:1628 nonsense\n";

TEST(PortOwner, ListeningSocketsOfATable) {
  const std::vector<ListeningSocket> sockets = parse_tcp_table(table);
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[0].port, 5672);
  EXPECT_EQ(sockets[0].user, 1000U);
  EXPECT_EQ(sockets[0].inode, 4711U);
  EXPECT_EQ(sockets[0].address[10], 0xff);
  EXPECT_EQ(sockets[0].address[12], 127);
  EXPECT_EQ(sockets[0].address[15], 1);
  EXPECT_EQ(sockets[1].port, 5673);
  EXPECT_EQ(sockets[1].user, 7U);
  EXPECT_EQ(sockets[1].inode, 99U);
  EXPECT_EQ(sockets[1].address, (std::array<std::uint8_t, 16>{}));
  EXPECT_TRUE(parse_tcp_table("").empty());
  EXPECT_TRUE(parse_tcp_table("0A 0A 0A 0A 0A 0A 0A 0A 0A 0A 0A").empty());
}

/// What listens where, and where a probe must find it.
struct Pair {
  const char* listens;
  const char* probes;
  bool overlaps;
};

class Overlap : public testing::TestWithParam<Pair> {};

TEST_P(Overlap, IsFoundAndItsOwnerNamed) {
  ListenConfig config;
  config.address = GetParam().listens;
  const ListenOutcome first = listen_tcp(config);
  if (first.error_code == EAFNOSUPPORT || first.error_code == EADDRNOTAVAIL)
    GTEST_SKIP() << first.error;
  ASSERT_GE(first.fd, 0) << first.error;
  config.port = local_port(first.fd);
  const ListenOutcome second = listen_tcp(config);  // A shard's.
  EXPECT_GE(second.fd, 0) << second.error;

  ListenConfig other = config;
  other.address = GetParam().probes;
  EXPECT_EQ(probe_tcp(other).error_code, GetParam().overlaps ? EADDRINUSE : 0);
  const auto owner = find_port_owner(other.address, other.port);
  EXPECT_EQ(owner.has_value(), GetParam().overlaps);
  if (owner) {
    EXPECT_EQ(owner->pid, getpid());
    EXPECT_EQ(owner->user, getuid());
    EXPECT_FALSE(owner->program.empty());
  }
  close_fd(first.fd);
  close_fd(second.fd);
  EXPECT_EQ(probe_tcp(other).error, "");
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, Overlap,
    testing::Values(Pair{"127.0.0.1", "127.0.0.1", true}, Pair{"127.0.0.1", "0.0.0.0", true},
                    Pair{"127.0.0.1", "::", true}, Pair{"0.0.0.0", "127.0.0.1", true},
                    Pair{"::", "127.0.0.1", true}, Pair{"", "0.0.0.0", true},
                    Pair{"::1", "::", true}, Pair{"127.0.0.1", "127.0.0.2", false},
                    Pair{"127.0.0.1", "::1", false}));

}  // namespace
}  // namespace lepus::io
