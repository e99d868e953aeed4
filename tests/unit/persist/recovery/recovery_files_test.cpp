// The rows of persist/recovery/recovery_cases.h that are about files and segments as a whole:
// missing, stale, used again, of another origin, damaged in the header.
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist {
namespace {

TEST_F(RecoveryTest, MissingSegmentInTheMiddle) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().seal();
  SegmentBuilder third(3, 50);
  third.message({{7, 2}}).end_batch();
  put(0, first);
  put(1, third);
  RecoveryReport report = run();
  EXPECT_NE(only(report, RecoveryCase::missing_segment).text().find("segment 2"),
            std::string::npos);
  EXPECT_EQ(live(report, 7), (Sequences{0, 2}));
  EXPECT_EQ(report.next_segment, 4u);
}

TEST_F(RecoveryTest, StaleSegmentIsAFreeSlot) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence());
  second.header.log_start = 2;
  second.message({{7, 1}}).end_batch();
  put(0, first);
  put(1, second);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::stale_segment), 1u);
  EXPECT_EQ(report.files[0].state, SegmentFileState::free);
  EXPECT_EQ(live(report, 7), (Sequences{1}));
}

TEST_F(RecoveryTest, TrimIsAppliedAtTheEnd) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 1}}).end_batch().truncate(2).end_batch();
  put(0, first);
  put(1, second);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{1}));
  EXPECT_EQ(report.log_start, 2u);
  EXPECT_EQ(report.files[0].state, SegmentFileState::free);
  EXPECT_EQ(report.files[0].live_bytes, 0u);
}

TEST_F(RecoveryTest, TrimNewerThanTheFiles) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().seal();
  SegmentBuilder third(3, 50);
  third.message({{7, 2}}).end_batch().truncate(3).end_batch();
  put(0, first);
  put(1, third);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::truncated_and_reused), 1u);
  EXPECT_EQ(report.worst(), Severity::normal);
  EXPECT_EQ(live(report, 7), (Sequences{2}));
}

TEST_F(RecoveryTest, DeadSegmentHalfOverwritten) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 2}}).end_batch().truncate(2).end_batch().seal();
  put(0, first);
  put(1, second);
  // Segment 3 began in its file; the disk has the batch and not the header.
  SegmentBuilder third(3, second.next_sequence());
  third.message({{7, 3}}).end_batch();
  const auto bytes = third.bytes();
  std::copy_n(bytes.begin() + block_size, block_size, file(0).begin() + block_size);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::truncated_and_reused), 1u);
  EXPECT_EQ(report.worst(), Severity::normal);
  EXPECT_EQ(report.counters.damaged_bytes, 0u);
  EXPECT_EQ(live(report, 7), (Sequences{2}));
  EXPECT_EQ(report.files[0].state, SegmentFileState::free);
}

TEST_F(RecoveryTest, MovedMessageLivesAtItsNewPlace) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).message({{7, 1}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 2}})
      .message({{7, 0}})
      .end_batch()
      .settle({{7, 1, 1}})
      .truncate(2)
      .end_batch();
  put(0, first);
  put(1, second);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0, 2}));
  report.queues.for_each(
      7, [](const LiveEntry& entry) { EXPECT_EQ(entry.message.place.segment, 2u); });
}

TEST_F(RecoveryTest, TornHeaderIsAFreeSlot) {
  SegmentBuilder old(1, 1);
  old.message({{7, 0}}).end_batch();
  SegmentBuilder second(2, 10);
  second.header.log_start = 2;
  second.message({{7, 1}}).end_batch();
  put(0, old);
  put(1, second);
  file(0)[offsetof(SegmentHeader, number)] ^= 0xff;
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::torn_header), 1u);
  EXPECT_EQ(report.files[0].state, SegmentFileState::free);
  EXPECT_EQ(report.worst(), Severity::note);
}

TEST_F(RecoveryTest, LostHeaderIsKeptAside) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence() + 5000);
  second.message({{7, 1}}).end_batch();
  put(0, first);
  put(1, second);
  file(1)[offsetof(SegmentHeader, number)] ^= 0xff;
  RecoveryReport report = run();
  EXPECT_EQ(only(report, RecoveryCase::lost_header).file, "000001.seg");
  EXPECT_EQ(report.worst(), Severity::loss);
  EXPECT_EQ(report.files[1].state, SegmentFileState::set_aside);
  EXPECT_GT(report.next_sequence, second.next_sequence());
}

/// The file that says where the present begins is the one that is damaged.
TEST_F(RecoveryTest, LostHeaderOfTheOldestIsKeptAside) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 1}}).end_batch();
  put(0, first);
  put(1, second);
  file(0)[offsetof(SegmentHeader, number)] ^= 0xff;
  RecoveryReport report = run();
  EXPECT_EQ(only(report, RecoveryCase::lost_header).file, "000000.seg");
  EXPECT_EQ(report.worst(), Severity::loss);
  EXPECT_EQ(report.files[0].state, SegmentFileState::set_aside);
}

TEST_F(RecoveryTest, OtherVersionStoreAndShardAreRefused) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  for (const std::uint32_t version : {format_version + 1, format_version - 1}) {
    first.header.version = version;
    put(0, first);
    EXPECT_TRUE(run().refused());
    EXPECT_NE(
        only(run(), RecoveryCase::other_version).text().find("version " + std::to_string(version)),
        std::string::npos);
  }
  first.header.version = format_version;
  first.header.store += 1;
  put(0, first);
  EXPECT_TRUE(run().refused());
  EXPECT_EQ(times(run(), RecoveryCase::other_store), 1u);
  EXPECT_FALSE(recover(disk, directory, {.shard = 0}).refused());
  first.header.store -= 1;
  first.header.shard = 3;
  put(0, first);
  EXPECT_EQ(times(run(), RecoveryCase::other_shard), 1u);
  EXPECT_TRUE(run().refused());
}

TEST_F(RecoveryTest, SameNumberTwiceIsRefused) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  put(1, first);
  EXPECT_EQ(only(run(), RecoveryCase::same_number_twice).file, "000001.seg");
  EXPECT_TRUE(run().refused());
}

TEST_F(RecoveryTest, UnreadableFileIsRefused) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  disk.open_errors[segment_file_path(directory, 0)] = -EACCES;
  EXPECT_TRUE(run().refused());
  EXPECT_EQ(times(run(), RecoveryCase::unreadable_file), 1u);
  disk.open_errors.clear();
  disk.bad_offsets[segment_file_path(directory, 0)] = 0;
  EXPECT_EQ(times(run(), RecoveryCase::unreadable_file), 1u);
}

TEST_F(RecoveryTest, ShortFileIsReadAsFarAsItGoes) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch();
  put(0, first);
  file(0).resize(2 * block_size + 100);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::short_file), 1u);
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
}

TEST_F(RecoveryTest, ImpossibleNumbersAreRefused) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().seal();
  put(0, first);
  for (const std::uint64_t number :
       {std::uint64_t{1} + core::limits::journal_segments_max, std::uint64_t{UINT32_MAX}}) {
    SegmentBuilder other(number, 9000);
    put(1, other);
    RecoveryReport report = run();
    EXPECT_EQ(only(report, RecoveryCase::impossible_number).file, "000001.seg");
    EXPECT_TRUE(report.refused());
  }
  SegmentBuilder other(core::limits::journal_segments_max, 9000);
  put(1, other);
  EXPECT_FALSE(run().refused());
  // Alone, and at the end of the range.
  SegmentBuilder last(UINT32_MAX, 1);
  last.header.log_start = UINT32_MAX;
  disk.files.clear();
  put(0, last);
  EXPECT_TRUE(run().refused());
}

TEST_F(RecoveryTest, ImpossibleSequencesMakeNoHeader) {
  for (const std::uint64_t sequence : {std::uint64_t{0}, first_sequence_max + 1, UINT64_MAX}) {
    SegmentBuilder first(1, 1);
    first.message({{7, 0}}).end_batch();
    std::vector<std::uint8_t> bytes = first.bytes();
    SegmentHeader header = first.header;
    header.first_sequence = sequence;
    put_header(header, bytes);
    disk.files[segment_file_path(directory, 0)] = bytes;
    EXPECT_EQ(times(run(), RecoveryCase::lost_header), 1u) << sequence;
  }
}

TEST_F(RecoveryTest, WhatLiesBehindTheSizeInTheHeaderIsNotThere) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch();
  std::vector<std::uint8_t> bytes = first.bytes();
  SegmentHeader header = first.header;
  header.size = 2 * block_size;
  put_header(header, bytes);
  disk.files[segment_file_path(directory, 0)] = bytes;
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), Sequences{0});
  EXPECT_EQ(report.tail.file_size, 2 * block_size);
  EXPECT_EQ(finish_recovery(disk, report.tail), "");
}

/// A batch behind damage goes on with the sequence; one far above it is of no journal.
TEST_F(RecoveryTest, ASequenceFarAboveIsNoLaterBatch) {
  for (const std::uint64_t gap : {std::uint64_t{5}, sequence_gap, UINT64_MAX - 100}) {
    SegmentBuilder first(1, 1);
    first.marks_batches = true;
    first.message({{7, 0}}).end_batch().skip_sequences(gap).message({{7, 1}}).end_batch();
    put(0, first);
    RecoveryReport report = run();
    EXPECT_EQ(times(report, RecoveryCase::damaged_newest), gap == 5 ? 1u : 0u) << gap;
    EXPECT_EQ(live(report, 7).size(), gap == 5 ? 2u : 1u);
    EXPECT_LT(report.next_sequence, 2 * sequence_gap);
  }
}

}  // namespace
}  // namespace lepus::persist
