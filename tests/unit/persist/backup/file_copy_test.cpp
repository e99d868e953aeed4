// Bytes from one file into another: all of them, past what cannot be read, until it is stopped.
#include "persist/backup/file_copy.h"

#include <gtest/gtest.h>

#include "core/limits/backup.h"
#include "tests/unit/persist/memory_disk.h"

namespace lepus::persist {
namespace {

class FileCopyTest : public ::testing::Test, public CopyMonitor {
 protected:
  bool on_copied(std::uint64_t bytes) override {
    copied_ += bytes;
    return copied_ < stop_at_;
  }
  std::vector<std::uint8_t> pattern(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(1 + i % 251);
    return bytes;
  }
  std::string copy(std::uint64_t bytes, std::uint64_t size) {
    return FileCopy{disk_, *this, unreadable_}.copy({"from", "to", bytes, size});
  }

  MemoryDisk disk_;
  UnreadableBytes unreadable_;
  std::uint64_t copied_ = 0;
  std::uint64_t stop_at_ = UINT64_MAX;
};

TEST_F(FileCopyTest, WhatCountsIsCopiedAndTheRestIsZeros) {
  disk_.files["from"] = pattern(5 * core::limits::backup_piece_size);
  const std::uint64_t bytes = 3 * core::limits::backup_piece_size + 8192;
  ASSERT_EQ(copy(bytes, disk_.files["from"].size()), "");
  std::vector<std::uint8_t> wanted = pattern(bytes);
  wanted.resize(disk_.files["from"].size(), 0);
  EXPECT_EQ(disk_.files["to"], wanted);
  EXPECT_EQ(copied_, bytes);
  EXPECT_EQ(unreadable_.bytes, 0U);
  EXPECT_EQ(disk_.open_count, 0);
}

TEST_F(FileCopyTest, ASizeThatIsNoMultipleOfABlock) {
  disk_.files["from"] = pattern(10'001);
  ASSERT_EQ(copy(10'001, 10'001), "");
  EXPECT_EQ(disk_.files["to"], disk_.files["from"]);
  disk_.takes_direct = false;
  disk_.files.erase("to");
  ASSERT_EQ(copy(10'001, 10'001), "") << "without direct I/O";
  EXPECT_EQ(disk_.files["to"], disk_.files["from"]);
}

TEST_F(FileCopyTest, ABlockThatCannotBeReadIsZerosAndTold) {
  disk_.files["from"] = pattern(5 * 4096);
  disk_.bad_offsets["from"] = 2 * 4096 + 17;
  ASSERT_EQ(copy(5 * 4096, 5 * 4096), "");
  std::vector<std::uint8_t> wanted = pattern(5 * 4096);
  std::fill(wanted.begin() + 2 * 4096, wanted.begin() + 3 * 4096, std::uint8_t{0});
  EXPECT_EQ(disk_.files["to"], wanted);
  EXPECT_EQ(unreadable_.bytes, 4096U);
  ASSERT_EQ(unreadable_.places.size(), 1U);
  EXPECT_EQ(unreadable_.places[0], "from: 8192");
}

TEST_F(FileCopyTest, AFileThatWasCutOffLacksItsEnd) {
  disk_.files["from"] = pattern(6000);
  ASSERT_EQ(copy(3 * 4096, 3 * 4096), "");
  EXPECT_EQ(unreadable_.bytes, 3 * 4096 - 6000U);
  EXPECT_EQ(disk_.files["to"].size(), 3 * 4096U);
}

TEST_F(FileCopyTest, PlacesThatAreToldAreBounded) {
  disk_.files["from"] = {};
  const std::uint64_t size = (core::limits::backup_places_max + 10) * 4096;
  ASSERT_EQ(copy(size, size), "");
  EXPECT_EQ(unreadable_.places.size(), core::limits::backup_places_max);
  EXPECT_EQ(unreadable_.bytes, size);
}

TEST_F(FileCopyTest, ItStopsWhenItIsTold) {
  disk_.files["from"] = pattern(5 * core::limits::backup_piece_size);
  stop_at_ = core::limits::backup_piece_size;
  EXPECT_EQ(copy(5 * core::limits::backup_piece_size, 5 * core::limits::backup_piece_size),
            copy_stopped);
  EXPECT_EQ(copied_, core::limits::backup_piece_size);
  EXPECT_EQ(disk_.open_count, 0);
}

TEST_F(FileCopyTest, WhatFailsIsNamed) {
  EXPECT_EQ(copy(4096, 4096), "cannot read from: No such file or directory");
  disk_.files["from"] = pattern(4096);
  disk_.write_error = -ENOSPC;
  EXPECT_EQ(copy(4096, 4096), "cannot write to: No space left on device");
  disk_.open_errors["to"] = -EACCES;
  EXPECT_EQ(copy(4096, 4096), "cannot make to: Permission denied");
  EXPECT_EQ(disk_.open_count, 0);
}

}  // namespace
}  // namespace lepus::persist
