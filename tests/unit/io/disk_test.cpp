// The promises of io/disk.h, kept by the kernel's disk and by the simulated one alike.
#include "io/disk.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "io/kernel_disk.h"
#include "io/sim/sim_disk.h"
#include "tests/unit/io/temporary_directory.h"

namespace lepus::io {
namespace {

using Names = std::vector<std::string>;

constexpr OpenMode read_mode{};
constexpr OpenMode writing{.write = true};
constexpr OpenMode creating{.write = true, .create = true};
constexpr OpenMode journal_mode{.write = true, .create = true, .direct = true, .dsync = true};

struct KernelWorld {
  TemporaryDirectory directory;
  KernelDisk disk;
};
struct SimulatedWorld {
  SimulatedWorld() { CHECK(disk.make_directory(directory.path()) == 0); }
  TemporaryDirectory directory;  ///< For its name only.
  SimDisk disk{1};
};

template <class World>
class DiskTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return world_.directory / name; }
  int open(const std::string& name, const OpenMode& mode) { return disk().open(path(name), mode); }
  Disk& disk() { return world_.disk; }
  std::string read_all(int fd) {
    const std::int64_t size = disk().size(fd);
    CHECK(size >= 0);
    std::string text(static_cast<std::size_t>(size), '?');
    EXPECT_EQ(disk().read(fd, 0, reinterpret_cast<std::uint8_t*>(text.data()), text.size()), size);
    return text;
  }

  World world_;
};
using Worlds = ::testing::Types<KernelWorld, SimulatedWorld>;
TYPED_TEST_SUITE(DiskTest, Worlds);

TYPED_TEST(DiskTest, MakesDirectoriesWithTheirParents) {
  Disk& disk = this->disk();
  EXPECT_EQ(disk.make_directory(this->path("a/b/c")), 0);
  EXPECT_EQ(disk.make_directory(this->path("a/b/c")), 0);
  EXPECT_EQ(disk.make_directory(this->path("a/b/d/")), 0);
  Names names;
  EXPECT_EQ(disk.list(this->path("a"), names), 0);
  EXPECT_EQ(names, Names{"b"});
  EXPECT_EQ(disk.list(this->path("a/b/"), names), 0);
  EXPECT_EQ(names, (Names{"c", "d"}));

  disk.close(this->open("file", creating));
  EXPECT_EQ(disk.make_directory(this->path("file")), -ENOTDIR);
  EXPECT_EQ(disk.make_directory(this->path("file/below")), -ENOTDIR);
}

TYPED_TEST(DiskTest, ListsSortedNames) {
  Disk& disk = this->disk();
  for (const char* name : {"c", "a", "b"}) disk.close(this->open(name, creating));
  EXPECT_EQ(disk.make_directory(this->path("aa")), 0);
  Names names{"from before"};
  EXPECT_EQ(disk.list(this->path(""), names), 0);
  EXPECT_EQ(names, (Names{"a", "aa", "b", "c"}));
  EXPECT_EQ(disk.list(this->path("missing"), names), -ENOENT);
  EXPECT_TRUE(names.empty());
  EXPECT_EQ(disk.list(this->path("a"), names), -ENOTDIR);
}

TYPED_TEST(DiskTest, OpensWhatIsThereAndMakesOnlyOnRequest) {
  Disk& disk = this->disk();
  EXPECT_EQ(this->open("x", read_mode), -ENOENT);
  EXPECT_EQ(this->open("x", writing), -ENOENT);
  EXPECT_EQ(this->open("missing/x", creating), -ENOENT);
  const int fd = this->open("x", creating);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(this->open("x/y", creating), -ENOTDIR);
  EXPECT_EQ(disk.write(fd, 0, core::as_bytes("kept")), 0);
  disk.close(fd);
  const int again = this->open("x", creating);
  ASSERT_GE(again, 0);
  EXPECT_EQ(disk.size(again), 4);
  disk.close(again);
  EXPECT_EQ(disk.make_directory(this->path("directory")), 0);
  EXPECT_EQ(this->open("directory", writing), -EISDIR);
}

TYPED_TEST(DiskTest, ReadsAheadInOrderOfTheStarts) {
  Disk& disk = this->disk();
  const int fd = this->open("x", creating);
  ASSERT_GE(fd, 0);
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>('a' + i % 26);
  EXPECT_EQ(disk.write(fd, 0, core::as_bytes(text)), 0);
  const std::unique_ptr<ReadAhead> reads = disk.read_ahead();
  std::array<std::array<std::uint8_t, 300>, ReadAhead::depth_max> parts{};
  std::string found;
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    if (i >= parts.size()) {
      const std::int64_t size = reads->finish_oldest();
      ASSERT_GE(size, 0);
      const auto& part = parts[i % parts.size()];
      found += core::as_text({part.data(), static_cast<std::size_t>(size)});
    }
    reads->start({fd, offset, parts[i % parts.size()].data(), 300});
    offset += 300;
  }
  EXPECT_EQ(found, text.substr(0, 900));
  EXPECT_EQ(reads->finish_oldest(), 100) << "the end of the file";
  EXPECT_EQ(core::as_text({parts[3].data(), 100}), text.substr(900));
  EXPECT_EQ(reads->finish_oldest(), 0);
  EXPECT_EQ(reads->count(), 2u);
  reads->forget_all();
  EXPECT_EQ(reads->count(), 0u);
  disk.close(fd);
  reads->start({fd, 0, parts[0].data(), 300});
  EXPECT_EQ(reads->finish_oldest(), -EBADF);
  reads->start({fd, 0, parts[0].data(), 300});
}

TYPED_TEST(DiskTest, RefusesWhatTheDescriptorIsNotFor) {
  Disk& disk = this->disk();
  disk.close(this->open("x", creating));
  const int fd = this->open("x", read_mode);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(disk.write(fd, 0, core::as_bytes("no")), -EBADF);
  EXPECT_LT(disk.truncate(fd, 0), 0);
  EXPECT_EQ(disk.fill(fd, 4096), -EBADF);
  disk.close(fd);
  std::uint8_t byte = 0;
  EXPECT_EQ(disk.read(fd, 0, &byte, 1), -EBADF);
  EXPECT_EQ(disk.size(fd), -EBADF);
  EXPECT_EQ(disk.sync(fd), -EBADF);
}

TYPED_TEST(DiskTest, ReadsUpToTheEnd) {
  Disk& disk = this->disk();
  const int fd = this->open("x", creating);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(disk.write(fd, 3, core::as_bytes("abcdef")), 0);
  EXPECT_EQ(disk.sync(fd), 0);
  EXPECT_EQ(this->read_all(fd), std::string("\0\0\0abcdef", 9));
  std::vector<std::uint8_t> bytes(20, 0xEE);
  EXPECT_EQ(disk.read(fd, 5, bytes.data(), bytes.size()), 4);
  EXPECT_EQ(core::as_text(core::Bytes(bytes).first(5)), "cdef\xEE");
  EXPECT_EQ(disk.read(fd, 9, bytes.data(), bytes.size()), 0);
  EXPECT_EQ(disk.read(fd, 5, bytes.data(), 2), 2);
  disk.close(fd);
}

TYPED_TEST(DiskTest, DirectWritesReadBack) {
  Disk& disk = this->disk();
  const int fd = this->open("journal", journal_mode);
  ASSERT_GE(fd, 0) << "the file system of the temporary directory has no O_DIRECT";
  struct alignas(4096) Block {
    std::array<std::uint8_t, 4096> bytes{};
  };
  std::vector<Block> sent(5);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    for (std::size_t j = 0; j < 4096; ++j) sent[i].bytes[j] = static_cast<std::uint8_t>(i + j * 7);
  }
  const auto* from = sent[0].bytes.data();
  EXPECT_EQ(disk.write(fd, 8192, {from, sizeof(Block) * 5}), 0);
  EXPECT_EQ(disk.write(fd, 8192, {from + 512 + 1, 4096}), -EINVAL);
  EXPECT_EQ(disk.write(fd, 100, {from, 4096}), -EINVAL);
  EXPECT_EQ(disk.write(fd, 0, {from, 100}), -EINVAL);
  EXPECT_EQ(disk.size(fd), 7 * 4096);

  // More than the file has, and an end within a block.
  std::vector<Block> got(5);
  auto* to = got[0].bytes.data();
  EXPECT_EQ(disk.read(fd, 12288, to, sizeof(Block) * 5), 4 * 4096);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(got[i].bytes, sent[i + 1].bytes);
  EXPECT_EQ(disk.truncate(fd, 12288 + 1000), 0);
  EXPECT_EQ(disk.read(fd, 12288, to, sizeof(Block) * 5), 1000);
  EXPECT_EQ(disk.read(fd, 12288 + 4096, to, 4096), 0);
  disk.close(fd);
}

TYPED_TEST(DiskTest, FillZeroes) {
  Disk& disk = this->disk();
  constexpr std::size_t size = (std::size_t{1} << 20) + 8192;
  for (const OpenMode& mode : {creating, journal_mode}) {
    const std::string name = mode.direct ? "direct" : "plain";
    const int plain = this->open(name, creating);
    ASSERT_GE(plain, 0);
    EXPECT_EQ(disk.write(plain, 100, core::as_bytes("from before")), 0);
    const int fd = this->open(name, mode);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(disk.fill(fd, size), 0);
    EXPECT_EQ(this->read_all(plain), std::string(size, '\0'));
    disk.close(fd);
    disk.close(plain);
  }
}

TYPED_TEST(DiskTest, TruncatesAndRemoves) {
  Disk& disk = this->disk();
  const int fd = this->open("x", creating);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(disk.write(fd, 0, core::as_bytes("abcdef")), 0);
  EXPECT_EQ(disk.truncate(fd, 2), 0);
  EXPECT_EQ(disk.truncate(fd, 4), 0);
  EXPECT_EQ(this->read_all(fd), std::string("ab\0\0", 4));
  EXPECT_EQ(disk.remove(this->path("x")), 0);
  EXPECT_EQ(disk.remove(this->path("x")), -ENOENT);
  // Nameless, but open.
  EXPECT_EQ(this->read_all(fd), std::string("ab\0\0", 4));
  disk.close(fd);
  Names names;
  EXPECT_EQ(disk.list(this->path(""), names), 0);
  EXPECT_TRUE(names.empty());
}

TYPED_TEST(DiskTest, RenamesAlsoIntoAnotherDirectory) {
  Disk& disk = this->disk();
  EXPECT_EQ(disk.make_directory(this->path("a")), 0);
  for (const char* name : {"x", "a/y"}) {
    const int fd = this->open(name, creating);
    ASSERT_GE(fd, 0);
    const std::string text = name;
    EXPECT_EQ(disk.write(fd, 0, core::as_bytes(text)), 0);
    disk.close(fd);
  }
  EXPECT_EQ(disk.rename(this->path("x"), this->path("a/y")), 0);
  EXPECT_EQ(this->open("x", read_mode), -ENOENT);
  const int fd = this->open("a/y", read_mode);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(this->read_all(fd), "x");
  disk.close(fd);
  EXPECT_EQ(disk.rename(this->path("x"), this->path("z")), -ENOENT);
  EXPECT_EQ(disk.rename(this->path("a/y"), this->path("none/y")), -ENOENT);
}

TYPED_TEST(DiskTest, NoRoomIsAnErrorValue) {
  Disk& disk = this->disk();
  const int fd = this->open("x", creating);
  ASSERT_GE(fd, 0);
  // More than any file system of today has.
  EXPECT_LT(disk.fill(fd, std::uint64_t{1} << 62), 0);
  EXPECT_EQ(disk.size(fd), 0);
  disk.close(fd);
  EXPECT_GT(disk.free_bytes(this->path("")), 0);
  EXPECT_EQ(disk.free_bytes(this->path("missing")), -ENOENT);
}

}  // namespace
}  // namespace lepus::io
