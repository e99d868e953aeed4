// What arrives at the socket of a service manager, and what of the environment counts.
#include "tools/server/service/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/unit/io/temporary_directory.h"

namespace lepus::server {
namespace {

/// The manager's end.
class Receiver {
 public:
  explicit Receiver(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    CHECK(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  }
  ~Receiver() { close(fd_); }
  std::string next() {
    std::string text(1000, '\0');
    const ssize_t size = recv(fd_, text.data(), text.size(), MSG_DONTWAIT);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  int fd_;
};

TEST(ServiceManager, WithoutASocketNothingHappens) {
  ServiceManager manager;
  EXPECT_EQ(manager.open({"", "30000000", ""}), "");
  EXPECT_FALSE(manager.is_open());
  EXPECT_EQ(manager.watchdog(), 0);
  manager.ready("x");
  manager.alive();
}

TEST(ServiceManager, SaysEachThingInADatagram) {
  io::TemporaryDirectory directory;
  const std::string path = directory / "notify";
  Receiver receiver(path);
  ServiceManager manager;
  ASSERT_EQ(manager.open({path, "2000000", std::to_string(getpid())}), "");
  EXPECT_EQ(manager.watchdog(), 2 * core::nanos_per_s);
  manager.status("reading\nand reading");
  EXPECT_EQ(receiver.next(), "STATUS=reading and reading\n");
  manager.extend_start("half");
  EXPECT_EQ(receiver.next(), "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=half\n");
  manager.ready("serving");
  EXPECT_EQ(receiver.next(), "READY=1\nSTATUS=serving\n");
  manager.reloading(5'000'001'999);
  EXPECT_EQ(receiver.next(),
            "RELOADING=1\nMONOTONIC_USEC=5000001\nSTATUS=reading the configuration again\n");
  manager.stopping("bye");
  EXPECT_EQ(receiver.next(), "STOPPING=1\nSTATUS=bye\n");
  manager.alive();
  EXPECT_EQ(receiver.next(), "WATCHDOG=1\n");
}

TEST(ServiceManager, KnowsAbstractNames) {
  const std::string name = "@lepus-notify-test-" + std::to_string(getpid());
  Receiver receiver(name);
  ServiceManager manager;
  ASSERT_EQ(manager.open({name, "", ""}), "");
  manager.alive();
  EXPECT_EQ(receiver.next(), "WATCHDOG=1\n");
}

TEST(ServiceManager, WatchdogOfAnotherProcessOrNone) {
  for (const ServiceEnvironment& environment :
       {ServiceEnvironment{"/nowhere", "1000", "1"}, ServiceEnvironment{"/nowhere", "0", ""},
        ServiceEnvironment{"/nowhere", "soon", ""}, ServiceEnvironment{"/nowhere", "", ""}}) {
    ServiceManager manager;
    EXPECT_EQ(manager.open(environment), "");
    EXPECT_EQ(manager.watchdog(), 0);
    manager.alive();  // Nobody is there: no harm.
  }
}

TEST(ServiceManager, RefusesWhatIsNoName) {
  for (const std::string& name : {std::string("vsock:2:1"), "/" + std::string(200, 'x')}) {
    ServiceManager manager;
    EXPECT_NE(manager.open({name, "1000", ""}).find("NOTIFY_SOCKET"), std::string::npos);
    EXPECT_FALSE(manager.is_open());
  }
}

TEST(ServiceManager, TakesTheVariablesAway) {
  setenv("NOTIFY_SOCKET", "/x", 1);
  setenv("WATCHDOG_USEC", "5", 1);
  const ServiceEnvironment environment = ServiceManager::take_environment();
  EXPECT_EQ(environment.socket, "/x");
  EXPECT_EQ(environment.watchdog_us, "5");
  EXPECT_EQ(environment.watchdog_pid, "");
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
}

}  // namespace
}  // namespace lepus::server
