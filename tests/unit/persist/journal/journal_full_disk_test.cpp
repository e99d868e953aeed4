// A disk that is full, with nobody to make room: acknowledgements are written all the same, what
// they make free is used again, and publishers go on.
#include <gtest/gtest.h>

#include "tests/unit/persist/journal/journal_world.h"

namespace lepus::persist {
namespace {

using test::Content;
using test::JournalWorld;
using test::Position;

constexpr std::uint64_t file_size = JournalWorld::segment_size;

class JournalFullDiskTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(world_.start(), ""); }

  bool is_behind() { return world_.journal().is_behind(); }
  /// As publishers do that obey flow control, until they have to wait for long.
  void publish_until_full() {
    io::SimDisk& disk = world_.world.disk();
    disk.set_capacity(disk.used() + 6 * file_size);
    for (int quiet = 0; quiet < 2000; quiet = is_behind() ? quiet + 1 : 0) {
      if (!is_behind()) world_.publish({1}, 3000);
      world_.turn();
    }
    ASSERT_TRUE(is_behind());
    EXPECT_EQ(world_.failure, "");
  }
  void pass(core::Nanos time) {
    for (const core::Nanos end = world_.world.now() + time; world_.world.now() < end;)
      world_.turn();
  }
  /// Ten in a turn, which takes up to a second here; a batch of a block for each of them would fill
  /// the disk before any file is free.
  void drain(std::size_t left = 0) {
    while (world_.held.size() > left) {
      for (int i = 0; i < 10 && world_.held.size() > left; ++i)
        world_.settle(std::prev(world_.held.end())->first);
      world_.turn();
    }
    pass(3 * core::nanos_per_s);
  }
  void restart() {
    const std::vector<Content> possible = world_.possible();
    world_.crash(false);
    ASSERT_EQ(world_.start(), "");
    EXPECT_TRUE(world_.is_what_was_held(possible));
  }

  JournalWorld world_{1};
};

TEST_F(JournalFullDiskTest, DrainingTheQueueMakesRoom) {
  publish_until_full();
  drain();
  ASSERT_FALSE(is_behind());
  for (int i = 0; i < 20; ++i) world_.publish({1}, 3000);
  ASSERT_TRUE(world_.settle_down());
  EXPECT_EQ(world_.failure, "");
}

TEST_F(JournalFullDiskTest, AlsoWhenOneMessageStaysInFront) {
  world_.publish({1}, 100);
  ASSERT_TRUE(world_.settle_down());
  publish_until_full();
  drain(1);
  ASSERT_FALSE(is_behind()) << "the one message was moved";
  ASSERT_EQ(world_.held.size(), 1U);
  EXPECT_EQ(world_.failure, "");
}

TEST_F(JournalFullDiskTest, AlsoAfterAKillWhileItIsFull) {
  publish_until_full();
  restart();
  pass(3 * core::nanos_per_s);
  drain();
  ASSERT_FALSE(is_behind());
  for (int i = 0; i < 20; ++i) world_.publish({1}, 3000);
  ASSERT_TRUE(world_.settle_down());
}

TEST_F(JournalFullDiskTest, WhatWasConfirmedIsThereAfterAKillInTheMiddleOfDraining) {
  publish_until_full();
  drain(world_.held.size() / 2);
  restart();
  pass(3 * core::nanos_per_s);
  drain();
  EXPECT_FALSE(is_behind());
}

}  // namespace
}  // namespace lepus::persist
