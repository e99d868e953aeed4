// What is read back: whole, in its place, and what becomes of it when the disk does not give it.
#include "persist/journal/fetcher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist {
namespace {

using test::JournalWorld;
using test::Position;

class FetcherTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(world_.start(), ""); }

  void publish(std::size_t count, std::size_t size) {
    for (std::size_t i = 0; i < count; ++i) {
      world_.publish({1 + i % 2}, size);
      if (i % 7 == 0) world_.turn();
    }
  }
  void fetch_all() {
    wanted_.clear();
    for (const auto& [at, message] : world_.held)
      wanted_.push_back({{core::QueueId{at.first}, at.second}, message->place()});
    world_.journal().fetch(wanted_);
    EXPECT_TRUE(world_.fetched.empty()) << "never within the call";
  }
  /// Until all that was asked for came.
  bool wait() {
    for (int i = 0; i < 20'000 && world_.fetched.size() < wanted_.size(); ++i) world_.turn();
    return world_.fetched.size() == wanted_.size();
  }
  static std::string body(const core::Message& message) {
    std::string text;
    message.for_each_piece([&](core::Bytes piece) { text += core::as_text(piece); });
    return text;
  }
  std::size_t count_whole() {
    std::size_t count = 0;
    for (const JournalWorld::Fetched& one : world_.fetched) {
      if (!one.message) continue;
      ++count;
      const core::Message& held = *world_.held.at({one.at.queue.value, one.at.sequence});
      EXPECT_EQ(body(*one.message), body(held));
      EXPECT_EQ(one.message->exchange(), "ex");
      EXPECT_TRUE(one.message->persistent());
      EXPECT_EQ(one.place, held.place());
    }
    return count;
  }

  JournalWorld world_{1};
  std::vector<core::MessageLog::FetchRequest> wanted_;
};

TEST_F(FetcherTest, EveryMessageComesWhole) {
  publish(600, 300);
  publish(3, 100'000);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_GT(world_.segments().in_use_count(), 4U);
  fetch_all();
  ASSERT_TRUE(wait());
  EXPECT_EQ(count_whole(), 603U);
  ASSERT_TRUE(world_.settle_down());
}

TEST_F(FetcherTest, ShortReadsGoOn) {
  world_.world.disk().set_faults({.short_read = 30});
  publish(200, 900);
  ASSERT_TRUE(world_.settle_down());
  fetch_all();
  ASSERT_TRUE(wait());
  EXPECT_EQ(count_whole(), 200U);
}

TEST_F(FetcherTest, WhatIsNotWrittenYetComesWhenItIs) {
  publish(20, 100);
  fetch_all();
  ASSERT_TRUE(wait());
  EXPECT_EQ(count_whole(), 20U);
}

TEST_F(FetcherTest, ADiskThatRecoversLosesNothing) {
  publish(50, 300);
  ASSERT_TRUE(world_.settle_down());
  world_.world.disk().set_faults({.read_error = 1000});
  fetch_all();
  const core::Nanos end = world_.world.now() + 3 * core::nanos_per_s;
  while (world_.world.now() < end) world_.turn();
  EXPECT_TRUE(world_.fetched.empty());
  world_.world.disk().set_faults({});
  ASSERT_TRUE(wait());
  EXPECT_EQ(count_whole(), 50U);
}

TEST_F(FetcherTest, WhatCannotBeReadIsToldAndSaid) {
  publish(5, 300);
  ASSERT_TRUE(world_.settle_down());
  world_.world.disk().set_faults({.read_error = 1000});
  fetch_all();
  ASSERT_TRUE(wait());
  EXPECT_EQ(count_whole(), 0U);
  EXPECT_EQ(world_.log.times("the record of a message cannot be read"), 5U);
}

TEST_F(FetcherTest, OnlyTheDamagedRecordIsLost) {
  publish(30, 300);
  ASSERT_TRUE(world_.settle_down());
  const core::RecordLocation place = world_.held.at({1, 3})->place();
  io::SimDisk& disk = world_.world.disk();
  const int fd = disk.open(world_.segments().path_of(place.segment), {.write = true});
  ASSERT_GE(fd, 0);
  EXPECT_EQ(disk.write(fd, place.offset + place.size - 50, core::as_bytes("damage")), 0);
  disk.close(fd);
  fetch_all();
  ASSERT_TRUE(wait());
  EXPECT_EQ(count_whole(), 29U);
}

TEST_F(FetcherTest, TooManyOpenFilesAreWaitedFor) {
  publish(10, 300);
  ASSERT_TRUE(world_.settle_down());
  world_.world.disk().set_faults({.open_error = 1000});
  fetch_all();
  const core::Nanos end = world_.world.now() + 20 * core::nanos_per_s;
  while (world_.world.now() < end) world_.turn();
  EXPECT_TRUE(world_.fetched.empty());
  EXPECT_EQ(world_.log.times("cannot open a journal file"), 1U);
  world_.world.disk().set_faults({});
  ASSERT_TRUE(wait());
  EXPECT_EQ(count_whole(), 10U);
}

TEST_F(FetcherTest, WhatIsGoneIsAnsweredWithNothing) {
  publish(10, 300);
  ASSERT_TRUE(world_.settle_down());
  fetch_all();
  world_.fetched.clear();
  const std::vector<core::MessageLog::FetchRequest> old = wanted_;
  world_.settle_unless([](const Position&) { return false; });
  while (world_.segments().first() <= old.front().place.segment) {
    world_.publish({3}, 4000);
    world_.settle_unless([](const Position& at) { return at.first != 3; });
    world_.turn();
  }
  ASSERT_TRUE(world_.settle_down());
  world_.fetched.clear();
  wanted_ = old;
  world_.journal().fetch(wanted_);
  ASSERT_TRUE(wait());
  for (const JournalWorld::Fetched& one : world_.fetched) EXPECT_FALSE(one.message);
}

TEST_F(FetcherTest, AMessageOfAnotherQueueIsNotWhatWasAskedFor) {
  publish(2, 300);
  ASSERT_TRUE(world_.settle_down());
  const core::RecordLocation place = world_.held.at({1, 0})->place();
  wanted_ = {{{core::QueueId{2}, 7}, place}, {{core::QueueId{1}, 0}, place}};
  world_.journal().fetch(wanted_);
  ASSERT_TRUE(wait());
  for (const JournalWorld::Fetched& one : world_.fetched)
    EXPECT_EQ(static_cast<bool>(one.message), one.at.queue.value == 1);
}

}  // namespace
}  // namespace lepus::persist
