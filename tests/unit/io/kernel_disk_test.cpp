// What only the kernel's disk has; the promises common to all disks are in disk_test.cpp.
#include "io/kernel_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "tests/unit/io/temporary_directory.h"

namespace lepus::io {
namespace {

class KernelDiskTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  KernelDisk disk_;
};

TEST_F(KernelDiskTest, OpensWithTheFlagsOfTheMode) {
  const std::string path = directory_ / "x";
  int fd = disk_.open(path, {.write = true, .create = true, .direct = true, .dsync = true});
  ASSERT_GE(fd, 0) << "the file system of the temporary directory has no O_DIRECT";
  int flags = ::fcntl(fd, F_GETFL);
  EXPECT_EQ(flags & O_ACCMODE, O_RDWR);
  EXPECT_NE(flags & O_DIRECT, 0);
  EXPECT_NE(flags & O_DSYNC, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  struct stat found {};
  ASSERT_EQ(::fstat(fd, &found), 0);
  EXPECT_EQ(found.st_mode & 07137, 0U) << "others must not read it, nobody run it";
  disk_.close(fd);

  fd = disk_.open(path, {});
  ASSERT_GE(fd, 0);
  flags = ::fcntl(fd, F_GETFL);
  EXPECT_EQ(flags & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(flags & (O_DIRECT | O_DSYNC), 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  disk_.close(fd);
}

TEST_F(KernelDiskTest, FillReservesTheSpace) {
  const int fd = disk_.open(directory_ / "x", {.write = true, .create = true});
  ASSERT_GE(fd, 0);
  constexpr std::uint64_t size = (std::uint64_t{3} << 20) + 8192;
  EXPECT_EQ(disk_.fill(fd, size), 0);
  struct stat found {};
  ASSERT_EQ(::fstat(fd, &found), 0);
  EXPECT_EQ(static_cast<std::uint64_t>(found.st_size), size);
  EXPECT_GE(static_cast<std::uint64_t>(found.st_blocks) * 512, size);
  disk_.close(fd);
}

TEST_F(KernelDiskTest, AWriteCutShortGoesOnUntilTheErrorShows) {
  const int fd = disk_.open(directory_ / "x", {.write = true, .create = true});
  ASSERT_GE(fd, 0);
  // A limit on the size of files takes the first part and refuses the rest.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{10'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const int code = disk_.write(fd, 0, std::vector<std::uint8_t>(20'000, 3));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(code, -EFBIG);
  EXPECT_EQ(disk_.size(fd), 10'000);
  disk_.close(fd);
}

}  // namespace
}  // namespace lepus::io
