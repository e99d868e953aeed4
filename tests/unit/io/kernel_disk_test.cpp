// The promises of io/disk.h on a real file system.
#include "io/kernel_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "tests/unit/io/temporary_directory.h"

namespace lepus::io {
namespace {

using Names = std::vector<std::string>;

constexpr OpenMode reading{};
constexpr OpenMode writing{.write = true};
constexpr OpenMode creating{.write = true, .create = true};
constexpr OpenMode journal_mode{.write = true, .create = true, .direct = true, .dsync = true};

std::vector<std::uint8_t> pattern(std::size_t size, unsigned seed) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + seed);
  return bytes;
}

class KernelDiskTest : public ::testing::Test {
 protected:
  std::vector<std::uint8_t> read_all(int fd) {
    const std::int64_t size = disk_.size(fd);
    CHECK(size >= 0);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    EXPECT_EQ(disk_.read(fd, 0, bytes.data(), bytes.size()), size);
    return bytes;
  }
  int open(const std::string& name, const OpenMode& mode) {
    return disk_.open(directory_ / name, mode);
  }

  TemporaryDirectory directory_;
  KernelDisk disk_;
};

TEST_F(KernelDiskTest, MakesDirectoriesWithTheirParents) {
  const std::string path = directory_ / "a/b/c";
  EXPECT_EQ(disk_.make_directory(path), 0);
  EXPECT_EQ(disk_.make_directory(path), 0);
  EXPECT_EQ(disk_.make_directory(path + "/"), 0);
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISDIR(found.st_mode));

  disk_.close(open("file", creating));
  EXPECT_EQ(disk_.make_directory(directory_ / "file"), -ENOTDIR);
  EXPECT_EQ(disk_.make_directory(directory_ / "file/below"), -ENOTDIR);
}

TEST_F(KernelDiskTest, ListsSortedNames) {
  for (const char* name : {"c", "a", "b"}) disk_.close(open(name, creating));
  Names names{"from before"};
  EXPECT_EQ(disk_.list(directory_.path(), names), 0);
  EXPECT_EQ(names, (Names{"a", "b", "c"}));
  EXPECT_EQ(disk_.list(directory_ / "missing", names), -ENOENT);
  EXPECT_TRUE(names.empty());
  EXPECT_EQ(disk_.list(directory_ / "a", names), -ENOTDIR);
}

TEST_F(KernelDiskTest, OpensWhatIsThereAndMakesOnlyOnRequest) {
  EXPECT_EQ(open("x", reading), -ENOENT);
  EXPECT_EQ(open("x", writing), -ENOENT);
  EXPECT_EQ(open("missing/x", creating), -ENOENT);
  const int fd = open("x", creating);
  ASSERT_GE(fd, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(disk_.write(fd, 0, core::as_bytes("kept")), 0);
  disk_.close(fd);

  const int again = open("x", creating);
  ASSERT_GE(again, 0);
  EXPECT_EQ(disk_.size(again), 4);
  disk_.close(again);

  const int read_only = open("x", reading);
  ASSERT_GE(read_only, 0);
  EXPECT_EQ(disk_.write(read_only, 0, core::as_bytes("no")), -EBADF);
  disk_.close(read_only);
}

TEST_F(KernelDiskTest, ReadsUpToTheEnd) {
  const int fd = open("x", creating);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(disk_.write(fd, 3, core::as_bytes("abcdef")), 0);
  EXPECT_EQ(disk_.sync(fd), 0);
  EXPECT_EQ(disk_.size(fd), 9);
  std::vector<std::uint8_t> bytes(20, 0xEE);
  EXPECT_EQ(disk_.read(fd, 5, bytes.data(), bytes.size()), 4);
  EXPECT_EQ(core::as_text(core::Bytes(bytes).first(5)), "cdef\xEE");
  EXPECT_EQ(disk_.read(fd, 9, bytes.data(), bytes.size()), 0);
  EXPECT_EQ(disk_.read(fd, 5, bytes.data(), 2), 2);
  disk_.close(fd);
}

TEST_F(KernelDiskTest, DirectWritesReadBack) {
  const int fd = open("journal", journal_mode);
  ASSERT_GE(fd, 0) << "the file system of the temporary directory has no O_DIRECT";
  const int flags = ::fcntl(fd, F_GETFL);
  EXPECT_NE(flags & O_DIRECT, 0);
  EXPECT_NE(flags & O_DSYNC, 0);

  constexpr std::size_t size = 5 * 4096;
  std::vector<std::uint8_t> memory(size + 4096);
  void* start = memory.data();
  std::size_t room = memory.size();
  auto* aligned = static_cast<std::uint8_t*>(std::align(4096, size, start, room));
  ASSERT_NE(aligned, nullptr);
  const std::vector<std::uint8_t> sent = pattern(size, 1);
  std::copy(sent.begin(), sent.end(), aligned);
  EXPECT_EQ(disk_.write(fd, 8192, {aligned, size}), 0);
  EXPECT_EQ(disk_.write(fd, 8192, {aligned + 1, 4096}), -EINVAL);
  EXPECT_EQ(disk_.size(fd), static_cast<std::int64_t>(8192 + size));

  // More than the file has, and an end within a block.
  std::fill(memory.begin(), memory.end(), std::uint8_t{0xEE});
  EXPECT_EQ(disk_.read(fd, 12288, aligned, size), static_cast<std::int64_t>(size - 4096));
  EXPECT_TRUE(std::equal(sent.begin() + 4096, sent.end(), aligned));
  EXPECT_EQ(disk_.truncate(fd, 12288 + 1000), 0);
  EXPECT_EQ(disk_.read(fd, 12288, aligned, size), 1000);
  disk_.close(fd);
}

TEST_F(KernelDiskTest, FillReservesAndZeroes) {
  constexpr std::uint64_t size = (std::uint64_t{3} << 20) + 8192;
  for (const OpenMode& mode : {creating, journal_mode}) {
    const std::string name = mode.direct ? "direct" : "plain";
    const int plain = open(name, creating);
    ASSERT_GE(plain, 0);
    EXPECT_EQ(disk_.write(plain, 0, pattern(10'000, 9)), 0);
    const int fd = open(name, mode);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(disk_.fill(fd, size), 0);
    EXPECT_EQ(disk_.size(fd), static_cast<std::int64_t>(size));
    struct stat found {};
    ASSERT_EQ(::fstat(fd, &found), 0);
    EXPECT_GE(static_cast<std::uint64_t>(found.st_blocks) * 512, size);
    const std::vector<std::uint8_t> bytes = read_all(plain);
    EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; }));
    disk_.close(fd);
    disk_.close(plain);
  }
}

TEST_F(KernelDiskTest, NoRoomIsAnErrorValue) {
  const int fd = open("x", creating);
  ASSERT_GE(fd, 0);
  // More than any file system of today has.
  EXPECT_LT(disk_.fill(fd, std::uint64_t{1} << 62), 0);
  EXPECT_EQ(disk_.size(fd), 0);

  // A limit on the size of files cuts a write short in the middle: the rest must fail and be told.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{10'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const int code = disk_.write(fd, 0, pattern(20'000, 3));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(code, -EFBIG);
  EXPECT_EQ(disk_.size(fd), 10'000);
  disk_.close(fd);
}

TEST_F(KernelDiskTest, TruncatesAndRemoves) {
  const int fd = open("x", creating);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(disk_.write(fd, 0, core::as_bytes("abcdef")), 0);
  EXPECT_EQ(disk_.truncate(fd, 2), 0);
  EXPECT_EQ(disk_.truncate(fd, 4), 0);
  EXPECT_EQ(core::as_text(read_all(fd)), std::string_view("ab\0\0", 4));
  disk_.close(fd);

  EXPECT_EQ(disk_.remove(directory_ / "x"), 0);
  EXPECT_EQ(disk_.remove(directory_ / "x"), -ENOENT);
  Names names;
  EXPECT_EQ(disk_.list(directory_.path(), names), 0);
  EXPECT_TRUE(names.empty());
}

TEST_F(KernelDiskTest, TellsWhatIsFree) {
  EXPECT_GT(disk_.free_bytes(directory_.path()), 0);
  EXPECT_EQ(disk_.free_bytes(directory_ / "missing"), -ENOENT);
}

}  // namespace
}  // namespace lepus::io
