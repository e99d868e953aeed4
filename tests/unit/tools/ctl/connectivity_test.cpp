// A port that somebody listens on, and one that nobody does.
#include "tools/ctl/connectivity.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lepus::ctl {
namespace {

/// A socket on a port of its own; it listens when it is told to.
class LoopbackSocket {
 public:
  LoopbackSocket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~LoopbackSocket() { close(fd_); }
  void listen() { EXPECT_EQ(::listen(fd_, 1), 0); }
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

TEST(TryConnect, FindsOutWhetherSomebodyListens) {
  LoopbackSocket taken;
  const std::string why = try_connect({"127.0.0.1", taken.port()});
  EXPECT_NE(why.find("127.0.0.1, port "), std::string::npos) << why;
  EXPECT_NE(why.find("Connection refused"), std::string::npos) << why;
  taken.listen();
  EXPECT_EQ(try_connect({"127.0.0.1", taken.port()}), "");
}

TEST(TryConnect, AnAddressForAllInterfacesIsThisMachine) {
  LoopbackSocket open;
  open.listen();
  EXPECT_EQ(try_connect({"0.0.0.0", open.port()}), "");
  EXPECT_EQ(try_connect({"[::]", open.port()}), "");
}

TEST(TryConnect, SaysWhichNameIsUnknown) {
  EXPECT_NE(try_connect({"a name with blanks", 5672}).find("a name with blanks: "),
            std::string::npos);
}

}  // namespace
}  // namespace lepus::ctl
