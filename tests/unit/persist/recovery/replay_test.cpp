// What of the messages is kept, and what shares an entry.
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist {
namespace {

class ReplayTest : public RecoveryTest {
 protected:
  ReplayTest() { segment.head.ttl_ms = core::Message::no_ttl; }

  RecoveryReport run(const TimedQueues* timed_queues = nullptr) {
    put(0, segment);
    return recover(disk, directory, {.shard = 0, .timed_queues = timed_queues});
  }
  static std::vector<RecoveredRun> runs(const RecoveryReport& report, std::uint64_t queue) {
    std::vector<RecoveredRun> runs;
    report.queues.for_each_run(queue, [&](const RecoveredRun& run) { runs.push_back(run); });
    return runs;
  }
  /// A message each millisecond.
  void add_messages(const std::vector<std::uint64_t>& queues, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      std::vector<QueueRef> refs;
      for (const std::uint64_t queue : queues) refs.push_back({queue, next_});
      ++segment.head.enqueued_ms;
      segment.message(refs, "body");
      ++next_;
    }
  }

  SegmentBuilder segment{1, 1};
  const TimedQueues none;
  std::uint64_t next_ = 0;
};

TEST_F(ReplayTest, NeighboursShareARun) {
  segment.marks_batches = true;
  add_messages({7, 8}, 50);
  segment.settle({{8, 3, 3}}).end_batch();
  add_messages({7, 8}, 50);
  segment.end_batch();
  RecoveryReport report = run(&none);
  ASSERT_EQ(runs(report, 7).size(), 2u) << "a batch each";
  EXPECT_EQ(runs(report, 7)[1].sequence, 50u);
  EXPECT_EQ(runs(report, 7)[1].count, 50u);
  ASSERT_EQ(runs(report, 8).size(), 3u) << "one is cut by the settle";
  EXPECT_EQ(runs(report, 8)[1].sequence, 4u);
  EXPECT_EQ(runs(report, 8)[1].count, 46u);
  const RecoveredRun first = runs(report, 8)[0];
  EXPECT_EQ(runs(report, 8)[1].message.place.offset,
            first.message.place.offset + 4 * first.message.place.size);
  EXPECT_EQ(report.files[0].live_bytes, 199 * first.message.place.size);
}

TEST_F(ReplayTest, ARunIsCutAtTheMark) {
  add_messages({7}, 10);
  segment.delivered({{7, 4}}).end_batch();
  RecoveryReport report = run(&none);
  ASSERT_EQ(runs(report, 7).size(), 2u);
  EXPECT_EQ(runs(report, 7)[0].count, 4u);
  EXPECT_TRUE(runs(report, 7)[0].redelivered);
  EXPECT_EQ(runs(report, 7)[1].sequence, 4u);
  EXPECT_EQ(runs(report, 7)[1].count, 6u);
  EXPECT_FALSE(runs(report, 7)[1].redelivered);
  std::vector<Place> places;
  report.queues.for_each(7, [&](const LiveEntry& entry) { places.push_back(entry.message.place); });
  ASSERT_EQ(places.size(), 10u);
  EXPECT_EQ(places[9].offset, places[0].offset + 9 * places[0].size);
}

TEST_F(ReplayTest, LevelsDoNotShareRuns) {
  const std::uint64_t last = (std::uint64_t{1} << 56) - 1;
  segment.message({{7, last}}).message({{7, last + 1}}).end_batch();
  RecoveryReport report = run(&none);
  EXPECT_EQ(live(report, 7), (Sequences{last, last + 1}));
  EXPECT_EQ(report.queues.levels(7).size(), 2u);
}

TEST_F(ReplayTest, TimesAreKeptForThoseWhoNeedThem) {
  const TimedQueues timed{{8, 1}};
  add_messages({7, 8}, 3);
  segment.head.ttl_ms = 1000;
  add_messages({7}, 1);
  segment.end_batch();
  RecoveryReport report = run(&timed);
  ASSERT_EQ(runs(report, 7).size(), 2u);
  EXPECT_EQ(runs(report, 7)[0].message.enqueued_ms, 0u);
  EXPECT_EQ(runs(report, 7)[1].message.enqueued_ms, 4u);
  EXPECT_EQ(runs(report, 7)[1].message.ttl_ms, 1000u);
  ASSERT_EQ(runs(report, 8).size(), 3u);
  EXPECT_EQ(runs(report, 8)[2].message.enqueued_ms, 3u);
  EXPECT_EQ(runs(run(), 7).size(), 4u) << "nobody said who needs them";
}

TEST_F(ReplayTest, TimesAreAsExactAsAsked) {
  const TimedQueues timed{{9, 1000}};
  segment.head.enqueued_ms = 1998;
  add_messages({9}, 4);
  segment.end_batch();
  RecoveryReport report = run(&timed);
  ASSERT_EQ(runs(report, 9).size(), 2u);
  EXPECT_EQ(runs(report, 9)[0].message.enqueued_ms, 1000u);
  EXPECT_EQ(runs(report, 9)[1].message.enqueued_ms, 2000u);
}

TEST_F(ReplayTest, PagedMessagesAreDeadButTheirPositionsAreGivenOut) {
  segment.marks_batches = true;
  add_messages({7}, 2);
  segment.head.flags = head_flag_paged;
  add_messages({7, 8}, 3);
  segment.head.flags = 0;
  segment.end_batch();
  segment.head.flags = head_flag_paged;
  segment.message({{0, 0}, {9, std::uint64_t{5} << 56 | 3}}).end_batch();
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{0, 1}));
  EXPECT_EQ(report.queues.levels(7)[0].next_sequence, 5u);
  EXPECT_EQ(report.queues.count(8), 0u);
  EXPECT_EQ(report.queues.levels(8)[0].next_sequence, 5u);
  EXPECT_EQ(report.queues.levels(9)[0].next_sequence, (std::uint64_t{5} << 56 | 4));
  EXPECT_EQ(report.queues.ids(), (Sequences{7, 8, 9}));
}

TEST_F(ReplayTest, ASettleBetweenNeighboursComesBeforeTheSecond) {
  segment.marks_batches = true;
  segment.message({{7, 0}, {8, 0}}).settle({{7, 0, 1}}).message({{7, 1}, {8, 1}}).end_batch();
  RecoveryReport report = run();
  EXPECT_EQ(live(report, 7), (Sequences{1}));
  EXPECT_EQ(live(report, 8), (Sequences{0, 1}));
}

}  // namespace
}  // namespace lepus::persist
