// Names, permissions, topology requests and single messages of a session.
#include "core/session/session_requests.h"

#include "tests/unit/core/session/session_world.h"

namespace lepus::core {
namespace {

using Kind = TopologyRequest::Kind;

class SessionRequestsTest : public test::SessionTest {
 protected:
  SessionRequests& requests() { return session_->requests(); }
  TopologyRequest queue_request(std::string_view name) {
    TopologyRequest request = requests().new_request(Kind::declare_queue);
    request.name = name;
    return request;
  }
};

TEST_F(SessionRequestsTest, WhatIsThereAlreadyIsAnsweredAtOnce) {
  shard_.declare("q");
  publish("", "q", "a");
  EXPECT_EQ(say(requests().change_topology(origin, queue_request("q"))), "");
  const auto* done = protocol_.last<QueueInspected>();
  ASSERT_NE(done, nullptr);
  EXPECT_EQ(done->name, "q");
  EXPECT_EQ(done->message_count, 1U);
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(requests().resolve_queue_name("").value(), "q") << "declared last";
  EXPECT_EQ(requests().resolve_queue_name("o\r\nther").value(), "other");
}

TEST_F(SessionRequestsTest, AChangeIsAskedForAndAnsweredWithTheCounts) {
  EXPECT_EQ(say(requests().change_topology(origin, queue_request("new"))), "");
  EXPECT_TRUE(protocol_.is_held);
  const std::unique_ptr<TopologyRequest> request = shard_.outbox.take<TopologyAsk>().request;
  EXPECT_EQ(request->name, "new");
  EXPECT_EQ(request->connection, ConnectionId{1});
  shard_.change(*request);
  session_->on_topology_done({session_->ref(), 0, nullptr});
  ASSERT_NE(protocol_.last<QueueInspected>(), nullptr);
  EXPECT_EQ(protocol_.last<QueueInspected>()->name, "new");
  EXPECT_FALSE(protocol_.is_held);
}

TEST_F(SessionRequestsTest, AQueueThatIsGoneByThenIsDecidedAboutAgain) {
  EXPECT_EQ(say(requests().change_topology(origin, queue_request("new"))), "");
  (void)shard_.outbox.take<TopologyAsk>();
  session_->on_topology_done({session_->ref(), 0, nullptr});  // And deleted since.
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_TRUE(protocol_.answers.empty());
  const std::unique_ptr<TopologyRequest> again = shard_.outbox.take<TopologyAsk>().request;
  EXPECT_EQ(again->name, "new");
  shard_.change(*again);
  session_->on_topology_done({session_->ref(), 0, nullptr});
  ASSERT_NE(protocol_.last<QueueInspected>(), nullptr);
  EXPECT_FALSE(protocol_.is_held);
}

TEST_F(SessionRequestsTest, AQueueThatIsBeingDeletedIsNotDeclared) {
  shard_.declare("q");
  EXPECT_EQ(say(requests().delete_queue(origin, {"q"})), "");
  const std::unique_ptr<TopologyRequest> deletion = shard_.outbox.take<TopologyAsk>().request;
  session_->on_topology_done({session_->ref(), 0, nullptr});  // Its channel asks at once again.
  protocol_.answers.clear();
  TopologyRequest passive = queue_request("q");
  passive.passive = true;
  EXPECT_EQ(say(requests().change_topology(origin, passive)), "");
  shard_.broker.flush();
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_TRUE(protocol_.answers.empty()) << "it is still there";
  shard_.change(*deletion);
  shard_.broker.flush();
  const TopologyAsk ask = shard_.outbox.take<TopologyAsk>();
  EXPECT_EQ(ask.channel, session_->ref());
  EXPECT_TRUE(ask.request->passive);
  auto error = std::make_unique<AmqpError>(AmqpError{ReplyCode::not_found, "no queue"});
  session_->on_topology_done({session_->ref(), 0, std::move(error)});
  ASSERT_NE(protocol_.last<RequestFailed>(), nullptr);
  EXPECT_EQ(protocol_.last<RequestFailed>()->error.code, ReplyCode::not_found);
  EXPECT_FALSE(protocol_.is_held);
}

TEST_F(SessionRequestsTest, AnErrorOfTheReplicaEndsTheRequest) {
  TopologyRequest passive = queue_request("missing");
  passive.passive = true;
  EXPECT_EQ(say(requests().change_topology(origin, passive)), "no queue 'missing' in vhost '/'");
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_FALSE(requests().is_awaited());
}

TEST_F(SessionRequestsTest, AnErrorOfTheControlThreadIsAnAnswer) {
  TopologyRequest request = requests().new_request(Kind::declare_exchange);
  request.name = "x";
  request.type = "direct";
  EXPECT_EQ(say(requests().change_topology(origin, request)), "");
  auto error = std::make_unique<AmqpError>(AmqpError{ReplyCode::resource_error, "no room"});
  session_->on_topology_done({session_->ref(), 0, std::move(error)});
  const auto* failed = protocol_.last<RequestFailed>();
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->error.detail, "no room");
  EXPECT_EQ(failed->error.class_id, origin.class_id);
}

TEST_F(SessionRequestsTest, BindingsAndExchangesGoTheSameWay) {
  shard_.declare("q");
  TopologyRequest bind = requests().new_request(Kind::bind_queue);
  bind.name = "q";
  bind.source = "amq.direct";
  bind.key = "k";
  EXPECT_EQ(say(requests().change_topology(origin, bind)), "");
  const std::unique_ptr<TopologyRequest> asked = shard_.outbox.take<TopologyAsk>().request;
  shard_.change(*asked);
  session_->on_topology_done({session_->ref(), 0, nullptr});
  EXPECT_NE(protocol_.last<TopologyChanged>(), nullptr);
  protocol_.answers.clear();
  EXPECT_EQ(say(requests().change_topology(origin, bind)), "");
  EXPECT_NE(protocol_.last<TopologyChanged>(), nullptr) << "it is bound already";
  TopologyRequest gone = requests().new_request(Kind::delete_exchange);
  gone.name = "no.such.exchange";
  protocol_.answers.clear();
  EXPECT_EQ(say(requests().change_topology(origin, gone)), "");
  EXPECT_NE(protocol_.last<TopologyChanged>(), nullptr);
}

TEST_F(SessionRequestsTest, AUserMayDoWhatHeWasGranted) {
  shard_.declare("q");
  open("ann");
  EXPECT_EQ(say(requests().purge_queue(origin, "q")),
            "read access to queue 'q' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(say(requests().delete_queue(origin, {"q"})),
            "configure access to queue 'q' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(say(requests().get(origin, "q", true)),
            "read access to queue 'q' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(say(requests().change_topology(origin, queue_request("r"))),
            "configure access to queue 'r' in vhost '/' refused for user 'ann'");
  EXPECT_EQ(publish("", "q", "a"),
            "write access to exchange 'amq.default' in vhost '/' refused for user 'ann'");
  EXPECT_FALSE(protocol_.is_held);
}

TEST_F(SessionRequestsTest, OneMessageIsTakenAtATime) {
  shard_.declare("q");
  publish("", "q", "a");
  publish("", "q", "b");
  EXPECT_EQ(say(requests().get(origin, "q", false)), "");
  EXPECT_EQ(say(requests().get(origin, "q", true)), "");
  EXPECT_EQ(say(requests().get(origin, "q", true)), "");
  ASSERT_EQ(protocol_.got.size(), 3U);
  EXPECT_EQ(protocol_.got[0].tag, 1U);
  EXPECT_EQ(protocol_.got[0].message_count, 1U);
  EXPECT_EQ(as_text(protocol_.got[1].message->inline_body()), "b");
  EXPECT_FALSE(protocol_.got[2].message) << "empty";
  EXPECT_EQ(session_->unacked().count(), 1U);
  EXPECT_EQ(say(requests().get(origin, "missing", true)), "no queue 'missing' in vhost '/'");
}

TEST_F(SessionRequestsTest, AnotherConnectionsExclusiveQueueIsLocked) {
  TopologyRequest request = shard_.request(Kind::declare_queue, "mine");
  request.exclusive = true;
  request.connection = ConnectionId{9};
  shard_.change(request);
  const auto refused = requests().get(origin, "mine", true);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, ReplyCode::resource_locked);
}

TEST_F(SessionRequestsTest, ADeletionIsRefusedByTheQueue) {
  shard_.declare("q");
  publish("", "q", "a");
  EXPECT_EQ(say(requests().delete_queue(origin, {"q", false, true})), "");
  const auto* failed = protocol_.last<RequestFailed>();
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->error.detail, "queue 'q' in vhost '/' not empty");
  EXPECT_EQ(say(requests().delete_queue(origin, {"q"})), "");
  EXPECT_TRUE(requests().awaits<DeleteQueueRequest>()) << "the control thread answers";
  session_->on_topology_done({session_->ref(), 1, nullptr});
  ASSERT_NE(protocol_.last<QueueDeleted>(), nullptr);
  EXPECT_EQ(protocol_.last<QueueDeleted>()->message_count, 1U);
}

// --- Asked for ahead

class AskedAheadTest : public SessionRequestsTest {
 protected:
  void declare(std::string_view name) {
    EXPECT_EQ(say(requests().change_topology(origin, queue_request(name))), "");
  }
  void bind(std::string_view queue, std::string_view exchange) {
    TopologyRequest request = requests().new_request(Kind::bind_queue);
    request.name = queue;
    request.source = exchange;
    request.key = "k";
    EXPECT_EQ(say(requests().change_topology(origin, request)), "");
  }
  void declare_exchange(std::string_view name) {
    TopologyRequest request = requests().new_request(Kind::declare_exchange);
    request.name = name;
    request.type = "topic";
    EXPECT_EQ(say(requests().change_topology(origin, request)), "");
  }
  /// What the control thread is asked for, in order. It does it, to the first that is called
  /// "refused", and answers.
  std::string serve() {
    TopologyAsk ask = shard_.outbox.take<TopologyAsk>();
    std::vector<TopologyRequest> all;
    all.push_back(*ask.request);
    if (ask.more) all.insert(all.end(), ask.more->begin(), ask.more->end());
    std::string text;
    TopologyDone done{session_->ref(), 0, nullptr};
    for (const TopologyRequest& request : all) text += request.name + " ";
    for (const TopologyRequest& request : all) {
      if (request.name == "refused") {
        done.error = std::make_unique<AmqpError>(AmqpError{ReplyCode::resource_error, "no room"});
        break;
      }
      shard_.change(request);
      ++done.done_count;
    }
    session_->on_topology_done(done);
    return text;
  }
  std::string answers() {
    std::string text;
    for (const auto& told : protocol_.answers) {
      if (const auto* queue = std::get_if<QueueInspected>(&told.answer)) text += queue->name + " ";
      if (std::holds_alternative<TopologyChanged>(told.answer)) text += "ok ";
      if (std::holds_alternative<RequestFailed>(told.answer)) text += "failed ";
    }
    return text;
  }
};

TEST_F(AskedAheadTest, GoesTogetherAndIsAnsweredInOrder) {
  declare("a");
  EXPECT_TRUE(requests().may_ask_ahead());
  declare("b");
  bind("b", "amq.direct");
  declare("c");
  EXPECT_EQ(requests().resolve_queue_name("").value(), "c") << "declared last";
  EXPECT_EQ(serve(), "a ");
  EXPECT_EQ(answers(), "a ");
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(serve(), "b b c ");
  EXPECT_EQ(answers(), "a b ok c ");
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_FALSE(requests().is_awaited());
}

TEST_F(AskedAheadTest, BehindAFailureNothingIsDone) {
  for (const char* name : {"a", "b", "refused", "c"}) declare(name);
  EXPECT_EQ(serve(), "a ");
  EXPECT_EQ(serve(), "b refused c ");
  EXPECT_EQ(answers(), "a b failed ");
  EXPECT_FALSE(requests().is_awaited());
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_TRUE(shard_.outbox.all<TopologyAsk>().empty());
}

TEST_F(AskedAheadTest, WhatIsSoAlreadyByThenAsksNobody) {
  declare("a");
  declare("b");
  declare("a");
  shard_.change(shard_.request(Kind::declare_queue, "b"));
  EXPECT_EQ(serve(), "a ");
  EXPECT_EQ(answers(), "a b a ");
  EXPECT_TRUE(shard_.outbox.all<TopologyAsk>().empty());
}

/// What a binding may do depends on its exchange, which is not here yet.
TEST_F(AskedAheadTest, ABindingWaitsForItsExchange) {
  declare("a");
  declare_exchange("x");
  bind("a", "x");
  declare("b");
  EXPECT_EQ(serve(), "a ");
  EXPECT_EQ(serve(), "x ");
  EXPECT_EQ(serve(), "a b ");
  EXPECT_EQ(answers(), "a ok ok b ");
}

TEST_F(AskedAheadTest, AnErrorOfTheReplicaComesInItsTurn) {
  declare("a");
  bind("missing", "amq.direct");
  declare("b");
  EXPECT_EQ(answers(), "");
  EXPECT_EQ(serve(), "a ");
  EXPECT_EQ(answers(), "a failed ");
  EXPECT_FALSE(requests().is_awaited());
}

TEST_F(AskedAheadTest, NoMoreThanTheLimit) {
  declare("first");
  for (std::size_t i = 0; i < limits::requests_ahead_max; ++i) declare("q" + std::to_string(i));
  EXPECT_FALSE(requests().may_ask_ahead());
  session_->close(false);
  EXPECT_FALSE(protocol_.is_held) << "nobody waits any more";
}

TEST_F(AskedAheadTest, NothingGoesAheadOfOtherRequests) {
  shard_.declare("far", away);
  EXPECT_EQ(say(requests().purge_queue(origin, "far")), "");
  EXPECT_TRUE(requests().is_awaited());
  EXPECT_FALSE(requests().may_ask_ahead());
}

}  // namespace
}  // namespace lepus::core
