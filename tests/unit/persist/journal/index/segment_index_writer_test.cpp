// Indexes of a running journal: when they are written, that they say what a scan would, and what
// becomes of them with their files.
#include "persist/journal/index/segment_index_writer.h"

#include <algorithm>
#include <optional>

#include "persist/journal/index/segment_index_file.h"
#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist::test {
namespace {

constexpr const char* warning = "cannot write the index";

struct IndexWorld : JournalWorld {
  explicit IndexWorld(std::uint64_t seed = 1, const io::SimFaults& faults = {})
      : JournalWorld(seed, faults) {}

  void publish_segments(std::uint64_t count) {
    const std::uint64_t end = segments().next_number() + count;
    while (segments().next_number() < end) {
      for (std::uint64_t queue = 1; queue <= 3; ++queue) publish({queue}, 100);
      publish({1, 2}, 2000);
      turn();
    }
  }
  std::vector<std::string> names(std::string_view suffix) {
    std::vector<std::string> all;
    EXPECT_EQ(world.disk().list(directory, all), 0);
    std::erase_if(all, [suffix](const std::string& name) { return !name.ends_with(suffix); });
    return all;
  }
  RecoveryReport compare() { return recover(world.disk(), directory, {.reads_all = true}); }
  static std::size_t valid_count(const RecoveryReport& report) {
    return static_cast<std::size_t>(std::count_if(
        report.files.begin(), report.files.end(),
        [](const SegmentFile& file) { return file.index_state == SegmentIndexState::valid; }));
  }
  static std::size_t wrong_count(const RecoveryReport& report) {
    return static_cast<std::size_t>(std::count_if(
        report.findings.begin(), report.findings.end(),
        [](const Finding& finding) { return finding.which == RecoveryCase::wrong_index; }));
  }
};

TEST(SegmentIndexWriter, EachSegmentThatWasLeftHasAnIndex) {
  IndexWorld world;
  ASSERT_EQ(world.start(), "");
  world.publish_segments(5);
  world.settle_unless([](Position at) { return at.second % 3 != 0; });
  world.deliver_all(2);
  world.publish_segments(3);
  ASSERT_TRUE(world.settle_down());
  const RecoveryReport report = world.compare();
  EXPECT_EQ(IndexWorld::wrong_count(report), 0u);
  const std::size_t in_use = world.segments().in_use_count();
  // All but the one that is written, and the one that is sealed while nothing follows.
  EXPECT_GE(IndexWorld::valid_count(report) + 2, in_use);
  EXPECT_GE(in_use, 8u);
}

TEST(SegmentIndexWriter, AStartThatReadsThemFindsTheSame) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    IndexWorld world(seed);
    ASSERT_EQ(world.start(), "");
    for (int round = 0; round < 4; ++round) {
      world.publish_segments(2);
      world.settle_unless([&](Position at) { return (at.second + seed) % 4 != 0; });
      world.deliver_all(1 + seed % 3);
      world.turns(world.world.random().below(20));
      const std::vector<Content> possible = world.possible();
      world.crash(world.world.random().chance(50));
      const RecoveryReport report = world.compare();
      EXPECT_EQ(IndexWorld::wrong_count(report), 0u) << seed;
      ASSERT_EQ(world.start(), "") << seed;
      EXPECT_TRUE(world.is_what_was_held(possible)) << seed;
    }
  }
}

TEST(SegmentIndexWriter, ADeadSegmentGetsNone) {
  IndexWorld world;
  ASSERT_EQ(world.start(), "");
  for (int i = 0; i < 200; ++i) {
    world.publish({1}, 4000);
    world.turn();
    world.settle_unless([](Position) { return false; });
  }
  ASSERT_TRUE(world.settle_down());
  EXPECT_GT(world.segments().next_number(), 5u);
  EXPECT_EQ(world.journal().view().writer.indexes().written_count(), 0u);
}

TEST(SegmentIndexWriter, AnIndexGoesWithItsFile) {
  IndexWorld world;
  ASSERT_EQ(world.start(), "");
  world.publish_segments(30);
  ASSERT_TRUE(world.settle_down());
  EXPECT_GT(world.names(".idx").size(), 25u);
  world.settle_unless([](Position) { return false; });
  ASSERT_TRUE(world.settle_down());
  const std::vector<std::string> segments = world.names(".seg");
  EXPECT_LT(segments.size(), 10u);
  for (const std::string& name : world.names(".idx"))
    EXPECT_TRUE(std::binary_search(segments.begin(), segments.end(),
                                   name.substr(0, name.size() - 4) + ".seg"))
        << name;
}

TEST(SegmentIndexWriter, AStartRemovesThoseWithoutASegment) {
  IndexWorld world;
  ASSERT_EQ(world.start(), "");
  world.publish_segments(3);
  ASSERT_TRUE(world.settle_down());
  const std::size_t count = world.names(".idx").size();
  const int fd = world.world.disk().open(segment_index_path(JournalWorld::directory, 77),
                                         {.write = true, .create = true});
  world.world.disk().close(fd);
  world.crash(false);
  ASSERT_EQ(world.start(), "");
  EXPECT_EQ(world.names(".idx").size(), count + 1) << "the newest was sealed";
  EXPECT_EQ(world.world.disk().find(segment_index_path(JournalWorld::directory, 77)), nullptr);
}

TEST(SegmentIndexWriter, WithoutRoomThereIsNoneAndNothingIsSaid) {
  IndexWorld world;
  ASSERT_EQ(world.start(), "");
  world.publish_segments(2);
  ASSERT_TRUE(world.settle_down());
  world.settle_unless([](Position at) { return at.second < 3; });
  ASSERT_TRUE(world.settle_down());
  const std::uint64_t before = world.journal().view().writer.indexes().written_count();
  world.world.disk().set_capacity(world.world.disk().used());
  // Files that were free are written again; an index has no room.
  for (int i = 0; i < 60; ++i) {
    world.publish({1}, 2000);
    world.turn();
  }
  world.turns(100);
  EXPECT_GE(world.journal().view().writer.indexes().written_count(), before);
  EXPECT_EQ(world.log.times(warning), 0u);
  EXPECT_EQ(world.failure, "");
  world.world.disk().set_capacity(UINT64_MAX / 2);
  ASSERT_TRUE(world.settle_down());
}

/// The writer alone, told of segments that hold nothing but a seal.
class SegmentIndexWriterAlone : public ::testing::Test {
 protected:
  void leave_segments(int count) {
    for (; count > 0; --count) {
      Batch batch({number_, number_, 0, number_, false}, {});
      batch.add(RecordType::seal, 0, sizeof(RecordHeader));
      batch.close(RecordSeed::of(parts_.store), writer_->batch_builder(batch));
      writer_->set_file(static_cast<std::uint32_t>(number_++));
      EXPECT_EQ(segments_.add(), number_ - 1);
    }
  }
  LoopWorld world_;
  JournalParts parts_{&world_.loop, &world_.disk(), &world_.log, "data"};
  SegmentTable segments_{"data"};
  std::optional<SegmentIndexWriter> writer_{std::in_place, parts_, segments_};
  std::uint64_t number_ = 1;
};

TEST_F(SegmentIndexWriterAlone, WhatFailsIsSaidOnce) {
  parts_.directory = "nowhere";
  leave_segments(2);
  world_.finish_ops();
  leave_segments(3);
  world_.finish_ops();
  EXPECT_EQ(writer_->written_count(), 0u);
  EXPECT_EQ(world_.log.times(warning), 1u);
  writer_.reset();
}

TEST_F(SegmentIndexWriterAlone, WhatCannotBeWrittenIsRemoved) {
  world_.disk().set_capacity(30);
  leave_segments(2);
  world_.finish_ops();
  EXPECT_EQ(world_.disk().find("data/000001.idx"), nullptr);
  EXPECT_EQ(world_.log.times(warning), 0u) << "lack of room is no fault";
  world_.disk().set_capacity(1000);
  leave_segments(1);
  world_.finish_ops();
  EXPECT_NE(world_.disk().find("data/000002.idx"), nullptr);
  writer_.reset();
}

TEST_F(SegmentIndexWriterAlone, WhenTooManyWaitTheNewestIsLeftOut) {
  leave_segments(40);
  EXPECT_LE(writer_->memory_bytes(), 100'000u);
  world_.finish_ops();
  EXPECT_EQ(writer_->written_count(), core::limits::segment_indexes_waiting_max + 1);
  writer_.reset();
}

TEST_F(SegmentIndexWriterAlone, WithoutASyncOfEachBatchTheSegmentIsSyncedFirst) {
  parts_.sync = SyncMode::os;
  const int fd = world_.disk().open("data/000001.seg", {.write = true, .create = true});
  const std::vector<std::uint8_t> bytes(block_size, 1);
  ASSERT_EQ(world_.disk().write(fd, 0, bytes), 0);
  world_.disk().close(fd);
  leave_segments(2);
  world_.finish_ops();
  EXPECT_EQ(writer_->written_count(), 1u);
  leave_segments(1);
  world_.finish_ops();
  EXPECT_EQ(writer_->written_count(), 1u) << "the segment of this one is not there";
  EXPECT_EQ(world_.log.times(warning), 1u);
  writer_.reset();
  core::Random random(1);
  world_.driver.abandon();
  world_.disk().power_cut(random);
  const io::SimFile* file = world_.disk().find("data/000001.seg");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(std::vector<std::uint8_t>(file->cache().begin(), file->cache().end()), bytes);
}

}  // namespace
}  // namespace lepus::persist::test
