// What is gathered becomes ranges, and two records.
#include "persist/journal/gathered_records.h"

#include <gtest/gtest.h>

namespace lepus::persist {
namespace {

class GatheredRecordsTest : public ::testing::Test {
 protected:
  inline static const RecordSeed seed = RecordSeed::of(5);

  void settle(std::uint64_t queue, std::uint64_t sequence) {
    const core::QueuePosition at{core::QueueId{queue}, sequence};
    if (!gathered_.extend(at)) gathered_.add_settle(at);
  }
  /// The records of a batch that has nothing else.
  std::vector<RecordView> records() {
    const std::uint64_t size = gathered_.size();
    gathered_.write_to(batch_);
    EXPECT_EQ(batch_.size(), size);
    EXPECT_TRUE(gathered_.is_empty());
    EXPECT_EQ(gathered_.size(), 0U);
    batch_.close(seed);
    std::vector<RecordView> all;
    for (std::size_t at = 0; at < size;) {
      const RecordRead read = read_record(batch_.bytes().subspan(at), seed);
      EXPECT_EQ(read.fault, RecordFault::none);
      all.push_back(read.record);
      at += read.length;
    }
    return all;
  }

  GatheredRecords gathered_;
  Batch batch_{{1, 1, block_size, 1, false}, {}};
};

TEST_F(GatheredRecordsTest, SettlesInOrderAreOneRangeAQueue) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    settle(1, 10 + i);
    settle(2, 20 + i);
  }
  settle(1, 30);
  const std::vector<RecordView> all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].header().type, RecordType::settle);
  const auto ranges = all[0].ranges();
  ASSERT_EQ(ranges.size(), 3U);
  EXPECT_EQ(ranges[0].queue, 1U);
  EXPECT_EQ(ranges[0].first, 10U);
  EXPECT_EQ(ranges[0].last, 14U);
  EXPECT_EQ(ranges[1].queue, 2U);
  EXPECT_EQ(ranges[1].last, 24U);
  EXPECT_EQ(ranges[2].first, 30U);
  EXPECT_EQ(ranges[2].last, 30U);
}

TEST_F(GatheredRecordsTest, ARangeIsNotExtendedBehindItsRecord) {
  settle(1, 10);
  gathered_.write_to(batch_);
  EXPECT_FALSE(gathered_.extend({core::QueueId{1}, 11}));
}

TEST_F(GatheredRecordsTest, WatermarksComeBehindTheSettles) {
  gathered_.add_watermark({core::QueueId{3}, 7});
  EXPECT_EQ(gathered_.size(), GatheredRecords::watermark_size);
  gathered_.add_range({4, 0, 99});
  EXPECT_FALSE(gathered_.is_empty());
  const std::vector<RecordView> all = records();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].ranges()[0].last, 99U);
  EXPECT_EQ(all[1].header().type, RecordType::delivered);
  EXPECT_EQ(all[1].queues()[0].queue, 3U);
  EXPECT_EQ(all[1].queues()[0].sequence, 7U);
}

TEST_F(GatheredRecordsTest, NothingIsNoRecord) {
  gathered_.write_to(batch_);
  EXPECT_TRUE(batch_.is_empty());
}

}  // namespace
}  // namespace lepus::persist
