// Every row of persist/recovery/recovery_cases.h: a journal is built that shows it, and what
// recovery makes of it is compared.
#include "persist/recovery/recovery.h"

#include "persist/recovery/record_loader.h"
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist {
namespace {

TEST_F(RecoveryTest, NoDirectory) {
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::no_directory), 1u);
  EXPECT_EQ(report.worst(), Severity::normal);
  EXPECT_EQ(report.next_segment, 1u);
  EXPECT_EQ(report.next_sequence, 1u);
  EXPECT_EQ(finish_recovery(disk, report.tail), "");
  EXPECT_TRUE(disk.writes.empty());
}

TEST_F(RecoveryTest, EmptyDirectoryWithAnUnusedSlotAndAForeignFile) {
  disk.files[segment_file_path(directory, 0)] = std::vector<std::uint8_t>(64 << 10);
  disk.files[std::string(directory) + "/notes.txt"] = {1};
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::empty_directory), 1u);
  EXPECT_EQ(times(report, RecoveryCase::unused_file), 1u);
  EXPECT_EQ(only(report, RecoveryCase::foreign_file).file, "notes.txt");
  ASSERT_EQ(report.files.size(), 1u);
  EXPECT_EQ(report.files[0].state, SegmentFileState::free);
}

TEST_F(RecoveryTest, MessagesSettlesAndMarksAreReplayed) {
  SegmentBuilder first(1, 1);
  first.head = {.enqueued_ms = 1000, .ttl_ms = core::Message::no_ttl, .priority = 4};
  first.message({{7, 0}, {8, 0}}, "one").message({{7, 1}}, "two").end_batch();
  first.head.ttl_ms = 50;
  first.message({{7, 2}}, "three").settle({{7, 1, 1}}).delivered({{7, 1}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0, 2}));
  EXPECT_EQ(live(report, 8), (Sequences{0}));
  std::vector<LiveEntry> entries;
  report.queues.for_each(7, [&](const LiveEntry& entry) { entries.push_back(entry); });
  EXPECT_TRUE(entries[0].redelivered);
  EXPECT_FALSE(entries[1].redelivered);
  EXPECT_EQ(entries[0].message.ttl_ms, core::Message::no_ttl);
  EXPECT_EQ(entries[1].message.ttl_ms, 50u);
  EXPECT_EQ(entries[1].message.body_size, 5u);
  EXPECT_EQ(entries[1].message.enqueued_ms, 1000u);
  ASSERT_EQ(report.queues.levels(7).size(), 1u);
  EXPECT_EQ(report.queues.levels(7)[0].next_sequence, 3u);
  EXPECT_EQ(report.queues.ids(), (Sequences{7, 8}));
  EXPECT_EQ(report.counters.records[1], 3u);
  // The record of "one" counts twice, once for each queue.
  const std::uint64_t size = entries[0].message.place.size;
  EXPECT_EQ(report.files[0].live_bytes, 2 * size + entries[1].message.place.size);
}

TEST_F(RecoveryTest, ARecordOfALaterVersionIsGoneOverWhenItSaysSo) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).unknown(true).message({{7, 1}}).end_batch().seal();
  put(0, first);
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 2}}).end_batch();
  put(1, second);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0, 1, 2}));
  EXPECT_EQ(report.counters.records[0], 1u);
  EXPECT_EQ(report.worst(), Severity::normal);
}

TEST_F(RecoveryTest, ARecordOfALaterVersionIsDamageWhenItDoesNot) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().unknown(false).end_batch().message({{7, 1}}).end_batch();
  first.seal();
  put(0, first);
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 2}}).end_batch();
  put(1, second);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0, 1, 2}));
  EXPECT_EQ(report.counters.records_lost, 1u);
  EXPECT_EQ(report.worst(), Severity::loss);
}

TEST_F(RecoveryTest, DroppedQueueTakesItsBytesAlong) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}, {8, 0}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  const std::uint64_t both = report.files[0].live_bytes;
  report.drop_queue(7);
  EXPECT_EQ(report.files[0].live_bytes, both / 2);
  EXPECT_EQ(report.queues.ids(), (Sequences{8}));
}

TEST_F(RecoveryTest, LevelsHaveTheirOwnPositions) {
  constexpr std::uint64_t level = std::uint64_t{5} << 56;
  SegmentBuilder first(1, 1);
  first.message({{7, 3}}).message({{7, level | 9}}).delivered({{7, level | 12}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{3, level | 9}));
  const auto levels = report.queues.levels(7);
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_EQ(levels[0].next_sequence, 4u);
  EXPECT_EQ(levels[1].next_sequence, level | 12);
  EXPECT_EQ(levels[1].delivered_below, level | 12);
}

TEST_F(RecoveryTest, CleanTailIsSealedAndContinuedAbove) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::clean_tail), 1u);
  EXPECT_EQ(report.next_segment, 2u);
  EXPECT_EQ(report.next_sequence, 4 + sequence_gap);
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  ASSERT_EQ(disk.writes.size(), 1u);
  EXPECT_TRUE(disk.writes[0].dsync);
  EXPECT_EQ(disk.writes[0].offset, 0u);
  EXPECT_EQ(disk.writes[0].size, 3 * block_size);

  RecoveryReport again = run();
  EXPECT_EQ(times(again, RecoveryCase::sealed_newest), 1u);
  EXPECT_EQ(live(again, 7), (Sequences{0, 1}));
  EXPECT_EQ(again.next_sequence, report.next_sequence);
  const auto before = file(0);
  EXPECT_EQ(finish_recovery(disk, again.tail), "");
  EXPECT_EQ(file(0), before);
}

TEST_F(RecoveryTest, WhatWasConfirmedIsNotWrittenAgainInItsPlace) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  const std::string copy =
      report.tail.path.substr(0, report.tail.path.rfind('/') + 1) + tail_copy_file;
  disk.files[copy] = {1, 2, 3};  // Of a start that did not come to its end.
  EXPECT_EQ(run().findings.size(), report.findings.size()) << "it means nothing";
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  for (const auto& write : disk.writes) EXPECT_EQ(write.path, copy);
  EXPECT_FALSE(disk.files.contains(copy)) << "it took the other one's place";
  EXPECT_EQ(report.tail.file_size, file(0).size());
  EXPECT_EQ(file(0).size(), 3 * block_size) << "as large as its contents";
  report = run();
  EXPECT_EQ(report.worst(), Severity::normal);
  EXPECT_EQ(live(report, 7), (Sequences{0, 1}));
}

TEST_F(RecoveryTest, WithoutRoomForAnotherFileItIs) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  const std::string copy =
      report.tail.path.substr(0, report.tail.path.rfind('/') + 1) + tail_copy_file;
  const std::size_t size = file(0).size();
  disk.open_errors[copy] = -ENOSPC;
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  EXPECT_LT(file(0).size(), size) << "there is room for another one then";
  EXPECT_EQ(file(0).size(), report.tail.file_size);
  EXPECT_EQ(disk.open_count, 0);
  report = run();
  EXPECT_EQ(times(report, RecoveryCase::sealed_newest), 1u);
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  disk.open_errors.clear();
  disk.free = 0;
  disk.writes.clear();
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  for (const auto& write : disk.writes) EXPECT_EQ(write.path, report.tail.path);
  disk.free = std::int64_t{1} << 40;
  disk.open_errors[copy] = -EACCES;
  EXPECT_NE(finish_recovery(disk, report.tail).find("Permission denied"), std::string::npos);
}

TEST_F(RecoveryTest, AFileThatWasCutToItsHeaderIsNoEnd) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  file(0).resize(block_size);
  RecoveryReport report = run();
  ASSERT_FALSE(report.refused());
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  report = run();
  EXPECT_EQ(live(report, 7), Sequences{});
}

TEST_F(RecoveryTest, NewSegmentBehindARecoveryHoldsTogether) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  SegmentBuilder second(report.next_segment, report.next_sequence);
  second.message({{7, 1}}).end_batch();
  put(1, second);
  report = run();
  EXPECT_EQ(report.worst(), Severity::normal);
  EXPECT_EQ(live(report, 7), (Sequences{0, 1}));
}

TEST_F(RecoveryTest, OlderUseOfTheFileIsTheEnd) {
  SegmentBuilder old(1, 1);
  for (std::uint64_t i = 0; i < 6; ++i) old.message({{7, i}}).end_batch();
  SegmentBuilder now(4, 100);
  now.header.log_start = 4;
  now.message({{9, 0}}).end_batch();
  disk.files[segment_file_path(directory, 0)] = now.bytes(old.bytes());
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::clean_tail), 1u);
  EXPECT_EQ(report.queues.ids(), (Sequences{9}));
  EXPECT_EQ(report.next_segment, 5u);
}

/// The next block is in the middle of a record that was there before: no batch was begun.
TEST_F(RecoveryTest, AnOlderUseThatIsCutIsNoTornTail) {
  SegmentBuilder old(1, 1);
  old.message({{7, 0}}, std::string(4 * block_size, 'x')).end_batch();
  SegmentBuilder now(4, 100);
  now.header.log_start = 4;
  now.message({{9, 0}}).end_batch();
  disk.files[segment_file_path(directory, 0)] = now.bytes(old.bytes());
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::torn_tail), 0u);
  EXPECT_EQ(times(report, RecoveryCase::clean_tail), 1u);
  EXPECT_EQ(report.worst(), Severity::normal);
  EXPECT_EQ(live(report, 9), (Sequences{0}));
}

TEST_F(RecoveryTest, TornTailIsCutOff) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}, std::string(9000, 'x')).end_batch();
  put(0, first);
  std::fill(file(0).begin() + 3 * block_size, file(0).end(), 0);
  RecoveryReport report = run();
  EXPECT_EQ(only(report, RecoveryCase::torn_tail).offset, report.tail.end_offset);
  EXPECT_EQ(report.worst(), Severity::note);
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_EQ(finish_recovery(disk, report.tail), "");
  EXPECT_EQ(run().worst(), Severity::normal);
}

TEST_F(RecoveryTest, HoleInTailEndsThere) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}, std::string(4016, 'x'));
  first.message({{7, 1}}, std::string(4016, 'x'));
  first.message({{7, 2}}, std::string(4016, 'x')).end_batch();
  put(0, first);
  ASSERT_EQ(first.end_offset(), 4 * block_size);  // Each record is one block.
  std::fill_n(file(0).begin() + 2 * block_size, block_size, 0);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::hole_in_tail), 1u);
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_EQ(report.tail.end_offset, 2 * block_size);
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  EXPECT_EQ(live(run(), 7), (Sequences{0}));
}

TEST_F(RecoveryTest, TornBatchIsDroppedWhole) {
  SegmentBuilder first(1, 1);
  first.marks_batches = true;
  first.message({{7, 0}}).settle({{6, 1, 1}}).end_batch();
  first.message({{7, 1}}).message({{7, 2}}, std::string(9000, 'x')).end_batch();
  put(0, first);
  std::fill(file(0).begin() + 3 * block_size, file(0).end(), 0);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::torn_batch), 1u);
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_EQ(report.queues.levels(7)[0].next_sequence, 1u);
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  RecoveryReport again = run();
  EXPECT_EQ(times(again, RecoveryCase::sealed_newest), 1u);
  EXPECT_EQ(live(again, 7), (Sequences{0}));
}

TEST_F(RecoveryTest, DamageBeforeALaterBatchIsNoTail) {
  SegmentBuilder first(1, 1);
  first.marks_batches = true;
  for (std::uint64_t i = 0; i < 4; ++i) first.message({{7, i}}).end_batch();
  put(0, first);
  file(0)[2 * block_size + 50] ^= 1;
  RecoveryReport report = run();
  const Finding& finding = only(report, RecoveryCase::damaged_newest);
  EXPECT_EQ(finding.offset, 2 * block_size);
  EXPECT_EQ(finding.size, block_size);
  EXPECT_EQ(finding.records_lost, 1u);
  EXPECT_EQ(live(report, 7), (Sequences{0, 2, 3}));
  EXPECT_EQ(report.counters.records_lost, 1u);
}

TEST_F(RecoveryTest, DamageInASealedSegmentIsCountedAndPassed) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).message({{7, 2}}).end_batch();
  first.message({{7, 3}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 4}}).end_batch();
  put(0, first);
  put(1, second);
  file(0)[2 * block_size + 30] ^= 1;
  RecoveryReport report = run();
  const Finding& finding = only(report, RecoveryCase::damaged_sealed);
  EXPECT_EQ(finding.file, "000000.seg");
  EXPECT_EQ(finding.offset, 2 * block_size);
  EXPECT_EQ(finding.records_lost, 2u);
  EXPECT_EQ(report.worst(), Severity::loss);
  EXPECT_EQ(live(report, 7), (Sequences{0, 3, 4}));
  EXPECT_NE(finding.text().find("wrong CRC"), std::string::npos);
}

TEST_F(RecoveryTest, DamageUpToTheEndOfASealedSegment) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence() + sequence_gap);
  second.message({{7, 2}}).end_batch();
  put(0, first);
  put(1, second);
  std::fill(file(0).begin() + 2 * block_size, file(0).end(), 0xaa);
  RecoveryReport report = run();
  const Finding& finding = only(report, RecoveryCase::damaged_sealed);
  EXPECT_EQ(finding.records_lost, 2u);  // The message and the seal.
  EXPECT_EQ(live(report, 7), (Sequences{0, 2}));
}

TEST_F(RecoveryTest, UnreadableBlockInASealedSegmentIsDamage) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch().message({{7, 2}}).end_batch();
  first.seal();
  SegmentBuilder second(2, first.next_sequence());
  second.message({{7, 3}}).end_batch();
  put(0, first);
  put(1, second);
  disk.bad_offsets[segment_file_path(directory, 0)] = 2 * block_size;
  RecoveryReport report = run();
  EXPECT_EQ(only(report, RecoveryCase::damaged_sealed).size, block_size);
  EXPECT_EQ(live(report, 7), (Sequences{0, 2, 3}));
}

TEST_F(RecoveryTest, UnreadableBlockInTheNewestSegmentIsRefused) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch().message({{7, 1}}).end_batch();
  put(0, first);
  disk.bad_offsets[segment_file_path(directory, 0)] = 2 * block_size;
  RecoveryReport report = run();
  EXPECT_EQ(only(report, RecoveryCase::unreadable_block).offset, 2 * block_size);
  EXPECT_TRUE(report.refused());
}

TEST_F(RecoveryTest, MissingSeal) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  SegmentBuilder second(2, first.next_sequence() + 1);
  second.message({{7, 1}}).end_batch();
  put(0, first);
  put(1, second);
  RecoveryReport report = run();
  EXPECT_EQ(times(report, RecoveryCase::missing_seal), 1u);
  EXPECT_EQ(report.worst(), Severity::loss);
  EXPECT_EQ(live(report, 7), (Sequences{0, 1}));
}

TEST_F(RecoveryTest, FullSegmentNeedsNoSeal) {
  SegmentBuilder first(1, 1);
  const std::uint64_t room = SegmentBuilder::default_size - block_size;
  // One record up to 16 bytes before the end: a seal has 24.
  first.message({{7, 0}}, std::string(room - 16 - 24 - 32 - 16 - 8, 'x')).end_batch();
  put(0, first);
  ASSERT_EQ(first.last_size(), room - 16);
  RecoveryReport report = run();
  EXPECT_EQ(report.worst(), Severity::normal);
  ASSERT_EQ(finish_recovery(disk, report.tail), "");
  EXPECT_EQ(file(0).size(), SegmentBuilder::default_size);
  SegmentBuilder second(2, report.next_sequence);
  second.message({{7, 1}}).end_batch();
  put(1, second);
  report = run();
  EXPECT_EQ(report.worst(), Severity::normal);
  EXPECT_EQ(live(report, 7), (Sequences{0, 1}));
}

TEST_F(RecoveryTest, FinishFailsWhenTheDiskDoes) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  RecoveryReport report = run();
  disk.write_error = -ENOSPC;
  EXPECT_NE(finish_recovery(disk, report.tail).find("No space left"), std::string::npos);
  EXPECT_EQ(disk.open_count, 0);
}

TEST_F(RecoveryTest, WorksWithoutDirectReads) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  disk.takes_direct = false;
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0}));
  EXPECT_EQ(finish_recovery(disk, report.tail), "");
}

TEST_F(RecoveryTest, MessagesAreLoadedFromTheirPlaces) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}, "one").end_batch().message({{7, 1}}, "two").end_batch();
  put(0, first);
  RecoveryReport report = run();
  RecordLoader loader(disk, directory, report.files);
  std::string bodies;
  Place place;
  report.queues.for_each(7, [&](const LiveEntry& entry) {
    const auto loaded = loader.load(entry.message.place);
    ASSERT_EQ(loaded.error, "");
    bodies += core::as_text(loaded.record.body());
    place = entry.message.place;
  });
  EXPECT_EQ(bodies, "onetwo");
  place.offset -= 8;
  EXPECT_NE(loader.load(place).error, "");
  place.segment = 9;
  EXPECT_NE(loader.load(place).error.find("segment 9"), std::string::npos);
}

TEST_F(RecoveryTest, ShardDirectoriesAreListed) {
  for (const char* name : {"shard-10", "shard-2", "shard-x", "shard-02", "other"})
    disk.files["data/journal/" + std::string(name) + "/000000.seg"] = {};
  std::string error;
  EXPECT_EQ(list_shards(disk, "data", error), (std::vector<std::uint32_t>{2, 10}));
  EXPECT_EQ(error, "");
  EXPECT_TRUE(list_shards(disk, "elsewhere", error).empty());
}

}  // namespace
}  // namespace lepus::persist
