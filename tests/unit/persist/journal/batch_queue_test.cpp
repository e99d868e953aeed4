// Where batches end, go on in the next segment, and how far they are durable.
#include "persist/journal/batch_queue.h"

#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class BatchQueueTest : public ::testing::Test {
 protected:
  inline static const RecordSeed seed = RecordSeed::of(5);
  static constexpr std::uint64_t segment_size = 64 << 10;
  static constexpr std::uint64_t sequence = 100;

  BatchQueueTest() { batches_.start(sequence); }
  core::RecordLocation add(std::uint64_t size) {
    batches_.make_room(size);
    Batch& batch = batches_.open();
    const std::uint8_t* record = batch.add(RecordType::message, 0, size);
    return {static_cast<std::uint32_t>(batch.segment()),
            static_cast<std::uint32_t>(batch.offset_of(record)), static_cast<std::uint32_t>(size)};
  }
  /// As if it had been written.
  void pop() {
    if (!batches_.front().is_closed()) batches_.front().close(seed);
    batches_.reuse(batches_.pop()->take_buffer());
  }

  test::LoopWorld world_;
  Segments segments_{{&world_.loop, &world_.disk(), &world_.log, "data", segment_size}};
  LogTruncation truncation_{segments_};
  BatchQueue batches_{{&segments_.table(), &truncation_, segment_size}};
};

TEST_F(BatchQueueTest, AnEmptyBatchIsNotWritten) {
  EXPECT_FALSE(batches_.can_close());
  EXPECT_EQ(batches_.last_number(), 0U);
  batches_.gathered().add_watermark({core::QueueId{1}, 2});
  EXPECT_TRUE(batches_.can_close());
  EXPECT_EQ(batches_.last_number(), 1U);
  batches_.keep_open(true);
  EXPECT_FALSE(batches_.can_close());
}

TEST_F(BatchQueueTest, TheNextOneFollowsInTheSegment) {
  const core::RecordLocation first = add(800);
  EXPECT_EQ(first.offset, block_size) << "behind the header";
  batches_.close();
  EXPECT_TRUE(batches_.has_closed());
  EXPECT_EQ(batches_.open().number(), 2U);
  EXPECT_EQ(batches_.open().segment(), first.segment);
  EXPECT_EQ(batches_.open().offset(), 2 * block_size);
  EXPECT_EQ(batches_.open().first_sequence(), sequence + 1);
  EXPECT_FALSE(batches_.can_close());
  EXPECT_NE(batches_.record_at(first), nullptr);
}

TEST_F(BatchQueueTest, IsDurableUpToWhatWasWritten) {
  EXPECT_EQ(batches_.durable(), 0U);
  EXPECT_EQ(batches_.written_end().offset, 0U);
  add(800);
  batches_.close();
  const std::uint64_t pending = batches_.pending_bytes();
  pop();
  EXPECT_LT(batches_.pending_bytes(), pending);
  EXPECT_EQ(batches_.durable(), 1U);
  EXPECT_EQ(batches_.written_end().offset, 2 * block_size);
  EXPECT_GT(batches_.memory_bytes(), 0U) << "kept for the next one";
}

TEST_F(BatchQueueTest, ABatchThatFillsItsSegmentCountsWithItsRest) {
  add(800);
  batches_.gathered().add_settle({core::QueueId{1}, 1});
  const core::RecordLocation next = add(segment_size - block_size);
  EXPECT_EQ(next.segment, 2U);
  EXPECT_TRUE(batches_.has_closed());
  EXPECT_TRUE(batches_.front().spans_segments());
  EXPECT_TRUE(batches_.gathered().is_empty()) << "written where it belongs";
  pop();
  EXPECT_EQ(batches_.durable(), 0U);
  EXPECT_EQ(batches_.written_end().segment, 1U);
  batches_.close();
  pop();
  EXPECT_EQ(batches_.durable(), 2U);
  EXPECT_EQ(batches_.written_end().segment, batches_.front().segment());
}

TEST_F(BatchQueueTest, ARecordLargerThanASegmentHasOneOfItsOwn) {
  const core::RecordLocation alone = add(3 * segment_size);
  EXPECT_EQ(alone.segment, 1U);
  EXPECT_FALSE(batches_.has_closed());
  EXPECT_EQ(add(80).segment, 2U);
}

TEST_F(BatchQueueTest, NoBatchBeginsWhereNothingFits) {
  add(segment_size - 3 * block_size);
  batches_.close();
  EXPECT_EQ(batches_.open().segment(), 2U);
  EXPECT_EQ(batches_.open().offset(), 0U);
}

}  // namespace
}  // namespace lepus::persist
