// Sockets in the file system: modes, stale files, long paths, and who is at the other end.
#include "io/unix_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "io/os.h"
#include "io/peer_name.h"
#include "tests/unit/io/temporary_directory.h"

namespace lepus::io {
namespace {

TEST(UnixSocket, OnlyItsOwnerMayReachIt) {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  const UnixOutcome listening = listen_unix(path, UnixPlace::shared);
  ASSERT_GE(listening.fd, 0) << listening.error;
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  const UnixOutcome client = connect_unix(path);
  ASSERT_GE(client.fd, 0) << client.error;
  const int accepted = accept(listening.fd, nullptr, nullptr);
  ASSERT_GE(accepted, 0);
  const std::optional<UnixPeer> peer = unix_peer(accepted);
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->user, geteuid());
  EXPECT_EQ(peer->process, static_cast<std::uint32_t>(getpid()));
  for (const int fd : {client.fd, accepted, listening.fd}) close_fd(fd);
  remove_unix(path);
  EXPECT_FALSE(std::filesystem::exists(path));
  remove_unix(path);
}

TEST(UnixSocket, AStaleFileIsReplacedALiveOneIsNot) {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  const UnixOutcome first = listen_unix(path, UnixPlace::shared);
  ASSERT_GE(first.fd, 0);
  const UnixOutcome second = listen_unix(path, UnixPlace::shared);
  EXPECT_EQ(second.fd, -1);
  EXPECT_EQ(second.error_code, EADDRINUSE);
  EXPECT_EQ(second.error, "cannot listen on " + path + ": Address already in use");
  const UnixOutcome own = listen_unix(path, UnixPlace::own);
  EXPECT_GE(own.fd, 0) << own.error;
  close_fd(own.fd);
  close_fd(first.fd);
  EXPECT_EQ(connect_unix(path).error_code, ECONNREFUSED);
  const UnixOutcome third = listen_unix(path, UnixPlace::shared);
  EXPECT_GE(third.fd, 0) << third.error;
  close_fd(third.fd);
}

/// It stays reachable for a while after the process that listens is gone, as with io_uring.
TEST(UnixSocket, ASocketOfADeadProcessIsReplaced) {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  const int held = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_GE(held, 0);
  const pid_t child = fork();
  if (child == 0) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const bool good = bind(held, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                      listen(held, 5) == 0;
    _exit(good ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  const UnixOutcome client = connect_unix(path);
  ASSERT_GE(client.fd, 0) << client.error;
  const UnixOutcome listening = listen_unix(path, UnixPlace::shared);
  EXPECT_GE(listening.fd, 0) << listening.error;
  for (const int fd : {client.fd, listening.fd, held}) close_fd(fd);
}

TEST(UnixSocket, AFileThatIsNoSocketIsLeftAlone) {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  close_fd(file);
  EXPECT_EQ(listen_unix(path, UnixPlace::shared).error_code, EADDRINUSE);
  remove_unix(path);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(UnixSocket, PathsLongerThanTheKernelsAddress) {
  const TemporaryDirectory directory;
  const std::string folder = directory / std::string(120, 'd');
  ASSERT_TRUE(std::filesystem::create_directory(folder));
  const std::string path = folder + "/lepus.sock";
  const UnixOutcome listening = listen_unix(path, UnixPlace::shared);
  ASSERT_GE(listening.fd, 0) << listening.error;
  const UnixOutcome client = connect_unix(path);
  ASSERT_GE(client.fd, 0) << client.error;
  close_fd(client.fd);
  close_fd(listening.fd);
  EXPECT_EQ(listen_unix(folder + "/" + std::string(120, 'n'), UnixPlace::shared).error_code,
            ENAMETOOLONG);
}

TEST(UnixSocket, NothingThere) {
  const TemporaryDirectory directory;
  const UnixOutcome missing = connect_unix(directory / "no");
  EXPECT_EQ(missing.error_code, ENOENT);
  EXPECT_EQ(missing.error,
            "cannot connect to " + (directory / "no") + ": No such file or directory");
  EXPECT_EQ(listen_unix(directory / "no/s", UnixPlace::shared).error_code, ENOENT);
  EXPECT_FALSE(unix_peer(-1));
}

TEST(UnixSocket, WhoListens) {
  const TemporaryDirectory directory;
  const std::string path = directory / "s";
  EXPECT_FALSE(unix_owner(path));
  const UnixOutcome listening = listen_unix(path, UnixListen{UnixPlace::shared, 0640, 1});
  ASSERT_GE(listening.fd, 0) << listening.error;
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0640U);
  EXPECT_EQ(unix_owner(path), static_cast<std::uint32_t>(getpid()));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(unix_owner(path)) << "also when nobody accepts";
  close_fd(listening.fd);
  EXPECT_FALSE(unix_owner(path));
}

TEST(PeerName, SaysWhoAndWhetherItIsHere) {
  PeerName name{{"127.0.0.1", 51234}, {"::1", 5672}};
  EXPECT_EQ(name.text(), "127.0.0.1:51234 -> [::1]:5672");
  EXPECT_TRUE(name.is_loopback());
  name.is_relayed = true;
  EXPECT_FALSE(name.is_loopback());
  for (const char* address : {"192.0.2.1", "", "128.0.0.1", "::2"}) {
    name = {{address, 1}, {"127.0.0.1", 5672}};
    EXPECT_FALSE(name.is_loopback()) << address;
  }
  PeerName local;
  local.local.address = "/run/s";
  local.user = 7;
  local.process = 12;
  EXPECT_EQ(local.text(), "pid 12 uid 7 -> /run/s");
  EXPECT_TRUE(local.is_loopback());
}

}  // namespace
}  // namespace lepus::io
