// Batches on the disk: when they are durable, what waits, and what ends the process.
#include "persist/journal/batch_writer.h"

#include <optional>

#include "persist/journal/segment_header.h"
#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class BatchWriterTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t segment_size = 64 << 10;
  static constexpr const char* full_event = "no room for the journal";
  static constexpr const char* room_event = "there is room for the journal again";

  BatchWriterTest() {
    parts_.segment_size = segment_size;
    parts_.store = 7;
    parts_.fail = [](void* self, const std::string& why) {
      static_cast<BatchWriterTest*>(self)->failure_ = why;
    };
    parts_.fail_owner = this;
    EXPECT_EQ(segments_.start({}), "");
    writer_.start(0);
    batches_.start(1);
  }
  ~BatchWriterTest() override { world_.finish_ops(); }
  io::SimDisk& disk() { return world_.disk(); }
  void add(std::uint64_t size = 80) {
    batches_.make_room(size);
    std::uint8_t* record = batches_.open().add(RecordType::message, 0, size);
    std::fill(record + sizeof(RecordHeader), record + size, std::uint8_t{'x'});
  }
  void turn() {
    writer_.turn();
    world_.turn();
  }
  void pass(core::Nanos time) {
    for (const core::Nanos end = world_.world.now() + time; world_.world.now() < end;) turn();
  }
  bool finish(int turns_max = 1000) {
    while (batches_.durable() < batches_.last_number() && failure_.empty() && turns_max-- > 0)
      turn();
    return batches_.durable() == batches_.last_number();
  }
  /// Writes batches until the next one begins a segment.
  void fill_segment() {
    const std::uint64_t segment = batches_.open().segment();
    while (batches_.open().segment() == segment) {
      add(8000);
      ASSERT_TRUE(finish());
    }
  }

  test::LoopWorld world_;
  JournalParts parts_{&world_.loop, &world_.disk(), &world_.log, "data"};
  std::string failure_;
  Segments segments_{{&world_.loop, &world_.disk(), &world_.log, "data", segment_size}};
  LogTruncation truncation_{segments_};
  BatchQueue batches_{{&segments_.table(), &truncation_, segment_size}};
  RecordClock clock_{world_.loop};
  core::JournalCounts counts_;
  BatchWriter writer_{{&parts_, &segments_, &batches_, &truncation_, &clock_, &counts_}};
};

TEST_F(BatchWriterTest, ABatchIsOnTheDiskWithItsHeader) {
  EXPECT_FALSE(writer_.has_work());
  add();
  EXPECT_TRUE(writer_.has_work());
  turn();
  EXPECT_FALSE(writer_.has_work()) << "it is under way";
  ASSERT_TRUE(finish());
  EXPECT_EQ(writer_.files().segment(), 1U);
  world_.finish_ops();
  const int fd = disk().open(segments_.table().path_of(1), {});
  std::vector<std::uint8_t> bytes(2 * block_size);
  ASSERT_EQ(disk().read(fd, 0, bytes.data(), bytes.size()), std::int64_t{2 * block_size});
  disk().close(fd);
  SegmentHeader header;
  EXPECT_EQ(check_segment_header(core::Bytes(bytes).first(block_size), header), HeaderFault::none);
  EXPECT_EQ(header.number, 1U);
  EXPECT_EQ(header.store, 7U);
  EXPECT_EQ(header.size, segment_size);
  EXPECT_EQ(header.writer, writer_version());
  EXPECT_EQ(writer_text(header.writer), LEPUS_VERSION);
  EXPECT_EQ(writer_text(0), "?");
  RecordHeader record;
  std::memcpy(&record, bytes.data() + block_size, sizeof record);
  EXPECT_EQ(record.length, 80U);
  EXPECT_EQ(record.flags, flag_batch_first | flag_batch_last);
  EXPECT_EQ(read_newest_segment(disk(), "data", {0, 7}), 1U);
}

TEST_F(BatchWriterTest, WhileOneIsWrittenTheNextOneFills) {
  add();
  turn();
  add();
  const std::uint64_t last = batches_.last_number();
  EXPECT_EQ(last, 2U);
  turn();
  EXPECT_FALSE(batches_.front().number() == last && batches_.has_closed());
  ASSERT_TRUE(finish());
}

TEST_F(BatchWriterTest, SegmentsFollowEachOther) {
  for (int i = 0; i < 3; ++i) fill_segment();
  add();
  ASSERT_TRUE(finish());
  EXPECT_EQ(writer_.files().segment(), 4U);
  world_.finish_ops();
  EXPECT_EQ(disk().open_count(), 3U) << "the segment, the spare and the file `newest`";
}

TEST_F(BatchWriterTest, AWriteThatFailsEndsTheProcess) {
  add();
  disk().set_faults({.write_error = 1000});
  EXPECT_FALSE(finish());
  EXPECT_NE(failure_.find("writing the journal"), std::string::npos) << failure_;
  EXPECT_EQ(batches_.durable(), 0U);
  disk().set_faults({});
}

TEST_F(BatchWriterTest, ASyncThatFailsEndsTheProcess) {
  add();
  disk().set_faults({.sync_error = 1000});
  EXPECT_FALSE(finish());
  EXPECT_NE(failure_.find("syncing the journal"), std::string::npos) << failure_;
  EXPECT_EQ(batches_.durable(), 0U);
  disk().set_faults({});
}

TEST_F(BatchWriterTest, WithoutRoomForARecordItWaits) {
  add();
  ASSERT_TRUE(finish());
  world_.finish_ops();
  fill_segment();
  world_.finish_ops();
  disk().set_capacity(disk().used());
  add(3 * segment_size);
  pass(3 * core::limits::journal_retry_wait);
  EXPECT_TRUE(writer_.is_stuck());
  EXPECT_FALSE(writer_.has_work());
  EXPECT_EQ(world_.log.times(full_event), 1U);
  disk().set_capacity(1 << 30);
  pass(3 * core::limits::journal_retry_wait);
  ASSERT_TRUE(finish());
  EXPECT_FALSE(writer_.is_stuck());
  EXPECT_EQ(world_.log.times(room_event), 1U);
  EXPECT_EQ(failure_, "");
}

TEST_F(BatchWriterTest, WithoutAFileItWaits) {
  add();
  ASSERT_TRUE(finish());
  world_.finish_ops();
  fill_segment();
  add();
  world_.finish_ops();
  disk().set_capacity(disk().used());
  fill_segment();
  fill_segment();  // Into the reserve.
  add();
  pass(5 * core::limits::journal_retry_wait);
  EXPECT_TRUE(writer_.is_stuck());
  EXPECT_EQ(failure_, "");
  disk().set_capacity(1 << 30);
  pass(2 * core::limits::journal_retry_wait);
  EXPECT_FALSE(writer_.is_stuck());
  ASSERT_TRUE(finish());
}

TEST_F(BatchWriterTest, ADiskThatGivesNoFileEndsTheProcess) {
  disk().set_capacity(disk().used());
  fill_segment();
  world_.pass(2 * core::limits::journal_retry_wait);
  world_.finish_ops();
  add();
  turn();
  ASSERT_TRUE(writer_.is_stuck());
  disk().set_capacity(1 << 30);
  disk().set_faults({.sync_error = 1000});
  pass((core::limits::spare_failures_max + 3) * core::limits::journal_retry_wait);
  EXPECT_NE(failure_.find("cannot make another journal file"), std::string::npos) << failure_;
  disk().set_faults({});
}

TEST_F(BatchWriterTest, TheReserveIsForWhatIsLeftToWrite) {
  fill_segment();  // A reserve and a spare are there from now on.
  world_.finish_ops();
  ASSERT_TRUE(segments_.pool().has_reserve());
  disk().set_capacity(disk().used());
  fill_segment();
  world_.finish_ops();
  EXPECT_TRUE(segments_.spare().lacks_room());
  EXPECT_FALSE(writer_.is_stuck());
  add();
  ASSERT_TRUE(finish()) << "into the reserve";
  EXPECT_EQ(world_.log.times("the reserve of the journal is in use"), 1U);
  EXPECT_FALSE(segments_.pool().has_reserve());
  fill_segment();
  add();
  pass(2 * core::limits::journal_retry_wait);
  EXPECT_TRUE(writer_.is_stuck());
  EXPECT_EQ(failure_, "");
}

TEST(BatchWriterModes, WithoutSyncsAFailingOneIsNoMatter) {
  constexpr std::uint64_t segment_size = 64 << 10;
  for (const SyncMode mode : {SyncMode::os, SyncMode::always}) {
    test::LoopWorld world;
    std::string failure;
    JournalParts parts{&world.loop, &world.disk(), &world.log, "data"};
    parts.segment_size = segment_size;
    parts.sync = mode;
    parts.fail = [](void* text, const std::string& why) { *static_cast<std::string*>(text) = why; };
    parts.fail_owner = &failure;
    Segments segments{{&world.loop, &world.disk(), &world.log, "data", segment_size}};
    LogTruncation truncation{segments};
    BatchQueue batches{{&segments.table(), &truncation, segment_size}};
    RecordClock clock{world.loop};
    core::JournalCounts counts;
    BatchWriter writer{{&parts, &segments, &batches, &truncation, &clock, &counts}};
    ASSERT_EQ(segments.start({}), "");
    writer.start(0);
    batches.start(1);
    batches.gathered().add_watermark({core::QueueId{1}, 1});
    writer.turn();
    world.finish_ops();  // The header is synced in any mode.
    world.disk().set_faults({.sync_error = 1000});
    batches.gathered().add_watermark({core::QueueId{1}, 2});
    writer.turn();
    world.finish_ops();
    EXPECT_EQ(batches.durable(), mode == SyncMode::os ? 2U : 1U);
    EXPECT_EQ(failure.empty(), mode == SyncMode::os);
    EXPECT_EQ(read_newest_segment(world.disk(), "data", {0, 0}), mode == SyncMode::os ? 0U : 1U);
  }
}

}  // namespace
}  // namespace lepus::persist
