// The two modes in which publishes are numbered, and the steps of a commit.
#include "core/session/session_commits.h"

#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

class SessionCommitsTest : public test::SessionTest {
 protected:
  SessionCommits& commits() { return session_->commits(); }
  QueueId declare_full(std::string_view name) {
    TopologyRequest request = shard_.request(test::FakeShard::Kind::declare_queue, name);
    FieldTableWriter arguments;
    arguments.int64("x-max-length", 0);
    arguments.text("x-overflow", "reject-publish");
    request.arguments = arguments.take();
    shard_.change(request);
    shard_.outbox.clear();
    return shard_.master.find_queue(shard_.vhost, name)->id;
  }
};

TEST_F(SessionCommitsTest, OneModeExcludesTheOther) {
  EXPECT_EQ(say(commits().select_confirms()), "");
  EXPECT_EQ(say(commits().select_transaction()), "cannot switch from confirm to tx mode");
  open({});
  EXPECT_EQ(say(commits().commit(origin)), "channel is not transactional");
  EXPECT_EQ(say(commits().roll_back(origin)), "channel is not transactional");
  EXPECT_EQ(say(commits().select_transaction()), "");
  EXPECT_EQ(say(commits().select_transaction()), "");
  EXPECT_EQ(say(commits().select_confirms()), "cannot switch from tx to confirm mode");
}

TEST_F(SessionCommitsTest, ATransactionHasABound) {
  shard_.declare("q");
  EXPECT_EQ(say(commits().check_size(limits::transaction_bytes_max + 1)), "") << "there is none";
  EXPECT_EQ(say(commits().select_transaction()), "");
  EXPECT_EQ(say(commits().check_size(limits::transaction_bytes_max)), "");
  publish("", "q", "a message");
  EXPECT_NE(say(commits().check_size(limits::transaction_bytes_max)).find("commit more often"),
            std::string::npos);
  EXPECT_EQ(say(commits().check_size(1000)), "");
  EXPECT_EQ(say(commits().commit(origin)), "");
  shard_.broker.flush();
  EXPECT_EQ(acks(), "");
  EXPECT_NE(protocol_.last<Committed>(), nullptr);
  EXPECT_EQ(commits().content_bytes(), 0U);
  EXPECT_EQ(say(commits().check_size(limits::transaction_bytes_max)), "");
  publish("", "q", "another one");
  EXPECT_EQ(say(commits().roll_back(origin)), "");
  shard_.broker.flush();
  EXPECT_EQ(say(commits().check_size(limits::transaction_bytes_max)), "");
}

TEST_F(SessionCommitsTest, ACommitCarriesEverythingOutAndIsAnswered) {
  const QueueId queue = shard_.declare("q");
  publish("", "q", "old");
  EXPECT_EQ(say(session_->requests().get(origin, "q", false)), "");
  EXPECT_EQ(say(commits().select_transaction()), "");
  publish("", "q", "new");
  EXPECT_EQ(settle(1), "");
  EXPECT_EQ(ready(queue), 0U);
  EXPECT_EQ(session_->describe().messages_uncommitted, 1U);
  EXPECT_EQ(session_->describe().acks_uncommitted, 1U);
  EXPECT_EQ(say(commits().commit({7, 8, false})), "");
  EXPECT_TRUE(protocol_.is_held);
  shard_.broker.flush();
  EXPECT_EQ(acks(), "") << "a commit's confirms are its own";
  ASSERT_NE(protocol_.last<Committed>(), nullptr);
  EXPECT_EQ(protocol_.answers.back().origin.class_id, 7);
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(ready(queue), 1U);
  EXPECT_EQ(session_->unacked().count(), 0U);
}

TEST_F(SessionCommitsTest, OtherShardsPutTheirPartIntoOneBatch) {
  shard_.declare("far", away);
  EXPECT_EQ(say(commits().select_transaction()), "");
  publish("", "far", "a");
  EXPECT_EQ(say(commits().commit(origin)), "");
  shard_.broker.flush();
  const auto brackets = shard_.outbox.all<Transaction>();
  ASSERT_EQ(brackets.size(), 4U) << "two shards, begin and end";
  EXPECT_TRUE(brackets[0].begins);
  EXPECT_FALSE(brackets.back().begins);
  EXPECT_EQ(acks(), "");
  EXPECT_EQ(protocol_.last<Committed>(), nullptr);
  session_->on_confirm({session_->ref(), 1, 1, false});
  EXPECT_EQ(acks(), "");
  EXPECT_NE(protocol_.last<Committed>(), nullptr);
}

TEST_F(SessionCommitsTest, AFullQueueFailsTheCommitBeforeAnythingIsDone) {
  const QueueId queue = shard_.declare("q");
  declare_full("full");
  EXPECT_EQ(say(commits().select_transaction()), "");
  publish("", "q", "a");
  publish("", "full", "b");
  EXPECT_EQ(say(commits().commit({7, 8, false})), "");
  const auto* failed = protocol_.last<RequestFailed>();
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->error.detail, "partial tx completion");
  EXPECT_EQ(failed->error.code, ReplyCode::precondition_failed);
  EXPECT_EQ(failed->error.method_id, 8);
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(ready(queue), 0U);
}

TEST_F(SessionCommitsTest, ARefusedMessageFailsTheCommitAtItsEnd) {
  shard_.declare("far", away);
  EXPECT_EQ(say(commits().select_transaction()), "");
  publish("", "far", "a");
  EXPECT_EQ(say(commits().commit(origin)), "");
  shard_.broker.flush();
  session_->on_confirm({session_->ref(), 1, 1, true});
  EXPECT_EQ(acks(), "");
  EXPECT_NE(protocol_.last<RequestFailed>(), nullptr);
}

TEST_F(SessionCommitsTest, ALargeCommitIsCarriedOutAPieceATurn) {
  const QueueId queue = shard_.declare("q");
  const QueueId settled = shard_.declare("settled");
  publish("", "settled", "old");
  EXPECT_EQ(say(session_->requests().get(origin, "settled", false)), "");
  EXPECT_EQ(say(commits().select_transaction()), "");
  const std::size_t count = limits::session_steps_per_turn_max + 2;
  for (std::size_t i = 0; i < count; ++i) publish("", "q", "a");
  EXPECT_EQ(settle(1, false, Outcome::requeued), "");
  EXPECT_EQ(say(commits().commit(origin)), "");
  EXPECT_EQ(ready(queue), 0U);
  std::size_t turns = 0;
  for (; protocol_.last<Committed>() == nullptr && turns < 10; ++turns) {
    EXPECT_TRUE(protocol_.is_held);
    EXPECT_TRUE(shard_.broker.has_work());
    EXPECT_EQ(ready(settled), 0U) << "settlements come after the last publish";
    const std::uint64_t before = ready(queue);
    shard_.broker.flush();
    EXPECT_LE(ready(queue) - before, limits::session_steps_per_turn_max);
    EXPECT_EQ(acks(), "") << "what is confirmed of a piece is not the commit";
  }
  EXPECT_EQ(turns, 2U);
  EXPECT_EQ(ready(queue), count);
  EXPECT_EQ(ready(settled), 1U);
  EXPECT_FALSE(protocol_.is_held);
}

TEST_F(SessionCommitsTest, ACommitThatHasBegunOutlivesItsSession) {
  const QueueId queue = shard_.declare("q");
  const QueueId settled = shard_.declare("settled");
  publish("", "settled", "old");
  EXPECT_EQ(say(session_->requests().get(origin, "settled", false)), "");
  EXPECT_EQ(say(commits().select_transaction()), "");
  const std::size_t count = limits::session_steps_per_turn_max + 2;
  for (std::size_t i = 0; i < count; ++i) publish("", "q", "a");
  EXPECT_EQ(settle(1, false, Outcome::acknowledged), "");
  shard_.declare("far", away);
  publish("", "far", "b");
  EXPECT_EQ(say(commits().commit(origin)), "");
  shard_.broker.flush();
  EXPECT_GT(ready(queue), 0U);
  EXPECT_LT(ready(queue), count);
  close();
  EXPECT_EQ(ready(queue), count);
  EXPECT_EQ(ready(settled), 0U) << "acknowledged, not returned";
  const auto brackets = shard_.outbox.all<Transaction>();
  ASSERT_EQ(brackets.size(), 4U);
  EXPECT_FALSE(brackets.back().begins);
  EXPECT_EQ(protocol_.last<Committed>(), nullptr);
}

TEST_F(SessionCommitsTest, ACommitThatHasDoneNothingEndsWithItsSession) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(say(commits().select_transaction()), "");
  for (std::size_t i = 0; i <= limits::session_steps_per_turn_max; ++i) publish("", "q", "a");
  EXPECT_EQ(say(commits().commit(origin)), "");
  close();
  EXPECT_FALSE(shard_.broker.has_work());
  EXPECT_EQ(ready(queue), 0U);
  EXPECT_TRUE(shard_.outbox.all<Transaction>().empty());
}

TEST_F(SessionCommitsTest, ARollbackForgetsPublishesAndKeepsDeliveries) {
  const QueueId queue = shard_.declare("q");
  publish("", "q", "old");
  EXPECT_EQ(say(session_->requests().get(origin, "q", false)), "");
  EXPECT_EQ(say(commits().select_transaction()), "");
  publish("", "q", "new");
  EXPECT_EQ(settle(1), "");
  EXPECT_EQ(say(commits().roll_back({7, 9, false})), "");
  ASSERT_NE(protocol_.last<RolledBack>(), nullptr);
  EXPECT_EQ(protocol_.answers.back().origin.method_id, 9);
  EXPECT_EQ(ready(queue), 0U);
  EXPECT_EQ(session_->unacked().count(), 1U);
  EXPECT_EQ(settle(1, false, Outcome::requeued), "");
}

TEST_F(SessionCommitsTest, ALargeRollbackTakesAPieceATurn) {
  const QueueId queue = shard_.declare("q");
  EXPECT_EQ(say(commits().select_transaction()), "");
  const std::size_t count = limits::commit_at_once_max + limits::session_steps_per_turn_max + 1;
  for (std::size_t i = 0; i < count; ++i) publish("", "q", "a");
  EXPECT_EQ(say(commits().roll_back(origin)), "");
  std::size_t before = session_->describe().messages_uncommitted;
  EXPECT_EQ(before, count - limits::commit_at_once_max);
  std::size_t turns = 0;
  for (; protocol_.last<RolledBack>() == nullptr && turns < 10; ++turns) {
    EXPECT_TRUE(protocol_.is_held);
    shard_.broker.flush();
    const std::size_t after = session_->describe().messages_uncommitted;
    EXPECT_LE(before - after, limits::session_steps_per_turn_max);
    before = after;
  }
  EXPECT_EQ(turns, 2U);
  EXPECT_FALSE(protocol_.is_held);
  publish("", "q", "b");
  EXPECT_EQ(say(commits().commit(origin)), "");
  shard_.broker.flush();
  EXPECT_EQ(acks(), "");
  EXPECT_EQ(ready(queue), 1U) << "the transaction goes on";
}

TEST_F(SessionCommitsTest, ARollbackThatIsUnderWayEndsWithItsSession) {
  const QueueId queue = shard_.declare("q");
  publish("", "q", "old");
  EXPECT_EQ(say(session_->requests().get(origin, "q", false)), "");
  EXPECT_EQ(say(commits().select_transaction()), "");
  for (std::size_t i = 0; i <= limits::commit_at_once_max; ++i) publish("", "q", "a");
  EXPECT_EQ(settle(1), "");
  EXPECT_EQ(say(commits().roll_back(origin)), "");
  EXPECT_TRUE(protocol_.is_held);
  close();
  EXPECT_EQ(ready(queue), 1U);
  EXPECT_EQ(protocol_.last<RolledBack>(), nullptr);
  EXPECT_TRUE(shard_.broker.session_works().empty());
}

TEST_F(SessionCommitsTest, ManySettlementsOfACommitTakeAPieceATurn) {
  const QueueId queue = shard_.declare("q");
  const std::size_t count = 2 * limits::session_steps_per_turn_max + 1;
  for (std::size_t i = 0; i < count; ++i) publish("", "q", "a");
  subscribe("q", "t");
  for (std::size_t i = 0; session_->unacked().count() < count && i < count; ++i) shard_.pump();
  EXPECT_EQ(say(commits().select_transaction()), "");
  EXPECT_EQ(settle(0, true), "");
  for (int i = 0; protocol_.is_held && i < 10; ++i) shard_.broker.flush();
  EXPECT_EQ(say(commits().commit(origin)), "");
  const auto held = [&] { return shard_.broker.topology().find_queue(queue)->local->counts(); };
  std::uint64_t before = held().unacked;
  EXPECT_EQ(before, count);
  std::size_t turns = 0;
  for (; protocol_.last<Committed>() == nullptr && turns < 10; ++turns) {
    shard_.broker.flush();
    EXPECT_LE(before - held().unacked, limits::session_steps_per_turn_max);
    before = held().unacked;
    EXPECT_EQ(acks(), "");
  }
  EXPECT_EQ(turns, 3U);
  EXPECT_EQ(before, 0U);
}

}  // namespace
}  // namespace lepus::core
