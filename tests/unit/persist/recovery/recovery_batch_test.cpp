// Batches are taken as a whole or not at all, also across segments.
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist {
namespace {

class RecoveryBatchTest : public RecoveryTest {
 protected:
  RecoveryBatchTest() : first(1, 1), second(2, 0) {
    first.marks_batches = true;
    first.message({{7, 0}}).end_batch();
    first.message({{7, 1}}).settle({{7, 0, 0}});
    first.joins_next = true;
    first.seal();
    second = SegmentBuilder(2, first.next_sequence());
    second.marks_batches = second.continues = true;
    second.message({{7, 2}});
  }
  void put_both() {
    put(0, first);
    put(1, second);
  }

  SegmentBuilder first;   ///< Message 0; then a batch that goes on in
  SegmentBuilder second;  ///< this one: message 1, settle of 0, message 2.
};

TEST_F(RecoveryBatchTest, CompleteAcrossSegments) {
  second.end_batch();
  put_both();
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{1, 2}));
  EXPECT_EQ(report.worst(), Severity::normal);
}

TEST_F(RecoveryBatchTest, TornAcrossSegmentsIsDroppedForGood) {
  put_both();  // Without the last record.
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_EQ(times(report, RecoveryCase::torn_batch), 1u);
  EXPECT_EQ(report.tail.end_offset, block_size);
  ASSERT_EQ(finish_recovery(disk, report.tail), "");

  report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_EQ(times(report, RecoveryCase::cut_batch), 1u);
  EXPECT_EQ(report.counters.records_dropped, 3u);
  SegmentBuilder third(report.next_segment, report.next_sequence);
  third.marks_batches = true;
  third.message({{7, 1}}).end_batch();
  put(2, third);
  report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0, 1}));
  EXPECT_EQ(report.worst(), Severity::normal);
}

TEST_F(RecoveryBatchTest, NextSegmentNeverBegan) {
  put(0, first);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_FALSE(report.tail.sealed);
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_TRUE(report.tail.sealed);
}

TEST_F(RecoveryBatchTest, DamageInsideAppliesWhatIsLeft) {
  second.end_batch();
  put_both();
  // Message 2 is lost, and with it the end of the batch.
  file(1)[block_size + 40] ^= 1;
  SegmentBuilder third(3, second.next_sequence() + 1);
  third.message({{7, 3}}).end_batch();
  put(2, third);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{1, 3}));
  EXPECT_EQ(report.worst(), Severity::loss);
}

TEST_F(RecoveryBatchTest, TornBatchAfterDamageKeepsTheReportOfTheDamage) {
  SegmentBuilder only_one(1, 1);
  only_one.marks_batches = true;
  for (std::uint64_t i = 0; i < 2; ++i) only_one.message({{7, i}}).end_batch();
  only_one.message({{7, 2}});  // Torn.
  put(0, only_one);
  file(0)[2 * block_size + 40] ^= 1;
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::damaged_newest), 1u);
  EXPECT_EQ(times(report, RecoveryCase::torn_batch), 1u);
  EXPECT_EQ(report.tail.end_offset, 3 * block_size);
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  report = run();
  EXPECT_EQ(times(report, RecoveryCase::damaged_newest), 1u);
  EXPECT_TRUE(report.tail.sealed);
  EXPECT_EQ(live(report, 7), (Sequences{0}));
}

}  // namespace
}  // namespace lepus::persist
