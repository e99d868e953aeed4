// What queues send to sessions reaches the right port, and goes back when nobody is there.
#include "core/broker/session_commands.h"

#include <gtest/gtest.h>

#include <utility>
#include <variant>
#include <vector>

#include "core/base/bytes.h"

namespace lepus::core {
namespace {

constexpr ShardId own_shard = 2;

class EveryPort final : public AnswerPort, public DeliveryPort, public ConfirmPort {
 public:
  void on_reply(const Reply& reply) override { replied = reply.message_count; }
  void on_get_reply(const GetReply&, MessageRef message) override { got = std::move(message); }
  bool on_deliver(const Deliver& delivery, MessageRef message) override {
    EXPECT_FALSE(delivery.message);
    delivered = std::move(message);
    return true;
  }
  void on_consumer_cancelled(std::uint32_t number) override { cancelled = number; }
  void on_consumer_active(std::uint32_t number, bool) override { active = number; }
  Credit on_credit_request(const CreditRequest& request) override { return {request.wanted / 2}; }
  void on_credit_return(std::uint32_t count) override { returned = count; }
  void on_confirm(const Confirm& confirm) override { confirmed = confirm.last; }
  void on_immediate_reply(const ImmediateReply& reply) override { immediate = reply.id; }

  MessageRef delivered, got;
  std::uint32_t replied = 0, cancelled = 0, active = 0, returned = 0;
  std::uint64_t confirmed = 0, immediate = 0;
};

class SessionCommandsTest : public ::testing::Test, private QueueSender {
 protected:
  MessageRef arriving() {
    MessageRef message = Message::create({"", "q", {}, 1, false}, elsewhere_);
    message->append_body(as_bytes("x"));
    return export_message(std::move(message));
  }
  Deliver delivery(bool no_ack) {
    return {session_, 4, QueueId{7}, 9, arriving(), 1, false, no_ack};
  }
  template <class Kind>
  Kind sent_one() {
    EXPECT_EQ(sent_.size(), 1U);
    Kind found = std::move(std::get<Kind>(sent_.back().second));
    EXPECT_EQ(sent_.back().first, 1U);
    sent_.clear();
    return found;
  }

  MemoryAccount memory_, elsewhere_;
  SessionTable sessions_{own_shard};
  BlockedTargets blocked_;
  SessionCommands commands_{{sessions_, *this, memory_, blocked_}};
  EveryPort ports_;
  ChannelRef session_ = sessions_.attach({&ports_, &ports_, &ports_});
  std::vector<std::pair<ShardId, QueueCommand>> sent_;

 private:
  void send_to_queue(ShardId home, QueueCommand&& command) override {
    sent_.emplace_back(home, std::move(command));
  }
};

TEST_F(SessionCommandsTest, EachPortGetsWhatIsForIt) {
  commands_.on(delivery(false));
  ASSERT_TRUE(ports_.delivered);
  EXPECT_EQ(memory_.message_bytes, ports_.delivered->memory_size()) << "it belongs here now";
  commands_.on(GetReply{session_, 0, QueueId{7}, 9, arriving(), 1, false, false});
  EXPECT_TRUE(ports_.got);
  commands_.on(Reply{session_, 3, 0, {}, 1, QueueId{7}, nullptr});
  commands_.on(Confirm{session_, 1, 5, false});
  commands_.on(ImmediateReply{session_, 6, true});
  commands_.on(ConsumerCancelled{session_, 8});
  commands_.on(ConsumerActive{session_, 9, true});
  commands_.on(CreditReturn{session_, 10});
  EXPECT_EQ(ports_.replied, 3U);
  EXPECT_EQ(ports_.confirmed, 5U);
  EXPECT_EQ(ports_.immediate, 6U);
  EXPECT_EQ(ports_.cancelled, 8U);
  EXPECT_EQ(ports_.active, 9U);
  EXPECT_EQ(ports_.returned, 10U);
  EXPECT_TRUE(sent_.empty());
}

TEST_F(SessionCommandsTest, CreditIsGrantedToTheQueueThatAsks) {
  commands_.on(CreditRequest{session_, 4, 1, QueueId{7}, {3, 1}, 8, 1});
  const auto grant = sent_one<CreditGrant>();
  EXPECT_EQ(grant.queue, QueueId{7});
  EXPECT_EQ(grant.consumer, (ConsumerHandle{3, 1}));
  EXPECT_EQ(grant.credit.count, 4U);
  commands_.on(CreditRequest{session_, 4, 1, QueueId{7}, {3, 1}, 1, 1});
  EXPECT_TRUE(sent_.empty()) << "nothing is granted: the session remembers";
}

TEST_F(SessionCommandsTest, WhatASessionThatIsGoneWasToGetGoesBack) {
  sessions_.detach(session_);
  EveryPort next;
  const ChannelRef later = sessions_.attach({&next, &next, &next});  // In the same slot.
  ASSERT_EQ(later.slot, session_.slot);
  commands_.on(delivery(false));
  EXPECT_EQ(sent_one<Settle>().outcome, Outcome::undelivered);
  commands_.on(delivery(true));
  commands_.on(GetReply{session_, 0, QueueId{7}, 9, arriving(), 1, false, false});
  EXPECT_EQ(sent_one<Settle>().first, 9U);
  commands_.on(GetReply{session_, 0, QueueId{7}, 9, arriving(), 1, false, true});
  commands_.on(GetReply{session_, 0, QueueId{7}, 0, {}, 1, false, false});
  commands_.on(Reply{session_, 0, 1, {3, 4}, 1, QueueId{7}, nullptr});
  EXPECT_EQ(sent_one<Unsubscribe>().consumer, (ConsumerHandle{3, 4}));
  commands_.on(Reply{session_, 0, 1, {}, 1, QueueId{7}, nullptr});
  commands_.on(Confirm{session_, 1, 5, false});
  commands_.on(ConsumerCancelled{session_, 8});
  commands_.on(CreditRequest{session_, 4, 1, QueueId{7}, {3, 1}, 8, 1});
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(memory_.message_bytes, 0U);
  EXPECT_EQ(next.confirmed, 0U);
}

TEST_F(SessionCommandsTest, ASessionMayHaveAnswersOnly) {
  EveryPort ports;
  const ChannelRef asker = sessions_.attach({&ports});
  commands_.on(Confirm{asker, 1, 1, false});
  commands_.on(ConsumerActive{asker, 1, true});
  EXPECT_EQ(ports.confirmed, 0U);
  EXPECT_EQ(ports.active, 0U);
  EXPECT_EQ(sessions_.answers(asker), &ports);
  EXPECT_TRUE(sessions_.is_attached(asker));
  sessions_.detach(asker);
  EXPECT_FALSE(sessions_.is_attached(asker));
  EXPECT_DEATH(sessions_.detach(asker), "find");
}

}  // namespace
}  // namespace lepus::core
