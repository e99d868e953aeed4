// The ring alone, between two threads, and together with the sleep flag of two real loops.
#include "io/mailbox.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "io/kernel_driver.h"
#include "io/loop.h"
#include "io/waker.h"
#include "tests/unit/io/driver_kinds.h"

namespace lepus::io {
namespace {

TEST(Mailbox, KeepsOrderAndRefusesWhenFull) {
  SpscRing<int> ring(4);
  EXPECT_TRUE(ring.empty());
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(round * 4 + i));
    EXPECT_FALSE(ring.try_push(99));
    EXPECT_EQ(ring.free_count(), 0U);
    std::vector<int> got;
    EXPECT_EQ(ring.consume(3, [&](int& item) { got.push_back(item); }), 3U);
    EXPECT_FALSE(ring.empty());
    EXPECT_EQ(ring.consume(100, [&](int& item) { got.push_back(item); }), 1U);
    EXPECT_EQ(got, (std::vector<int>{round * 4, round * 4 + 1, round * 4 + 2, round * 4 + 3}));
    EXPECT_TRUE(ring.empty());
    EXPECT_EQ(ring.consume(100, [&](int&) { FAIL(); }), 0U);
  }
}

TEST(Mailbox, MemoryComesWithTheFirstItem) {
  SpscRing<int> ring(4);
  EXPECT_FALSE(ring.is_allocated());
  EXPECT_EQ(ring.consume(4, [&](int&) { FAIL(); }), 0U);
  EXPECT_EQ(ring.free_count(), 4U);
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.is_allocated());
  EXPECT_TRUE(ring.try_push(7));
  EXPECT_TRUE(ring.is_allocated());
  int got = 0;
  EXPECT_EQ(ring.consume(4, [&](int& item) { got = item; }), 1U);
  EXPECT_EQ(got, 7);
}

TEST(Mailbox, TwoThreadsLoseAndReorderNothing) {
  constexpr std::uint64_t count = 200'000;
  SpscRing<std::uint64_t> ring(64);
  std::thread producer([&ring] {
    for (std::uint64_t i = 0; i < count;) {
      if (ring.try_push(i)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t expected = 0;
  bool in_order = true;
  while (expected < count) {
    const std::size_t got = ring.consume(16, [&](std::uint64_t& item) {
      in_order = in_order && item == expected;
      ++expected;
    });
    if (got == 0) std::this_thread::yield();
  }
  producer.join();
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(ring.empty());
}

/// One side of a ping-pong: a loop that sleeps whenever its mailbox is empty, woken by the other
/// side only.
class Player final : public TurnHooks {
 public:
  Player(Driver& driver, std::uint64_t rounds)
      : loop_(driver, {IdleMode::sleep, 0}), rounds_(rounds) {
    loop_.set_hooks(this);
  }

  bool drain_mailboxes() override {
    return inbox.consume(8, [this](std::uint64_t& item) {
      in_order = in_order && item == received;
      ++received;
      if (sent < rounds_) outgoing_ = true;
    }) > 0;
  }
  void flush() override {
    if (!outgoing_) return;
    outgoing_ = false;
    CHECK(other->inbox.try_push(sent));
    ++sent;
    waker_.wake_if_asleep(other->loop_);
  }
  /// At the end nobody is left to wake it.
  bool may_sleep() override { return !outgoing_ && !is_done(); }
  bool is_done() const { return received == rounds_ && sent == rounds_; }

  void serve() { outgoing_ = true; }
  void run() {
    while (!is_done() || loop_.ops_in_flight() > 0) loop_.run_turn();
  }

  SpscRing<std::uint64_t> inbox{8};
  Player* other = nullptr;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  bool in_order = true;

 private:
  Loop loop_;
  std::uint64_t rounds_;
  bool outgoing_ = false;
  Waker waker_{loop_};
};

class MailboxOfLoops : public ::testing::TestWithParam<DriverKind> {};

TEST_P(MailboxOfLoops, SleepingLoopsWakeEachOtherWithoutLosingAWake) {
  constexpr std::uint64_t rounds = 20'000;
  std::string error;
  const auto first_driver = create_driver({GetParam()}, &error);
  ASSERT_NE(first_driver, nullptr) << error;
  const auto second_driver = create_driver({GetParam()}, &error);
  ASSERT_NE(second_driver, nullptr) << error;
  Player first(*first_driver, rounds);
  Player second(*second_driver, rounds);
  first.other = &second;
  second.other = &first;
  first.serve();
  std::thread other_thread([&second] { second.run(); });
  first.run();
  other_thread.join();
  EXPECT_EQ(first.received, rounds);
  EXPECT_EQ(second.received, rounds);
  EXPECT_TRUE(first.in_order && second.in_order);
}

INSTANTIATE_TEST_SUITE_P(Kinds, MailboxOfLoops, every_driver_kind, driver_kind_name);

}  // namespace
}  // namespace lepus::io
