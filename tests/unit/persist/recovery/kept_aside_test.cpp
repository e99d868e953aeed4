// Messages that are kept aside: which, where, and that they can be read again.
#include "persist/recovery/kept_aside.h"

#include "persist/recovery/record_loader.h"
#include "tests/unit/persist/journal/journal_world.h"
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist::test {
namespace {

constexpr const char* aside_directory = "data/journal/kept-aside-now";
constexpr const char* aside_shard = "data/journal/kept-aside-now/journal/shard-0";

class KeptAsideTest : public RecoveryTest {
 protected:
  KeepAside what{
      .source = directory, .target = aside_directory, .shard = 0, .store = SegmentBuilder::store};

  /// Queues 7 (known) and 9, 12 (not known); one record is in two queues.
  void put_messages() {
    SegmentBuilder first(1, 1);
    first.head.enqueued_ms = 77;
    first.message({{9, 0}}, "nine 0").message({{7, 0}}, "seven 0").message({{9, 1}}, "nine 1");
    first.message({{7, 1}, {12, 0}}, "both", "both-key").settle({{7, 0, 0}}).delivered({{9, 1}});
    first.end_batch();
    put(0, first);
  }
  RecoveryReport look_aside() {
    return recover(disk, aside_shard, {.shard = 0, .store = SegmentBuilder::store});
  }
  std::vector<std::string> bodies_aside(std::uint64_t queue) {
    RecoveryReport report = look_aside();
    RecordLoader loader(disk, aside_shard, report.files);
    std::vector<std::string> bodies;
    report.queues.for_each(queue, [&](const LiveEntry& entry) {
      const RecordLoader::Loaded loaded = loader.load(entry.message.place);
      ASSERT_EQ(loaded.error, "");
      EXPECT_EQ(loaded.record.exchange(), "ex");
      EXPECT_EQ(loaded.record.head().enqueued_ms, 77u);
      bodies.push_back(std::string(loaded.record.routing_key()) + ":" +
                       std::string(core::as_text(loaded.record.body())));
    });
    return bodies;
  }
};

TEST_F(KeptAsideTest, OnlyTheseQueuesAreCopied) {
  put_messages();
  const std::vector<std::uint8_t> before = file(0);
  const KeptAside result = keep_aside(disk, run(), {9, 12}, what);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.queue_count, 2u);
  EXPECT_EQ(result.message_count, 3u);
  EXPECT_EQ(result.unreadable_count, 0u);
  EXPECT_EQ(disk.open_count, 0);
  EXPECT_EQ(file(0), before);
  const RecoveryReport aside = look_aside();
  EXPECT_EQ(aside.worst(), Severity::normal);
  EXPECT_EQ(aside.queues.ids(), (std::vector<std::uint64_t>{9, 12}));
  EXPECT_EQ(bodies_aside(9), (std::vector<std::string>{"key:nine 0", "key:nine 1"}));
  EXPECT_EQ(bodies_aside(12), std::vector<std::string>{"both-key:both"});
  std::vector<bool> redelivered;
  aside.queues.for_each(9,
                        [&](const LiveEntry& entry) { redelivered.push_back(entry.redelivered); });
  EXPECT_EQ(redelivered, (std::vector<bool>{true, false}));
}

TEST_F(KeptAsideTest, ManyMessagesFillSeveralFiles) {
  SegmentBuilder first(1, 1);
  const std::string body(3000, 'x');
  for (std::uint64_t i = 0; i < 20; ++i) first.message({{9, i}}, body);
  put(0, first);
  what.file_size = 4 * block_size;
  ASSERT_EQ(keep_aside(disk, run(), {9}, what).error, "");
  const RecoveryReport aside = look_aside();
  EXPECT_EQ(aside.queues.count(9), 20u);
  EXPECT_EQ(aside.worst(), Severity::normal);
  EXPECT_GT(aside.files.size(), 5u);
  for (const SegmentFile& file : aside.files) EXPECT_LE(file.size, what.file_size);
}

TEST_F(KeptAsideTest, WithoutItsHeaderACopyIsNoSegment) {
  put_messages();
  ASSERT_EQ(keep_aside(disk, run(), {9}, what).error, "");
  // The header is the last thing that is written.
  const MemoryDisk::Write& last = disk.writes.back();
  EXPECT_EQ(last.offset, 0u);
  std::vector<std::uint8_t>& copy = disk.files.at(last.path);
  std::fill(copy.begin(), copy.begin() + block_size, std::uint8_t{0});
  EXPECT_EQ(times(look_aside(), RecoveryCase::unused_file), 1u);
}

TEST_F(KeptAsideTest, NothingIsWrittenOver) {
  put_messages();
  ASSERT_EQ(keep_aside(disk, run(), {9}, what).error, "");
  const KeptAside again = keep_aside(disk, run(), {9}, what);
  EXPECT_EQ(again.error, std::string(aside_shard) + ": there are files already");
  EXPECT_EQ(bodies_aside(9).size(), 2u);
}

TEST_F(KeptAsideTest, AFullDiskIsAnError) {
  put_messages();
  RecoveryReport report = run();
  disk.write_error = -ENOSPC;
  const KeptAside result = keep_aside(disk, report, {9}, what);
  EXPECT_NE(result.error.find("000000.seg: cannot write: No space left"), std::string::npos)
      << result.error;
  EXPECT_EQ(disk.open_count, 0);
}

TEST_F(KeptAsideTest, RecordsThatCannotBeReadAreCounted) {
  put_messages();
  RecoveryReport report = run();
  file(0)[block_size + 80] ^= 1;
  const KeptAside result = keep_aside(disk, report, {9}, what);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.unreadable_count, 1u);
  EXPECT_EQ(result.first_unreadable, "segment 1 at 4096: wrong CRC");
  EXPECT_EQ(bodies_aside(9), std::vector<std::string>{"key:nine 1"});
}

TEST_F(KeptAsideTest, UnknownQueuesAreThoseAboveTheNewest) {
  put_messages();
  KnownQueues known;
  known.add({.id = core::QueueId{7}});
  EXPECT_TRUE(find_unknown_queues(run(), known).empty());
  known.set_newest(9);
  EXPECT_EQ(find_unknown_queues(run(), known), std::vector<std::uint64_t>{12});
  known.set_newest(8);
  EXPECT_EQ(find_unknown_queues(run(), known), (std::vector<std::uint64_t>{9, 12}));
}

TEST_F(KeptAsideTest, DirectoriesHaveNamesOfTheirOwn) {
  const std::string first = new_kept_aside_directory(disk, "data", 1'795'922'419);
  EXPECT_EQ(first, "data/journal/kept-aside-20261129T032019Z");
  disk.files[first + "/journal/shard-0/000000.seg"] = {};
  EXPECT_EQ(new_kept_aside_directory(disk, "data", 1'795'922'419), first + "-2");
  std::string error;
  disk.files["data/journal/shard-0/000000.seg"] = {};
  EXPECT_EQ(list_kept_aside(disk, "data", error), std::vector<std::string>{first});
  EXPECT_TRUE(list_kept_aside(disk, "elsewhere", error).empty());
  EXPECT_EQ(error, "");
  EXPECT_EQ(list_shards(disk, "data", error), std::vector<std::uint32_t>{0});
}

TEST_F(KeptAsideTest, LostHeadersAreMoved) {
  put_messages();
  SegmentBuilder second(2, 100);
  second.message({{7, 5}}).end_batch();
  put(3, second);
  file(3)[offsetof(SegmentHeader, number)] ^= 0xff;
  const std::vector<std::uint8_t> before = file(3);
  RecoveryReport report = run();
  ASSERT_EQ(times(report, RecoveryCase::lost_header), 1u);
  TextLog log;
  EXPECT_EQ(move_lost_headers(disk, log, report.files, what), "");
  EXPECT_EQ(log.times("a journal file with a damaged header is kept aside"), 1u);
  EXPECT_EQ(report.files.size(), 1u);
  EXPECT_EQ(disk.files.at(std::string(aside_directory) + "/lost-header-shard-0-000003.seg"),
            before);
  EXPECT_EQ(times(run(), RecoveryCase::lost_header), 0u);
  EXPECT_EQ(move_lost_headers(disk, log, report.files, what), "") << "nothing is left to move";

  disk.files[segment_file_path(directory, 3)] = before;
  report = run();
  disk.write_error = -EIO;
  EXPECT_NE(move_lost_headers(disk, log, report.files, what).find("Input/output error"),
            std::string::npos);
  EXPECT_EQ(file(3), before);
}

}  // namespace
}  // namespace lepus::persist::test
