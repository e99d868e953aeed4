// An address is taken once, and who has it is named.
#include "tools/server/listeners/listen_claim.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "io/os.h"

namespace lepus::server {
namespace {

/// What a shard would have open.
class Listening {
 public:
  Listening() {
    io::ListenConfig config;
    config.address = "127.0.0.1";
    outcome_ = io::listen_tcp(config);
  }
  ~Listening() {
    if (outcome_.fd >= 0) io::close_fd(outcome_.fd);
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  ListenAddress address() const { return {"default", "127.0.0.1", io::local_port(outcome_.fd)}; }

 private:
  io::ListenOutcome outcome_;
};

TEST(ListenClaim, AnAddressInUseIsRefusedWithProgramAndPid) {
  ListenAddress address;
  {
    const Listening other;
    address = other.address();
    const std::string error = wait_until_free({address}, 0);
    EXPECT_NE(error.find(fmt::format("127.0.0.1:{}", address.port)), std::string::npos) << error;
    EXPECT_NE(error.find(fmt::format("(pid {})", getpid())), std::string::npos) << error;
  }
  EXPECT_EQ(wait_until_free({address}, 0), "");
}

TEST(ListenClaim, ABrokerIsNamedWithItsDataDirectory) {
  const Listening other;
  ListenNotices notices;
  notices.post(other.address(), "/var/lib/some where");
  const std::string error = wait_until_free({other.address()}, 0);
  EXPECT_NE(error.find(fmt::format("lepus (pid {}, data_dir /var/lib/some where)", getpid())),
            std::string::npos)
      << error;
}

TEST(ListenClaim, ADataDirectoryThatIsTooLongIsCut) {
  const Listening other;
  ListenNotices notices;
  notices.post(other.address(), "/" + std::string(300, 'x'));
  const std::string error = wait_until_free({other.address()}, 0);
  EXPECT_NE(error.find(fmt::format("lepus (pid {}, data_dir /xxx", getpid())), std::string::npos)
      << error;
}

TEST(ListenClaim, NoticesOfATable) {
  constexpr std::string_view table =
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000: 00000002 00000000 00000000 0002 01 10 @lepus listens on [::]:5672 pid 7 data_dir /a "
      "b\n"
      "0000: 00000002 00000000 00000000 0002 01 11 @lepus listens on 127.0.0.1:5673 pid 8 data_dir "
      "/c\n"
      "0000: 00000002 00000000 00000000 0002 01 12 @other\n";
  const auto find = [table](std::uint16_t port, int pid) {
    return find_notice(table, {"default", "127.0.0.1", port}, pid);
  };
  EXPECT_EQ(find(5672, 0), "lepus (pid 7, data_dir /a b)");
  EXPECT_EQ(find(5673, 8), "lepus (pid 8, data_dir /c)");
  EXPECT_EQ(find(5673, 7), "");
  EXPECT_EQ(find(567, 0), "");
  EXPECT_EQ(find_notice("", {"default", "", 5672}, 0), "");
}

TEST(ListenClaim, OneTurnAtATime) {
  {
    const ListenTurn first{0};
    ASSERT_TRUE(first.is_held());
    const ListenTurn second{0};
    EXPECT_FALSE(second.is_held());
  }
  const ListenTurn third{0};
  EXPECT_TRUE(third.is_held());
}

}  // namespace
}  // namespace lepus::server
