// What leaves memory and comes back, with slots that no backlog is around.
#include "core/queue/backlog/backlog_paging.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace lepus::core {
namespace {

struct Paging : BacklogPaging {
  using BacklogPaging::counts_;
  using BacklogPaging::slots_;
};

class BacklogPagingTest : public ::testing::Test {
 protected:
  BacklogPagingTest() {
    for (Sequence i = 0; i < 4; ++i) {
      MessageRef message = Message::create({"", "", {}, 0, true}, memory_);
      message->set_place({1, static_cast<std::uint32_t>(8 * i), 8});
      counts_.bytes += message->memory_size();
      ++counts_.ready;
      slots_.add(i) = Slot{message.detach(), Slot::State::ready};
    }
  }
  std::uint32_t evict(BacklogPaging::Eviction options, Sequence head = 0) {
    options.count = 100;
    return paging_.evict({head, 4}, options, [this](Sequence sequence, const Message&) {
      offered_.push_back(sequence);
      return offered_.size() < 3;
    });
  }
  std::size_t request_ahead(Sequence head, std::uint32_t count) {
    std::size_t asked = 0;
    paging_.request_ahead({head, 4}, count, UINT64_MAX,
                          [&](Sequence, const RecordLocation&) { ++asked; });
    return asked;
  }

  MemoryAccount memory_;
  Paging paging_;
  SlotTable& slots_ = paging_.slots_;
  BacklogCounts& counts_ = paging_.counts_;
  std::vector<Sequence> offered_;
};

TEST_F(BacklogPagingTest, WhatIsWrittenLeavesMemoryBehindTheHead) {
  EXPECT_EQ(evict({.is_recorded = true, .written_end = {1, 24, 0}, .keep = 1}), 2U);
  EXPECT_FALSE(slots_.get(0).is_evicted());
  EXPECT_TRUE(slots_.get(2).is_evicted());
  EXPECT_FALSE(slots_.get(3).is_evicted()) << "it is not written";
  EXPECT_EQ(counts_.evicted, 2U);
  EXPECT_EQ(counts_.resident(), 2U);
}

TEST_F(BacklogPagingTest, WhatHasNoRecordIsOfferedUntilItIsRefused) {
  EXPECT_EQ(evict({.memory_pressure = true, .appends = true}), 2U);
  EXPECT_EQ(offered_, (std::vector<Sequence>{0, 1, 2}));
  EXPECT_TRUE(paging_.make_evicted(0, {2, 0, 8}, true));
  EXPECT_FALSE(paging_.make_evicted(0, {2, 0, 8}, true)) << "it is already";
  EXPECT_TRUE(slots_.get(0).is_spilled());
}

TEST_F(BacklogPagingTest, IsAskedForOnceAndComesBack) {
  EXPECT_EQ(evict({.memory_pressure = true, .is_recorded = true, .written_end = {2, 0, 0}}), 4U);
  EXPECT_EQ(counts_.bytes, 0U);
  EXPECT_TRUE(paging_.request_fetch(0));
  EXPECT_FALSE(paging_.request_fetch(0));
  EXPECT_EQ(request_ahead(0, 2), 2U);
  EXPECT_EQ(request_ahead(0, 5), 1U);
  paging_.cancel_fetch(0);
  EXPECT_TRUE(paging_.request_fetch(0));
  paging_.make_resident(0, Message::create({"", "", {}, 0, true}, memory_));
  EXPECT_EQ(counts_.evicted, 3U);
  EXPECT_GT(counts_.bytes, 0U);
}

TEST_F(BacklogPagingTest, ARecordThatMovedIsWhereItIs) {
  EXPECT_TRUE(paging_.make_evicted(1, {1, 8, 8}, false));
  EXPECT_TRUE(paging_.request_fetch(1));
  paging_.move(1, {7, 16, 8});
  EXPECT_EQ(slots_.get(1).place(), (RecordLocation{7, 16, 8}));
  EXPECT_TRUE(slots_.get(1).is_fetch_pending()) << "the answer is still to come";
  paging_.move(2, {7, 24, 8});
  EXPECT_EQ(slots_.get(2).message()->place(), (RecordLocation{7, 24, 8}));
}

}  // namespace
}  // namespace lepus::core
