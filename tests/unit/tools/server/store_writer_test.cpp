// The store's thread: batches, outcomes, taking back; and that what is not kept waits for nothing.
#include "tools/server/topology/store_writer.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "tests/unit/persist/recovery/memory_store.h"

namespace lepus::server {
namespace {

using persist::test::MemoryStore;
using Fault = core::DefinitionStore::Fault;

class StoreWriterTest : public ::testing::Test {
 protected:
  static core::TopologyChange vhost(std::uint32_t id) {
    return core::VhostAdded{core::VhostId{id}, "v" + std::to_string(id)};
  }
  static core::TopologyChange queue(std::uint64_t id, bool durable) {
    core::QueueSpec spec;
    spec.id = core::QueueId{id};
    spec.vhost = core::VhostId{1};
    spec.durable = durable;
    return core::QueueAdded{spec};
  }
  StoreWriter::Outcome commit() {
    writer_.begin_commit();
    auto outcome = writer_.take_outcome();
    EXPECT_TRUE(outcome.has_value());
    return outcome.value_or(StoreWriter::Outcome{});
  }

  MemoryStore store_;
  StoreWriter writer_{&store_};
};

TEST_F(StoreWriterTest, WithoutAThreadACommitIsDoneAtOnce) {
  writer_.record(vhost(1));
  EXPECT_TRUE(writer_.has_changes());
  EXPECT_EQ(commit().error, "");
  EXPECT_FALSE(writer_.has_changes());
  EXPECT_EQ(store_.stored().changes.size(), 1U);
}

TEST_F(StoreWriterTest, OnlyIdsOfWhatIsNotKeptAreTaken) {
  writer_.record(vhost(1));
  EXPECT_EQ(commit().error, "");
  const std::uint64_t reserved = store_.reserved_id();
  ASSERT_GT(reserved, 1U);
  writer_.record(queue(2, false));
  EXPECT_FALSE(writer_.has_changes());
  writer_.record(queue(reserved + 1, false));
  EXPECT_TRUE(writer_.has_changes()) << "no id may be given twice";
  EXPECT_EQ(commit().error, "");
  EXPECT_GT(store_.reserved_id(), reserved + 1);
  EXPECT_EQ(store_.stored().changes.size(), 1U);
  writer_.record(queue(reserved + 2, false));
  EXPECT_FALSE(writer_.has_changes());
}

TEST_F(StoreWriterTest, WhatFailedIsTakenBackOnBothSides) {
  writer_.record(vhost(1));
  store_.failure = "no room";
  store_.failure_kind = Fault::no_room;
  const StoreWriter::Outcome outcome = commit();
  EXPECT_EQ(outcome.error, "no room");
  EXPECT_EQ(outcome.fault, Fault::no_room);
  writer_.record(vhost(2));
  writer_.roll_back({core::VhostRemoved{core::VhostId{2}}, core::VhostRemoved{core::VhostId{1}}});
  EXPECT_FALSE(writer_.has_changes());
  EXPECT_TRUE(store_.pending().empty());
  store_.failure.clear();
  writer_.record(vhost(1));
  EXPECT_TRUE(writer_.has_changes()) << "it is not known any more";
  EXPECT_EQ(commit().error, "");
}

TEST_F(StoreWriterTest, WhatTheStoreHeldIsKnown) {
  writer_.load({{vhost(1)}, 0});
  writer_.record(core::VhostRemoved{core::VhostId{1}});
  EXPECT_TRUE(writer_.has_changes());
}

TEST_F(StoreWriterTest, AnotherPartOfTheTransactionRunsInOrder) {
  std::size_t pending = 99;
  writer_.record(vhost(1));
  writer_.record([&] { pending = store_.pending().size(); });
  EXPECT_EQ(commit().error, "");
  EXPECT_EQ(pending, 1U);
}

/// The disk is slow: the caller goes on, and what it records meanwhile is the next batch.
TEST_F(StoreWriterTest, TheCallerDoesNotWait) {
  std::promise<void> disk;
  std::promise<void> first;
  std::promise<void> second;
  int done = 0;
  store_.chance = [&, waits = true]() mutable {
    if (std::exchange(waits, false)) disk.get_future().wait();
    return std::string{};
  };
  writer_.start_thread([&] { (done++ == 0 ? first : second).set_value(); });
  writer_.record(vhost(1));
  writer_.begin_commit();
  EXPECT_TRUE(writer_.is_committing());
  EXPECT_FALSE(writer_.take_outcome().has_value());
  EXPECT_FALSE(writer_.is_idle());
  writer_.record(vhost(2));
  disk.set_value();
  first.get_future().wait();
  ASSERT_TRUE(writer_.take_outcome().has_value());
  EXPECT_FALSE(writer_.is_committing());
  EXPECT_EQ(store_.stored().changes.size(), 1U);
  writer_.begin_commit();
  second.get_future().wait();
  ASSERT_TRUE(writer_.take_outcome().has_value());
  EXPECT_EQ(store_.stored().changes.size(), 2U);
  EXPECT_EQ(store_.commit_count, 2U);
}

}  // namespace
}  // namespace lepus::server
