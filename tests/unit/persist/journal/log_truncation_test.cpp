// Dead segments become free in steps, never before what says so is durable.
#include "persist/journal/log_truncation.h"

#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class LogTruncationTest : public ::testing::Test {
 protected:
  inline static const RecordSeed seed = RecordSeed::of(5);
  static constexpr std::uint64_t segment_size = 64 << 10;

  LogTruncationTest() {
    EXPECT_EQ(segments_.start({}), "");
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t number = segments_.table().add();
      world_.disk().close(segments_.begin(number, 0));
      segments_.spare().prepare();
      world_.finish_ops();
    }
    segments_.table().add_live(3, 1);
  }
  ~LogTruncationTest() override { world_.finish_ops(); }
  /// Without the reserve, which was made with the second file.
  std::size_t free_count() const { return segments_.pool().free_count() - 1; }
  /// Returns the log start that a batch of this number records; 0: none.
  std::uint64_t write(std::uint64_t number) {
    Batch batch{{number, 4, block_size, 1, false}, {}};
    truncation_.write_to(batch);
    if (batch.is_empty()) return 0;
    batch.close(seed);
    return read_record(batch.bytes(), seed).record.log_start();
  }

  test::LoopWorld world_;
  Segments segments_{{&world_.loop, &world_.disk(), &world_.log, "data", segment_size}};
  LogTruncation truncation_{segments_};
};

TEST_F(LogTruncationTest, WatermarksAreRepeatedBeforeItIsRecorded) {
  truncation_.turn(4);
  EXPECT_EQ(truncation_.watermarks_lost(), 1U);
  EXPECT_EQ(segments_.table().first(), 3U);
  EXPECT_TRUE(truncation_.is_pending());
  EXPECT_FALSE(truncation_.is_due());
  EXPECT_EQ(write(7), 0U) << "the batch in which they are repeated may be the next one";
  truncation_.turn(4);
  EXPECT_FALSE(truncation_.is_pending());
  EXPECT_TRUE(truncation_.is_due());
  EXPECT_EQ(write(8), 3U);
  EXPECT_FALSE(truncation_.is_due());
  EXPECT_EQ(truncation_.watermarks_lost(), 1U);
}

TEST_F(LogTruncationTest, FilesAreFreeWhenItsBatchIsDurable) {
  truncation_.turn(4);
  truncation_.turn(4);
  EXPECT_EQ(write(8), 3U);
  truncation_.on_durable(7);
  EXPECT_EQ(free_count(), 0U);
  EXPECT_EQ(segments_.table().first_durable(), 1U);
  truncation_.on_durable(8);
  EXPECT_EQ(free_count(), 2U);
  EXPECT_EQ(segments_.table().first_durable(), 3U);
}

TEST_F(LogTruncationTest, ALaterRecordTakesTheEarlierOneIn) {
  truncation_.turn(4);
  truncation_.turn(4);
  EXPECT_EQ(write(8), 3U);
  segments_.table().remove_live(3, 1);
  truncation_.turn(4);
  truncation_.turn(4);
  EXPECT_EQ(write(9), 4U);
  truncation_.on_durable(8);
  EXPECT_EQ(free_count(), 0U) << "the record that counts is on its way";
  truncation_.on_durable(9);
  EXPECT_EQ(free_count(), 3U);
}

TEST_F(LogTruncationTest, NothingDeadIsNothingToRecord) {
  truncation_.turn(1);
  EXPECT_FALSE(truncation_.is_pending());
  EXPECT_EQ(truncation_.watermarks_lost(), 0U);
  EXPECT_EQ(write(7), 0U);
}

}  // namespace
}  // namespace lepus::persist
