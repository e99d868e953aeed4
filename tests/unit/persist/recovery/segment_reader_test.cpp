// The window over a file: whatever is asked for in whatever order, its bytes are those of the file,
// and what the disk cannot read is no record.
#include "persist/recovery/segment_reader.h"

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "io/kernel_disk.h"
#include "persist/journal/format.h"
#include "tests/unit/io/temporary_directory.h"
#include "tests/unit/persist/memory_disk.h"

namespace lepus::persist {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

std::vector<std::uint8_t> random_bytes(core::Random& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(bytes.data() + i, &word, sizeof word);
  }
  return bytes;
}

/// Walks as a scan does: records of mixed sizes, one behind the other, now and then elsewhere.
void walk(SegmentReader& reader, const std::vector<std::uint8_t>& file, core::Random& random) {
  std::uint64_t offset = 0;
  for (int step = 0; step < 3000; ++step) {
    if (random.chance(1)) offset = random.below(file.size());
    offset = offset / record_alignment * record_alignment;
    const std::uint64_t size_max = random.chance(2)   ? 3 * mebibyte
                                   : random.chance(5) ? 70'000
                                                      : 900;
    const std::uint64_t size = 8 + random.below(size_max);
    const core::Bytes window = reader.window(offset, size);
    const std::uint64_t there = offset < file.size() ? file.size() - offset : 0;
    ASSERT_GE(window.size(), std::min(size, there));
    ASSERT_LE(window.size(), there);
    const std::size_t compared = std::min<std::size_t>(window.size(), size);
    ASSERT_TRUE(compared == 0 || std::memcmp(window.data(), file.data() + offset, compared) == 0);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(window.data()) % record_alignment, 0u);
    offset = offset + size >= file.size() ? 0 : offset + size;
  }
}

TEST(SegmentReader, ShowsTheBytesOfTheFile) {
  core::Random random(1);
  for (int round = 0; round < 10; ++round) {
    MemoryDisk disk;
    auto& file = disk.files["x"];
    file = random_bytes(random, (1 + random.below(2000)) * block_size);
    SegmentReader reader(disk);
    ASSERT_EQ(reader.open("x"), 0);
    EXPECT_EQ(reader.size(), file.size());
    walk(reader, file, random);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(SegmentReader, ReadsTheKernelsFiles) {
  core::Random random(2);
  const io::TemporaryDirectory directory;
  io::KernelDisk disk;
  const std::string path = directory / "x";
  const auto file = random_bytes(random, 7 * mebibyte);
  const int fd = disk.open(path, {.write = true, .create = true});
  ASSERT_GE(fd, 0);
  ASSERT_EQ(disk.write(fd, 0, file), 0);
  ASSERT_EQ(disk.sync(fd), 0);
  disk.close(fd);
  SegmentReader reader(disk);
  ASSERT_EQ(reader.open(path), 0);
  walk(reader, file, random);
}

TEST(SegmentReader, ReadsEachByteOnceWhenItGoesStraightOn) {
  MemoryDisk disk;
  auto& file = disk.files["x"];
  file.resize(16 * mebibyte);
  SegmentReader reader(disk);
  ASSERT_EQ(reader.open("x"), 0);
  for (std::uint64_t offset = 0; offset < file.size(); offset += 200)
    (void)reader.window(offset, 24);
  EXPECT_LE(disk.read_count, 16u + 6u);
}

TEST(SegmentReader, BlocksThatCannotBeReadAreNoRecords) {
  constexpr std::uint64_t bad = 5 * mebibyte + 8192;
  MemoryDisk disk;
  auto& file = disk.files["x"];
  file.resize(8 * mebibyte);
  disk.bad_offsets["x"] = bad;
  SegmentReader reader(disk);
  ASSERT_EQ(reader.open("x"), 0);
  for (std::uint64_t offset = 0; offset < file.size(); offset += block_size) {
    const core::Bytes window = reader.window(offset, block_size);
    ASSERT_GE(window.size(), block_size);
    EXPECT_EQ(window[0], offset == bad ? 0xff : 0) << offset;
  }
  EXPECT_EQ(reader.unreadable_count(), 1u);
  EXPECT_EQ(reader.unreadable_offset(), bad);
}

TEST(SegmentReader, TheFileMayBecomeShorter) {
  MemoryDisk disk;
  auto& file = disk.files["x"];
  file.assign(8 * mebibyte, 1);
  SegmentReader reader(disk);
  ASSERT_EQ(reader.open("x"), 0);
  for (std::uint64_t offset = 0; offset < 3 * mebibyte; offset += block_size)
    (void)reader.window(offset, block_size);
  file.resize(6 * mebibyte + 100);
  std::uint64_t offset = 3 * mebibyte;
  while (!reader.window(offset, block_size).empty()) offset += block_size;
  EXPECT_EQ(offset, 6 * mebibyte);
  EXPECT_EQ(reader.size(), 6 * mebibyte);
}

}  // namespace
}  // namespace lepus::persist
