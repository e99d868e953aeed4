// What each call adds to the open batch, and what counts as live behind it.
#include "persist/journal/record_appender.h"

#include "persist/journal/message_record.h"
#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class RecordAppenderTest : public ::testing::Test {
 protected:
  inline static const RecordSeed seed = RecordSeed::of(5);
  static constexpr std::uint64_t segment_size = 64 << 10;

  RecordAppenderTest() {
    batches_.start(1);
    message_ = core::Message::create({"ex", "key", {}, 4, true, 0}, account_);
    message_->append_body(core::as_bytes("body"));
  }
  static core::QueuePosition at(std::uint64_t queue, std::uint64_t sequence) {
    return {core::QueueId{queue}, sequence};
  }
  std::uint64_t live() { return segments_.table().live_bytes(); }
  /// The oldest batch, closed; `place` is in it. Valid until end_batch().
  RecordView closed(const core::RecordLocation& place) {
    batches_.close();
    batches_.front().close(seed);
    const std::uint64_t begin = place.offset - batches_.front().offset();
    const RecordRead read =
        read_record(batches_.front().bytes().subspan(static_cast<std::size_t>(begin)), seed);
    EXPECT_EQ(read.fault, RecordFault::none);
    return read.record;
  }

  test::LoopWorld world_;
  Segments segments_{{&world_.loop, &world_.disk(), &world_.log, "data", segment_size}};
  LogTruncation truncation_{segments_};
  BatchQueue batches_{{&segments_.table(), &truncation_, segment_size}};
  RecordClock clock_{world_.loop};
  core::JournalCounts counts_;
  RecordAppender records_{batches_, segments_.table(), clock_, counts_};
  core::MemoryAccount account_;
  core::MessageRef message_;
};

TEST_F(RecordAppenderTest, OneRecordCountsForEachOfItsQueues) {
  const core::RecordLocation place = records_.append(*message_, 2);
  EXPECT_EQ(live(), 2 * std::uint64_t{place.size});
  records_.enqueued(place, 1, at(4, 8));
  records_.dropped(place);
  EXPECT_EQ(live(), place.size);
  const RecordView record = closed(place);
  ASSERT_EQ(record.queues().size(), 2U);
  EXPECT_EQ(record.queues()[0].queue, 0U);
  EXPECT_EQ(record.queues()[1].queue, 4U);
  EXPECT_EQ(record.head().enqueued_ms, clock_.now_ms());
}

TEST_F(RecordAppenderTest, WhatIsPagedSaysSo) {
  const core::RecordLocation place = records_.append_paged(*message_, at(4, 8));
  const RecordView record = closed(place);
  EXPECT_EQ(record.head().flags, head_flag_paged);
  EXPECT_EQ(record.queues()[0].sequence, 8U);
}

TEST_F(RecordAppenderTest, SettlesAreGatheredAndCountNoMore) {
  for (std::uint64_t i = 0; i < 3; ++i) {
    const core::RecordLocation place = records_.append(*message_, 1);
    records_.enqueued(place, 0, at(4, i));
    records_.settled(place, at(4, i));
  }
  EXPECT_EQ(live(), 0U);
  EXPECT_EQ(batches_.gathered().size(), GatheredRecords::settle_size) << "one range";
  records_.append_tombstone({5, 0, 9});
  records_.delivery_watermark(at(6, 3));
  EXPECT_EQ(batches_.gathered().size(),
            GatheredRecords::settle_size + sizeof(SequenceRange) + GatheredRecords::watermark_size);
}

TEST_F(RecordAppenderTest, AMovedRecordNamesItsHoldersAndKeepsItsTime) {
  const core::RecordLocation before = records_.append(*message_, 3);
  (void)closed(before);
  batches_.reuse(batches_.pop()->take_buffer());
  // The next segment, so that the first one is durable as a whole.
  while (batches_.open().segment() == before.segment) (void)records_.append_as_of(*message_, 0, 1);
  batches_.front().close(seed);
  (void)batches_.pop();
  batches_.close();
  (void)batches_.pop();
  ASSERT_LT(before.segment, batches_.written_end().segment);
  records_.dropped(before);
  const std::uint64_t live_before = live();
  MessageHead old;
  old.enqueued_ms = 0;
  const std::vector<core::QueuePosition> holders{at(1, 5), at(3, 6)};
  const core::RecordLocation after = records_.move(*message_, old, before, holders);
  EXPECT_EQ(live(), live_before - 2 * before.size + 2 * after.size);
  const RecordView record = closed(after);
  ASSERT_EQ(record.queues().size(), 2U);
  EXPECT_EQ(record.queues()[0].sequence, 5U);
  EXPECT_EQ(record.queues()[1].queue, 3U);
  EXPECT_EQ(record.head().enqueued_ms, 0U);
}

}  // namespace
}  // namespace lepus::persist
