// Starts that read indexes in place of segments: the same is found, indexes that do not count are
// passed over and written anew, and damage that was found is found again.
#include "persist/journal/index/segment_index.h"
#include "persist/journal/index/segment_index_builder.h"
#include "persist/journal/index/segment_index_file.h"
#include "tests/unit/persist/recovery/recovery_fixture.h"
#include "tests/unit/persist/recovery/same_report.h"

namespace lepus::persist {
namespace {

class RecoveryIndexTest : public RecoveryTest {
 protected:
  RecoveryIndexTest() {
    first.marks_batches = second.marks_batches = newest.marks_batches = true;
    first.message({{7, 0}}, "one").message({{7, 1}}, "two").end_batch();
    first.message({{7, 2}, {8, 0}}, "three").delivered({{7, 2}}).end_batch().seal();
    second.settle({{7, 0, 0}}).message({{7, 3}}, "four").end_batch().seal();
    newest.message({{7, 4}}, "five").settle({{7, 3, 3}}).end_batch();
    put(0, first);
    put(1, second);
    put(2, newest);
  }
  RecoveryReport run_with(bool reads_all, bool writes_indexes) {
    RecoveryReport report = recover(disk, directory,
                                    {.shard = 0,
                                     .store = SegmentBuilder::store,
                                     .reads_all = reads_all,
                                     .writes_indexes = writes_indexes});
    EXPECT_EQ(disk.open_count, 0);
    return report;
  }
  std::vector<std::uint8_t>* index(std::uint32_t number) {
    const auto found = disk.files.find(segment_index_path(directory, number));
    return found == disk.files.end() ? nullptr : &found->second;
  }
  /// Nothing of the bodies can be read any more, headers can.
  void lose_records(std::uint32_t number) {
    std::fill(file(number).begin() + block_size, file(number).end(), std::uint8_t{0xee});
  }

  SegmentBuilder first{1, 1};
  SegmentBuilder second{2, 7};
  SegmentBuilder newest{3, 10};
};

TEST_F(RecoveryIndexTest, SegmentsThatWereReadGetOne) {
  const RecoveryReport scanned = run_with(false, true);
  ASSERT_NE(index(0), nullptr);
  ASSERT_NE(index(1), nullptr);
  EXPECT_EQ(index(2), nullptr) << "the newest is sealed by finish_recovery() only";
  EXPECT_FALSE(scanned.tail_index.empty());
  lose_records(0);
  lose_records(1);
  const RecoveryReport indexed = run_with(false, true);
  expect_same_report(scanned, indexed);
  EXPECT_EQ(live(indexed, 7), (Sequences{1, 2, 4}));
  EXPECT_EQ(indexed.files[0].index_state, SegmentIndexState::valid);
}

TEST_F(RecoveryIndexTest, NothingIsWrittenUnlessTold) {
  (void)run();
  EXPECT_TRUE(disk.writes.empty());
  EXPECT_EQ(index(0), nullptr);
}

TEST_F(RecoveryIndexTest, TheNewestSegmentsIndexIsWhatALaterStartReads) {
  RecoveryReport before = run_with(false, true);
  ASSERT_EQ(finish_recovery(disk, before.tail), "");
  SegmentBuilder next(4, before.next_sequence);
  next.marks_batches = true;
  put(3, next.message({{7, 5}}).end_batch());
  const RecoveryReport scanned = run_with(true, true);
  EXPECT_EQ(*index(2), before.tail_index);
  disk.files[segment_index_path(directory, 2)] = before.tail_index;
  lose_records(2);
  expect_same_report(scanned, run_with(false, false));
}

TEST_F(RecoveryIndexTest, ATornBatchIsNotInTheNewestSegmentsIndex) {
  newest.message({{7, 5}}, "torn");
  put(2, newest);
  RecoveryReport before = run_with(false, true);
  EXPECT_EQ(times(before, RecoveryCase::torn_batch), 1u);
  ASSERT_FALSE(before.tail_index.empty());
  ASSERT_EQ(finish_recovery(disk, before.tail), "");
  disk.files[segment_index_path(directory, 2)] = before.tail_index;
  SegmentBuilder next(4, before.next_sequence);
  put(3, next);
  const RecoveryReport compared = run_with(true, false);
  EXPECT_EQ(times(compared, RecoveryCase::wrong_index), 0u);
  EXPECT_EQ(compared.files[2].index_state, SegmentIndexState::valid);
  expect_same_report(compared, run_with(false, false));
}

TEST_F(RecoveryIndexTest, OneThatDoesNotCountIsPassedOverAndWrittenAnew) {
  const RecoveryReport scanned = run_with(false, true);
  const std::vector<std::uint8_t> good = *index(0);
  for (int fault = 0; fault < 4; ++fault) {
    std::vector<std::uint8_t>& bad = *index(0);
    if (fault == 0) bad.resize(bad.size() / 2);
    if (fault == 1) bad.back() ^= 1;
    if (fault == 2) bad = *index(1);
    if (fault == 3) bad.clear();
    expect_same_report(scanned, run_with(false, true));
    EXPECT_EQ(*index(0), good) << fault;
    EXPECT_EQ(times(run_with(false, true), RecoveryCase::unusable_index), 0u);
  }
}

TEST_F(RecoveryIndexTest, OfAnOlderUseOfTheFileItDoesNotCount) {
  (void)run_with(false, true);
  const std::vector<std::uint8_t> old = *index(0);
  SegmentBuilder reused(1, 1 + sequence_gap);
  reused.marks_batches = true;
  put(0, reused.message({{9, 0}}, "other").end_batch().seal());
  second = SegmentBuilder(2, reused.next_sequence());
  second.marks_batches = true;
  put(1, second.seal());
  newest = SegmentBuilder(3, second.next_sequence());
  put(2, newest);
  RecoveryReport report = run_with(false, true);
  EXPECT_EQ(live(report, 9), (Sequences{0}));
  EXPECT_EQ(report.queues.count(7), 0u);
  EXPECT_NE(*index(0), old);
}

TEST_F(RecoveryIndexTest, DamageIsFoundAgainAtEachStart) {
  file(0)[first.end_offset() - block_size + 40] ^= 1;  // In the seal's block.
  file(0)[block_size + 30] ^= 1;
  for (int start = 0; start < 2; ++start) {
    RecoveryReport report = run_with(false, true);
    EXPECT_GE(times(report, RecoveryCase::damaged_sealed), 1u);
    EXPECT_EQ(index(0), nullptr);
    EXPECT_NE(index(1), nullptr);
  }
}

/// Only somebody who reads everything sees damage that an index hides.
TEST_F(RecoveryIndexTest, DamageBehindAnIndexIsFoundByReadingAll) {
  RecoveryReport before = run_with(false, true);
  file(0)[block_size + 30] ^= 1;
  expect_same_report(before, run_with(false, false));
  EXPECT_EQ(times(run_with(true, false), RecoveryCase::damaged_sealed), 1u);
}

TEST_F(RecoveryIndexTest, AnIndexThatSaysSomethingElseIsNamed) {
  (void)run_with(false, true);
  EXPECT_EQ(times(run_with(true, false), RecoveryCase::wrong_index), 0u);
  // As a mistake of the program would make it: an acknowledgement is missing.
  SegmentIndexBuilder builder;
  builder.begin({2, SegmentBuilder::store, 7, 0});
  SegmentIndexReader reader(*index(1));
  for (RecordSummary record; reader.next(record);) {
    if (record.type == RecordType::settle) {
      record.ranges = {};
      record.place.size = sizeof(RecordHeader);
    }
    builder.add(record);
  }
  *index(1) = builder.finish(UINT64_MAX);
  EXPECT_EQ(live(run_with(false, false), 7), (Sequences{0, 1, 2, 4})) << "it is believed";
  EXPECT_EQ(times(run_with(true, false), RecoveryCase::wrong_index), 1u);
}

TEST_F(RecoveryIndexTest, AFileThatIsMissingIsStillNoticed) {
  (void)run_with(false, true);
  disk.files.erase(segment_file_path(directory, 1));
  RecoveryReport report = run_with(false, false);
  EXPECT_EQ(times(report, RecoveryCase::missing_segment), 1u);
  EXPECT_EQ(times(report, RecoveryCase::foreign_file), 0u);
}

TEST_F(RecoveryIndexTest, AFileThatWasCutOffIsReadAndNoticed) {
  (void)run_with(false, true);
  file(0).resize(2 * block_size);
  RecoveryReport report = run_with(false, true);
  EXPECT_EQ(times(report, RecoveryCase::short_file), 1u);
  EXPECT_GE(times(report, RecoveryCase::damaged_sealed) + times(report, RecoveryCase::missing_seal),
            1u);
}

TEST_F(RecoveryIndexTest, OneThatCannotBeWrittenIsReported) {
  disk.write_error = -EIO;
  RecoveryReport report = run_with(false, true);
  EXPECT_EQ(report.index_error, -EIO);
  EXPECT_EQ(live(report, 7), (Sequences{1, 2, 4}));
  EXPECT_EQ(index(0), nullptr) << "what was begun is removed";
}

}  // namespace
}  // namespace lepus::persist
