// The backlog against a std::map: every message there once, in its place, until it is taken; the
// memory goes with the messages.
#include "core/queue/backlog/backlog.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#ifdef LEPUS_SANITIZED
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#else
#include <malloc.h>
#endif

#include "core/base/random.h"

namespace lepus::core {
namespace {

constexpr Sequence page = limits::backlog_page_slots;

/// What the process has allocated.
std::size_t heap_bytes() {
#ifdef LEPUS_SANITIZED
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks;
#endif
}

std::uint64_t pop_all(Backlog& backlog) {
  std::uint64_t count = 0;
  for (; backlog.counts().ready > 0; ++count) (void)backlog.take(backlog.peek().sequence);
  return count;
}

class BacklogTest : public ::testing::Test {
 protected:
  MessageRef message(std::string_view body = "x") {
    MessageRef made = Message::create({"", "q", {}, body.size(), false}, account_);
    made->append_body(as_bytes(body));
    return made;
  }
  void fill(Sequence count) {
    for (Sequence i = 0; i < count; ++i) (void)backlog_.push(message());
  }
  Sequence deliver_next() {
    const Sequence sequence = backlog_.peek().sequence;
    backlog_.deliver(sequence);
    return sequence;
  }

  MemoryAccount account_;
  Backlog backlog_;
};

TEST_F(BacklogTest, TellsWhatWasNeverOut) {
  fill(4);
  for (Sequence sequence = 0; sequence < 4; ++sequence) {
    EXPECT_EQ(backlog_.first_undelivered(), sequence);
    EXPECT_EQ(deliver_next(), sequence);
  }
  EXPECT_EQ(backlog_.first_undelivered(), std::nullopt);
  backlog_.requeue(2);
  EXPECT_EQ(backlog_.first_undelivered(), std::nullopt) << "one is ready, but it came back";
  EXPECT_EQ(backlog_.push(message()), 4U);
  EXPECT_EQ(backlog_.first_undelivered(), 4U);
  EXPECT_EQ(backlog_.peek().sequence, 2U);
  backlog_.continue_at(5'000);
  (void)backlog_.take(4);
  EXPECT_EQ(backlog_.first_undelivered(), std::nullopt) << "positions without slots are none";
  EXPECT_EQ(backlog_.push(message()), 5'000U);
  EXPECT_EQ(backlog_.first_undelivered(), 5'000U);
  for (Sequence sequence = 0; sequence < 4; ++sequence) (void)backlog_.take(sequence);
  EXPECT_EQ(deliver_next(), 5'000U);
  (void)backlog_.take(5'000);
}

TEST_F(BacklogTest, GivesOutInOrder) {
  fill(3 * page + 1);
  EXPECT_EQ(backlog_.counts().ready, 3 * page + 1);
  const Sequence first = backlog_.peek().sequence;
  for (Sequence i = 0; i < 3 * page + 1; ++i) {
    EXPECT_FALSE(backlog_.peek().redelivered);
    EXPECT_EQ(deliver_next(), first + i);
  }
  EXPECT_EQ(backlog_.counts().ready, 0U);
  EXPECT_EQ(backlog_.counts().unacked, 3 * page + 1);
}

TEST_F(BacklogTest, RequeuedGoesOutFirstAndIsMarked) {
  fill(5);
  const Sequence first = deliver_next();
  const Sequence second = deliver_next();
  backlog_.requeue(second);
  backlog_.requeue(first);
  EXPECT_EQ(backlog_.peek().sequence, first);
  EXPECT_TRUE(backlog_.peek().redelivered);
  backlog_.deliver(first);
  EXPECT_EQ(deliver_next(), second);
  EXPECT_EQ(deliver_next(), second + 1);
}

TEST_F(BacklogTest, PurgeLeavesTheUnacked) {
  fill(page + 3);
  const Sequence held = deliver_next();
  const Sequence back = deliver_next();
  backlog_.requeue(back);
  EXPECT_EQ(pop_all(backlog_), page + 2);
  EXPECT_EQ(backlog_.counts().ready, 0U);
  EXPECT_EQ(backlog_.state(held), Backlog::State::unacked);
  EXPECT_EQ(backlog_.state(back), Backlog::State::gone);
  (void)backlog_.take(held);
  EXPECT_EQ(account_.message_bytes, 0U);
  EXPECT_EQ(backlog_.counts().bytes, 0U);
}

TEST_F(BacklogTest, SequencesAreNeverReused) {
  fill(2);
  const Sequence first = backlog_.peek().sequence;
  pop_all(backlog_);
  EXPECT_EQ(backlog_.push(message()), first + 2);
  EXPECT_EQ(backlog_.state(first), Backlog::State::gone);
  EXPECT_EQ(backlog_.state(first + 99), Backlog::State::gone);
}

TEST_F(BacklogTest, RestoredMessagesKeepTheirPlaces) {
  const std::vector<Sequence> places = {3, 4, 3 * page, 9 * page + 1};
  for (const Sequence place : places) backlog_.restore(place, {1, 8, 40}, 1, place == 4);
  EXPECT_EQ(backlog_.counts().evicted, places.size());
  backlog_.continue_at(20 * page + 2);
  EXPECT_EQ(backlog_.counts().ready, places.size());
  EXPECT_EQ(backlog_.state(5), Backlog::State::gone);
  EXPECT_EQ(backlog_.state(6 * page), Backlog::State::gone);
  EXPECT_EQ(backlog_.push(message()), 20 * page + 2);
  for (const Sequence place : places) {
    EXPECT_EQ(backlog_.peek().sequence, place);
    EXPECT_EQ(backlog_.peek().message, nullptr);
    EXPECT_EQ(backlog_.peek().redelivered, place == 4);
    backlog_.paging().make_resident(place, message());
    EXPECT_EQ(deliver_next(), place);
  }
  EXPECT_EQ(deliver_next(), 20 * page + 2);
  backlog_.requeue(3 * page);
  (void)backlog_.take(4);
  EXPECT_EQ(deliver_next(), 3 * page);
}

TEST_F(BacklogTest, AnEmptyBacklogGoesOnWhereItWas) {
  backlog_.continue_at(77);
  EXPECT_EQ(backlog_.push(message()), 77U);
  EXPECT_EQ(deliver_next(), 77U);
}

TEST_F(BacklogTest, TakingAReadyMessageFromAWholePage) {
  fill(4 * page);
  const Sequence first = backlog_.peek().sequence;
  // The second page, where peek() has not been yet, goes completely, then parts of the first.
  for (Sequence i = page; i < 2 * page; ++i) (void)backlog_.take(first + i);
  for (Sequence i = 1; i < page; ++i) (void)backlog_.take(first + i);
  EXPECT_EQ(deliver_next(), first);
  EXPECT_EQ(deliver_next(), first + 2 * page);
  backlog_.requeue(first);
  EXPECT_EQ(deliver_next(), first);
}

TEST_F(BacklogTest, TheLastPageCanRunEmptyAndGoOn) {
  fill(page + 1);
  const Sequence first = backlog_.peek().sequence;
  (void)backlog_.take(first + page);
  for (Sequence i = 1; i < 2 * page; ++i) (void)backlog_.push(message());
  (void)backlog_.take(first);
  for (Sequence i = 1; i < page; ++i) EXPECT_EQ(deliver_next(), first + i);
  EXPECT_EQ(deliver_next(), first + page + 1);
}

/// 100 000 messages pass while the oldest one stays unacked: the pages between do not pile up.
TEST_F(BacklogTest, AnOldUnackedMessagePinsOnlyItsPage) {
  fill(1);
  const Sequence old = deliver_next();
  const std::size_t heap_before = heap_bytes();
  for (int i = 0; i < 100'000; ++i) {
    (void)backlog_.push(message());
    (void)backlog_.take(deliver_next());
  }
  EXPECT_LT(heap_bytes(), heap_before + (std::size_t{100} << 10));  // Else 1.6 MB of pages.
  EXPECT_EQ(backlog_.counts().unacked, 1U);
  EXPECT_EQ(backlog_.counts().bytes, account_.message_bytes);
  backlog_.requeue(old);
  EXPECT_EQ(backlog_.peek().sequence, old);
  (void)backlog_.push(message());
  (void)backlog_.take(old);
  EXPECT_EQ(backlog_.peek().sequence, old + 100'001);
}

TEST_F(BacklogTest, AnEmptyBacklogOwnsNoMemory) {
  const std::size_t heap_before = heap_bytes();
  fill(10 * page);
  for (Sequence i = 0; i < 3 * page; ++i) backlog_.requeue(deliver_next());
  EXPECT_GT(heap_bytes(), heap_before + page * sizeof(void*));
  while (backlog_.counts().ready > 0) (void)backlog_.take(backlog_.peek().sequence);
  EXPECT_LT(heap_bytes(), heap_before + 256);  // The sanitizer's own book-keeping varies a little.
}

TEST_F(BacklogTest, WhatIsLeftDiesWithTheBacklog) {
  {
    Backlog other;
    for (Sequence i = 0; i < 2 * page; ++i) (void)other.push(message());
    other.deliver(other.peek().sequence);
    EXPECT_GT(account_.message_bytes, 0U);
  }
  EXPECT_EQ(account_.message_bytes, 0U);
}

TEST_F(BacklogTest, MisuseStops) {
  EXPECT_DEATH((void)backlog_.peek(), "counts_.ready > 0");
  fill(2);
  const Sequence first = backlog_.peek().sequence;
  EXPECT_DEATH(backlog_.requeue(first), "unacked");
  EXPECT_DEATH(backlog_.deliver(first + 1), "head_");
  (void)backlog_.take(first);
  EXPECT_DEATH((void)backlog_.take(first), "gone");
}

TEST_F(BacklogTest, RestoredNeighboursCostNextToNothing) {
  const std::size_t before = heap_bytes();
  for (Sequence i = 0; i < 1000 * page; ++i)
    backlog_.restore(i, {1, static_cast<std::uint32_t>(4096 + i * 200), 200}, 128, false);
  EXPECT_LE(heap_bytes() - before, 1000 * page);
  EXPECT_EQ(backlog_.slot_at(777 * page + 5).place().offset, 4096 + (777 * page + 5) * 200);
  backlog_.paging().move(777 * page + 5, {9, 8, 200});
  EXPECT_EQ(backlog_.slot_at(777 * page + 5).place().segment, 9U);
  EXPECT_EQ(backlog_.slot_at(777 * page + 6).place().segment, 1U);
  EXPECT_EQ(backlog_.counts().ready_body_bytes, 1000 * page * 128);
  EXPECT_EQ(pop_all(backlog_), 1000 * page);
}

TEST_F(BacklogTest, AMessageThatLeavesCountsNoMore) {
  fill(3);
  const Sequence held = deliver_next();
  const Sequence next = backlog_.peek().sequence;
  backlog_.retain(next);
  backlog_.retain(held);
  EXPECT_EQ(backlog_.counts().ready, 1U);
  EXPECT_EQ(backlog_.counts().unacked, 0U);
  EXPECT_EQ(backlog_.counts().live(), 3U);
  EXPECT_EQ(backlog_.peek().sequence, next + 1);
  (void)backlog_.take(backlog_.peek().sequence);
  (void)backlog_.take(held);
  EXPECT_EQ(backlog_.state(next), Backlog::State::retained);
  (void)backlog_.take(next);
  EXPECT_EQ(backlog_.counts().live(), 0U);
}

/// Random operations; some of the messages are evicted. The model is a map from sequence to what
/// must be there.
class BacklogModel : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  struct Known {
    std::size_t body_size;
    bool unacked = false;
    bool redelivered = false;
  };
  using Entries = std::map<Sequence, Known>;

  void push() {
    const std::size_t size = random_.below(40);
    const std::string body(size, 'b');
    MessageRef message = Message::create({"", "q", {}, size, false}, account_);
    message->append_body(as_bytes(body));
    if (random_.chance(80)) {
      message->set_place({1 + record_ / 100, record_ % 100 * 48, 48});
      ++record_;
    }
    const Sequence sequence = backlog_.push(std::move(message));
    ASSERT_EQ(sequence, next_++);
    model_.emplace(sequence, Known{size});
  }
  Entries::iterator first_ready() {
    auto at = model_.begin();
    while (at != model_.end() && at->second.unacked) ++at;
    return at;
  }
  Entries::iterator any() {
    auto at = model_.lower_bound(random_.below(next_ + 1));
    return at == model_.end() ? model_.begin() : at;
  }
  void check_peek() {
    const auto expected = first_ready();
    if (expected == model_.end()) return;
    const Backlog::Ready head = backlog_.peek();
    ASSERT_EQ(head.sequence, expected->first);
    ASSERT_EQ(head.redelivered, expected->second.redelivered);
    if (head.message == nullptr) warm(head.sequence);
    ASSERT_EQ(backlog_.peek().message->body_size(), expected->second.body_size);
  }
  void warm(Sequence sequence) {
    const std::size_t size = model_.at(sequence).body_size;
    const Slot slot = backlog_.slot_at(sequence);
    ASSERT_TRUE(slot.is_evicted());
    ASSERT_EQ(slot.body_size(), size);
    if (slot.is_fetch_pending()) backlog_.paging().cancel_fetch(sequence);
    MessageRef message = Message::create({"", "q", {}, size, false}, account_);
    message->append_body(as_bytes(std::string(size, 'b')));
    if (!slot.is_spilled()) message->set_place(slot.place());
    backlog_.paging().make_resident(sequence, std::move(message));
  }
  void evict() {
    Backlog::Eviction options;
    options.memory_pressure = random_.chance(30);
    options.appends = random_.chance(50);
    options.is_recorded = true;
    options.written_end = {1 + record_ / 100, record_ % 100 * 48, 48};
    options.count = 1 + static_cast<std::uint32_t>(random_.below(300));
    options.keep = random_.below(300);
    if (random_.chance(10)) backlog_.paging().restart_under_pressure();
    std::vector<Sequence> recorded;
    (void)backlog_.evict(options, [&](Sequence sequence, const Message&) {
      recorded.push_back(sequence);
      return random_.chance(95);
    });
    for (const Sequence sequence : recorded)
      if (random_.chance(80)) (void)backlog_.paging().make_evicted(sequence, {77, 8, 48}, true);
  }
  /// Of those that are asked for, most come.
  void request_ahead() {
    std::vector<Sequence> asked;
    backlog_.request_ahead(
        1 + static_cast<std::uint32_t>(random_.below(200)), 10'000,
        [&](Sequence sequence, const RecordLocation&) { asked.push_back(sequence); });
    for (const Sequence sequence : asked) {
      if (random_.chance(80)) {
        warm(sequence);
      } else {
        backlog_.paging().cancel_fetch(sequence);
      }
    }
  }
  std::size_t take_size(Sequence sequence) {
    const Backlog::Taken taken = backlog_.take(sequence);
    return taken.message ? taken.message->body_size() : model_.at(sequence).body_size;
  }
  void deliver_or_pop(bool pop) {
    check_peek();
    const auto at = first_ready();
    if (at == model_.end()) return;
    if (pop) {
      ASSERT_EQ(take_size(at->first), at->second.body_size);
      model_.erase(at);
    } else {
      backlog_.deliver(at->first);
      at->second.unacked = true;
    }
  }
  void take_any() {
    const auto at = any();
    if (at == model_.end()) return;
    ASSERT_EQ(take_size(at->first), at->second.body_size);
    model_.erase(at);
  }
  void requeue_any() {
    const auto at = any();
    if (at == model_.end() || !at->second.unacked) return;
    backlog_.requeue(at->first);
    at->second.unacked = false;
    at->second.redelivered = true;
  }
  void purge() {
    const auto count = std::erase_if(model_, [](const auto& one) { return !one.second.unacked; });
    ASSERT_EQ(pop_all(backlog_), count);
  }
  void check() {
    std::uint64_t ready = 0;
    std::uint64_t ready_bytes = 0;
    for (const auto& [sequence, one] : model_) {
      if (!one.unacked) ++ready;
      if (!one.unacked) ready_bytes += one.body_size;
    }
    ASSERT_EQ(backlog_.counts().ready, ready);
    ASSERT_EQ(backlog_.counts().unacked, model_.size() - ready);
    ASSERT_EQ(backlog_.counts().ready_body_bytes, ready_bytes);
    ASSERT_EQ(backlog_.counts().bytes, account_.message_bytes);
    const Sequence probe = random_.below(next_ + 2);
    const auto found = model_.find(probe);
    const auto expected = found == model_.end()   ? Backlog::State::gone
                          : found->second.unacked ? Backlog::State::unacked
                                                  : Backlog::State::ready;
    ASSERT_EQ(backlog_.state(probe), expected) << probe;
    ASSERT_LE(backlog_.counts().evicted, model_.size());
  }

  Random random_{GetParam()};
  MemoryAccount account_;
  Backlog backlog_;
  Entries model_;
  Sequence next_ = 0;
  std::uint32_t record_ = 0;
};

TEST_P(BacklogModel, AgreesWithAMap) {
  unsigned push_percent = 50;
  for (int step = 0; step < 6'000 && !HasFatalFailure(); ++step) {
    if (step % 500 == 0) push_percent = 20 + static_cast<unsigned>(random_.below(45));
    if (random_.chance(4)) evict();
    if (random_.chance(2)) request_ahead();
    const std::uint64_t draw = random_.below(100);
    if (draw < push_percent) {
      for (std::uint64_t i = random_.below(4); i > 0; --i) push();
    } else if (draw < 75) {
      deliver_or_pop(random_.chance(30));
    } else if (draw < 90) {
      take_any();
    } else if (draw < 99) {
      requeue_any();
    } else if (random_.chance(20)) {
      purge();
    }
    if (random_.chance(30)) check_peek();
    check();
  }
  while (!model_.empty() && !HasFatalFailure()) take_any();
  EXPECT_EQ(account_.message_bytes, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BacklogModel, ::testing::Range<std::uint64_t>(0, 40));

}  // namespace
}  // namespace lepus::core
