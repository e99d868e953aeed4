// A file by pieces: which bytes come, and what a failing disk says.
#include "persist/journal/compaction/piece_reader.h"

#include "persist/journal/format.h"
#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class PieceReaderTest : public ::testing::Test, protected PieceReader::Client {
 protected:
  static constexpr const char* path = "data/file";
  static constexpr std::uint64_t block_count = 5;
  static constexpr std::uint64_t file_size = block_count * block_size;

  PieceReaderTest() {
    const int fd = disk().open(path, {.write = true, .create = true});
    std::vector<std::uint8_t> bytes(file_size);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::uint8_t>(i / block_size);
    EXPECT_EQ(disk().write(fd, 0, bytes), 0);
    disk().close(fd);
  }
  ~PieceReaderTest() override { world_.finish_ops(); }
  io::SimDisk& disk() { return world_.disk(); }
  void open() {
    reader_.open(path, file_size, true);
    EXPECT_TRUE(reader_.is_busy());
    world_.finish_ops();
  }
  void read(std::uint64_t offset, std::uint64_t size_min) {
    piece_.clear();
    reader_.read(offset, size_min);
    world_.finish_ops();
  }
  void close() {
    reader_.close();
    world_.finish_ops();
    EXPECT_TRUE(reader_.is_idle());
    EXPECT_EQ(disk().open_count(), 0U);
  }

  void on_piece(core::Bytes piece) override { piece_.assign(piece.begin(), piece.end()); }
  void on_read_failed(const char* why) override {
    failure_ = why;
    was_open_ = reader_.is_open();
  }

  test::LoopWorld world_;
  PieceReader reader_{world_.loop, disk(), *this};
  std::vector<std::uint8_t> piece_;
  std::string failure_;
  bool was_open_ = false;
};

TEST_F(PieceReaderTest, ComesInWholeBlocksUpToTheEnd) {
  open();
  ASSERT_TRUE(reader_.is_open());
  read(block_size + 100, 1);
  EXPECT_EQ(reader_.piece_begin(), block_size);
  ASSERT_EQ(piece_.size(), block_size);
  EXPECT_EQ(piece_.front(), 1);
  EXPECT_EQ(piece_.back(), 1);
  read(2 * block_size, block_size + 1);
  ASSERT_EQ(piece_.size(), 2 * block_size);
  EXPECT_EQ(piece_.back(), 3);
  reader_.release();
  read(4 * block_size, 100 * block_size);
  EXPECT_EQ(piece_.size(), block_size) << "the file ends there";
  EXPECT_EQ(failure_, "");
  close();
}

TEST_F(PieceReaderTest, AFileThatIsOpenIsClosedWithIt) {
  {
    PieceReader reader{world_.loop, disk(), *this};
    reader.open(path, file_size, true);
    world_.finish_ops();
    EXPECT_EQ(disk().open_count(), 1U);
  }
  EXPECT_EQ(disk().open_count(), 0U);
}

TEST_F(PieceReaderTest, AShortReadBringsTheWholeBlocksOfIt) {
  open();
  disk().set_faults({.short_read = 100});
  read(0, file_size);
  EXPECT_EQ(failure_, "");
  EXPECT_GE(piece_.size(), block_size);
  EXPECT_EQ(piece_.size() % block_size, 0U);
  close();
}

TEST_F(PieceReaderTest, AFileThatIsNotThereLeavesItIdle) {
  EXPECT_EQ(disk().remove(path), 0);
  open();
  EXPECT_NE(failure_, "");
  EXPECT_FALSE(was_open_);
  EXPECT_TRUE(reader_.is_idle());
}

TEST_F(PieceReaderTest, AReadThatFailsLeavesItOpen) {
  open();
  disk().set_faults({.read_error = 1000});
  read(0, 1);
  EXPECT_NE(failure_, "");
  EXPECT_TRUE(was_open_);
  EXPECT_TRUE(piece_.empty());
  close();
}

TEST_F(PieceReaderTest, AFileThatEndsTooEarlyIsSaid) {
  open();
  const int fd = disk().open(path, {.write = true});
  EXPECT_EQ(disk().truncate(fd, 2 * block_size), 0);
  disk().close(fd);
  read(3 * block_size, 1);
  EXPECT_EQ(failure_, "the file ends too early");
  close();
}

}  // namespace
}  // namespace lepus::persist
