// What is missing, by what the catalog remembers.
#include "persist/journal/journal_check.h"

#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist::test {
namespace {

class JournalCheckTest : public RecoveryTest {
 protected:
  JournalCheckTest() {
    core::QueueSpec queue;
    queue.id = core::QueueId{7};
    queue.home = 1;
    known.add(queue);
    known.set_newest(8);
  }
  KnownQueues known;
};

TEST_F(JournalCheckTest, QueuesThatTheCatalogNeverHad) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).message({{8, 0}}).message({{9, 0}}).message({{9, 1}}).message({{12, 0}});
  first.end_batch();
  put(0, first);
  const std::vector<std::string> losses = find_losses(run(), known, 0);
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0].find("3 messages of 2 queues that the catalog does not know (id 9: 2, id 12: "
                           "1)"),
            0U)
      << losses[0];
  known.set_newest(12);
  EXPECT_TRUE(find_losses(run(), known, 0).empty());
}

TEST_F(JournalCheckTest, TheNewestSegmentIsGone) {
  SegmentBuilder first(1, 1);
  first.message({{7, 0}}).end_batch();
  put(0, first);
  EXPECT_TRUE(find_losses(run(), known, 1).empty());
  const std::vector<std::string> losses = find_losses(run(), known, 3);
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0], "the newest files are gone: the journal had segment 3, and ends with 1");
}

TEST_F(JournalCheckTest, TheDirectoryIsGone) {
  const std::vector<std::string> lost = find_lost_journals(disk, "data", {{0, 4}, {1, 0}}, known);
  // Shard 0 is the home of no queue.
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_NE(lost[0].find("data/journal/shard-1"), std::string::npos);
  EXPECT_NE(lost[0].find("1 durable queues"), std::string::npos);
  EXPECT_TRUE(find_lost_journals(disk, "data", {}, known).empty());
}

TEST_F(JournalCheckTest, PrioritiesThatTheQueueDoesNotHave) {
  constexpr std::uint64_t priority_3 = std::uint64_t{3} << 56;
  core::QueueSpec queue;
  queue.id = core::QueueId{7};
  queue.home = 0;
  queue.parsed.edit().max_priority = 3;
  known.add(queue);
  SegmentBuilder first(1, 1);
  first.message({{7, priority_3 + 4}}).settle({{7, priority_3, priority_3 + 4}}).end_batch();
  put(0, first);
  EXPECT_EQ(find_contradiction(run(), known, 0), "");
  KnownQueues edited;
  queue.parsed.edit().max_priority = 2;
  edited.add(queue);
  EXPECT_EQ(find_contradiction(run(), edited, 0)
                .find("queue id 7 has messages of priority 3, and at most 2 by the catalog"),
            0U);
  EXPECT_EQ(find_contradiction(run(), edited, 1), "") << "it does not live there";
  KnownQueues stream;
  queue.parsed.edit().max_priority.reset();
  queue.parsed.edit().queue_type = core::QueueType::stream;
  stream.add(queue);
  EXPECT_EQ(find_contradiction(run(), stream, 0), "");
}

TEST_F(JournalCheckTest, PositionsThatNoQueueReaches) {
  core::QueueSpec queue;
  queue.id = core::QueueId{7};
  queue.home = 0;
  known.add(queue);
  const auto contradiction_of = [&](std::uint64_t next_position) {
    SegmentBuilder first(1, 1);
    first.delivered({{7, next_position}}).end_batch();
    put(0, first);
    return find_contradiction(run(), known, 0);
  };
  constexpr std::uint64_t most = core::limits::queue_positions_max;
  EXPECT_EQ(contradiction_of(most), "");
  EXPECT_EQ(contradiction_of(most + 1).find("queue id 7 has the position"), 0U);
  EXPECT_NE(contradiction_of((std::uint64_t{1} << 56) - 1), "");
}

}  // namespace
}  // namespace lepus::persist::test
