// What waits in a transaction, what its commit asks, and the order in which it is carried out.
#include "core/session/session_transaction.h"

#include <gtest/gtest.h>

#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core {
namespace {

using Entry = SessionTransaction::Entry;
using Room = SessionTransaction::Room;
using State = SessionTransaction::State;
constexpr ChannelRef session{0, 1, 1};

Entry settled_entry(std::uint64_t tag, std::uint32_t size, bool limited = false) {
  Entry made;
  made.tag = tag;
  made.size = size;
  made.limited = limited;
  return made;
}

std::string tags_text(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) text += std::to_string(entry.tag) + " ";
  return text;
}

std::string tags_text(UnackedWindow::Entries& entries) {
  std::string text;
  for (; !entries.empty(); entries.drop_front()) text += std::to_string(entries.front().tag) + " ";
  return text;
}

class SessionTransactionTest : public ::testing::Test {
 protected:
  SessionTransactionTest() {
    declare("open");
    declare("refusing", "reject-publish");
    declare("dropping", "drop-head");
    world_.must(world_.exchange("all", "fanout"));
    for (const char* queue : {"open", "refusing", "dropping"})
      world_.must(world_.bind("all", queue, ""));
    transaction_.select();
  }
  void declare(std::string_view name, std::string_view overflow = {}) {
    TopologyRequest request = world_.queue(name);
    FieldTableWriter arguments;
    if (!overflow.empty()) {
      arguments.int32("x-max-length", 5);
      arguments.text("x-overflow", overflow);
    }
    request.arguments = arguments.take();
    world_.must(request);
  }
  void publish(std::string_view exchange, std::string_view key, std::string_view body,
               ClientPublish how = {}) {
    static constexpr std::array<std::uint8_t, 2> no_properties{};
    how.message = Message::create({exchange, key, no_properties, body.size(), false}, memory_);
    if (!body.empty()) how.message->append_body(as_bytes(body));
    transaction_.add(std::move(how));
  }
  std::vector<SessionTransaction::RoomCheck> begin() {
    transaction_.begin_commit();
    std::size_t budget = SIZE_MAX;
    EXPECT_FALSE(transaction_.count_piece(place(), budget));
    return transaction_.take_checks();
  }
  SessionTransaction::Place place() const { return {world_.master, world_.vhost, session}; }
  void add(std::vector<Entry> entries, Outcome outcome) { transaction_.add(entries, outcome); }

  test::World world_;
  MemoryAccount memory_;
  SessionTransaction transaction_;
};

TEST_F(SessionTransactionTest, ACommitAsksOnlyQueuesThatRefuse) {
  publish("all", "", "12345");
  publish("all", "", "678");
  publish("", "open", "x", {false, false, {}, {"refusing"}});
  publish("", "refusing", "immediate", {false, true, {}, {}});
  publish("nowhere", "refusing", "x");
  const auto checks = begin();
  ASSERT_EQ(checks.size(), 1U);
  const QueueInfo& queue = *world_.master.find_queue(world_.vhost, "refusing");
  EXPECT_EQ(checks[0].home, queue.home);
  EXPECT_EQ(checks[0].command.queue, queue.id);
  EXPECT_EQ(checks[0].command.channel, session);
  EXPECT_EQ(checks[0].command.count, 3U);
  EXPECT_EQ(checks[0].command.bytes, 9U);
}

TEST_F(SessionTransactionTest, IsCarriedOutWhenEveryQueueHasRoom) {
  publish("", "refusing", "x");
  ASSERT_EQ(begin().size(), 1U);
  EXPECT_EQ(transaction_.state(), State::checking_room);
  EXPECT_EQ(transaction_.on_room_answer(false), Room::awaited);
  EXPECT_EQ(transaction_.on_room_answer(false), Room::available);
  EXPECT_EQ(transaction_.state(), State::committing);
  EXPECT_EQ(as_text(transaction_.take_publish().message->inline_body()), "x");
  EXPECT_EQ(transaction_.publish_count(), 0U);
  EXPECT_TRUE(transaction_.finish_commit());
  EXPECT_EQ(transaction_.state(), State::open);
  EXPECT_TRUE(begin().empty()) << "nothing is left of the first commit";
}

TEST_F(SessionTransactionTest, MessagesAreCountedInPieces) {
  for (int i = 0; i < 5; ++i) publish("", "refusing", "xy");
  transaction_.begin_commit();
  EXPECT_EQ(transaction_.state(), State::counting);
  std::size_t budget = 3;
  EXPECT_TRUE(transaction_.count_piece(place(), budget));
  EXPECT_EQ(budget, 0U);
  budget = 3;
  EXPECT_FALSE(transaction_.count_piece(place(), budget));
  EXPECT_EQ(budget, 1U);
  const auto checks = transaction_.take_checks();
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks[0].command.count, 5U);
  EXPECT_EQ(checks[0].command.bytes, 10U);
}

TEST_F(SessionTransactionTest, ACommitThatOnlyCountedCanBeTakenBack) {
  publish("", "refusing", "x");
  transaction_.begin_commit();
  std::size_t budget = 1;
  EXPECT_FALSE(transaction_.count_piece(place(), budget));
  transaction_.cancel();
  EXPECT_EQ(transaction_.state(), State::open);
  EXPECT_EQ(begin().at(0).command.count, 1U);
}

TEST_F(SessionTransactionTest, AFullQueueEndsTheCommit) {
  publish("", "refusing", "x");
  ASSERT_EQ(begin().size(), 1U);
  EXPECT_EQ(transaction_.on_room_answer(true), Room::full);
  EXPECT_EQ(transaction_.state(), State::open);
  EXPECT_EQ(transaction_.publish_count(), 1U);
}

TEST_F(SessionTransactionTest, ARefusalFailsThisCommitAlone) {
  (void)begin();
  EXPECT_EQ(transaction_.on_room_answer(false), Room::available);
  transaction_.note_refused();
  EXPECT_FALSE(transaction_.finish_commit());
  (void)begin();
  EXPECT_EQ(transaction_.on_room_answer(false), Room::available);
  EXPECT_TRUE(transaction_.finish_commit());
}

TEST_F(SessionTransactionTest, SettlesComeInTheOrderOfTheCommit) {
  add({settled_entry(3, 1)}, Outcome::requeued);
  add({settled_entry(2, 1)}, Outcome::rejected);
  add({settled_entry(1, 1), settled_entry(4, 1)}, Outcome::acknowledged);
  EXPECT_EQ(transaction_.settle_count(), 4U);
  (void)begin();
  EXPECT_EQ(transaction_.on_room_answer(false), Room::available);
  const auto take = [this](std::size_t budget, Outcome outcome) {
    const auto taken = transaction_.take_settles(budget);
    EXPECT_EQ(taken.outcome, outcome);
    return tags_text(taken.entries);
  };
  EXPECT_EQ(take(1, Outcome::acknowledged), "1 ");
  EXPECT_EQ(transaction_.settle_count(), 3U);
  EXPECT_EQ(take(9, Outcome::acknowledged), "4 ");
  EXPECT_EQ(take(9, Outcome::rejected), "2 ");
  EXPECT_EQ(take(9, Outcome::requeued), "3 ");
  EXPECT_EQ(transaction_.settle_count(), 0U);
  EXPECT_EQ(take(9, Outcome::acknowledged), "");
}

TEST_F(SessionTransactionTest, RollbackForgetsPublishesAndReturnsSettles) {
  publish("", "open", "x");
  add({settled_entry(1, 10, true)}, Outcome::acknowledged);
  add({settled_entry(2, 20, true)}, Outcome::requeued);
  EXPECT_EQ(transaction_.limited().count, 2U);
  transaction_.begin_roll_back();
  std::size_t budget = 1;
  EXPECT_FALSE(transaction_.drop_publishes(budget));
  EXPECT_EQ(budget, 0U);
  UnackedWindow::Lists settled = transaction_.roll_back();
  EXPECT_EQ(tags_text(settled[static_cast<std::size_t>(Outcome::acknowledged)]), "1 ");
  EXPECT_EQ(tags_text(settled[static_cast<std::size_t>(Outcome::requeued)]), "2 ");
  transaction_.finish_roll_back();
  EXPECT_EQ(transaction_.publish_count(), 0U);
  EXPECT_EQ(transaction_.settle_count(), 0U);
  EXPECT_EQ(transaction_.limited().count, 0U);
  EXPECT_TRUE(transaction_.is_on());
}

TEST_F(SessionTransactionTest, WhatWasReturnedDoesNotCountAgainstTheSharedPrefetch) {
  Entry returned = settled_entry(3, 40, true);
  returned.returned = true;
  add({settled_entry(1, 10, true), settled_entry(2, 20), returned}, Outcome::acknowledged);
  EXPECT_EQ(transaction_.limited().count, 1U);
  EXPECT_EQ(transaction_.limited().bytes, 10U);
  transaction_.limit_all();
  EXPECT_EQ(transaction_.limited().count, 2U);
  EXPECT_EQ(transaction_.limited().bytes, 30U);
}

TEST(SessionTransaction, IsOffUntilSelected) {
  SessionTransaction transaction;
  EXPECT_FALSE(transaction.is_on());
  transaction.select();
  transaction.select();
  EXPECT_TRUE(transaction.is_on());
}

}  // namespace
}  // namespace lepus::core
