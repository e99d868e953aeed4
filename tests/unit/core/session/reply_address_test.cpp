// Addresses of direct reply-to: their text, and which reply reaches whom.
#include "core/session/reply_address.h"

#include <gtest/gtest.h>

#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core {
namespace {

using test::FakeChannel;
using test::FakeShard;

constexpr ReplyTarget reply_target{{2, 0xABCD, 7}, 0x0123456789ABCDEFULL};
constexpr std::string_view address = "amq.rabbitmq.reply-to.00020000abcd000000070123456789abcdef";

TEST(ReplyAddress, TextAndBack) {
  EXPECT_EQ(make_reply_name(reply_target), address);
  EXPECT_TRUE(is_reply_name(address));
  const auto parsed = parse_reply_name(address);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->channel, reply_target.channel);
  EXPECT_EQ(parsed->secret, reply_target.secret);
}

TEST(ReplyAddress, OddTextIsNoAddress) {
  const std::string good{address};
  EXPECT_FALSE(is_reply_name(reply_to_queue)) << "the pseudo-queue itself";
  EXPECT_FALSE(parse_reply_name(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(parse_reply_name(good + "0"));
  EXPECT_FALSE(parse_reply_name(good.substr(0, good.size() - 1) + "g"));
  EXPECT_FALSE(parse_reply_name("amq.rabbitmq.reply-to."));
  EXPECT_FALSE(parse_reply_name("amq.rabbitmq.reply_to" + good.substr(21)));
}

TEST(ReplyAddress, AcceptsRepliesToItselfOnly) {
  ReplyAddress own;
  Deliver reply{};
  EXPECT_FALSE(own.accepts(reply)) << "a closed one has secret 0";
  EXPECT_FALSE(own.has_tag(""));
  own.open(reply_target, VhostId{3}, "tag");
  EXPECT_EQ(own.name(), address);
  EXPECT_TRUE(own.has_tag("tag"));
  EXPECT_FALSE(own.has_tag("other"));
  EXPECT_FALSE(own.accepts(reply));
  reply.sequence = reply_target.secret;
  EXPECT_FALSE(own.accepts(reply)) << "it comes from another virtual host";
  reply.number = 3;
  EXPECT_TRUE(own.accepts(reply));
  own.close();
  EXPECT_FALSE(own.accepts(reply));
  own.open({reply_target.channel, 5}, VhostId{3}, "again");
  EXPECT_FALSE(own.accepts(reply)) << "that was to the address before";
}

class ReplyRouteTest : public ::testing::Test {
 protected:
  MessageRef reply_to(const ReplyTarget& to) {
    return Message::create({"", make_reply_name(to), {}, 0, false}, shard_.broker.memory());
  }
  FakeShard shard_;
};

TEST_F(ReplyRouteTest, ReachesASessionOfThisShard) {
  FakeChannel requester{shard_.broker};
  const ReplyTarget to{requester.ref(), 42};
  EXPECT_TRUE(is_reply_target(shard_.broker, make_reply_name(to)));
  EXPECT_TRUE(send_reply(shard_.broker, shard_.vhost, reply_to(to)));
  ASSERT_EQ(requester.deliveries.size(), 1U);
  EXPECT_EQ(requester.deliveries[0].deliver.sequence, 42U);
  EXPECT_EQ(requester.deliveries[0].deliver.number, shard_.vhost.value);
  EXPECT_TRUE(requester.deliveries[0].deliver.no_ack);
  requester.detach();
  EXPECT_FALSE(is_reply_target(shard_.broker, make_reply_name(to)));
  EXPECT_FALSE(send_reply(shard_.broker, shard_.vhost, reply_to(to)));
}

TEST_F(ReplyRouteTest, GoesToAnotherShardUnasked) {
  const ReplyTarget to{{2, 1, 1}, 42};
  EXPECT_TRUE(send_reply(shard_.broker, shard_.vhost, reply_to(to)));
  const auto sent = shard_.outbox.all<Deliver>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].channel, to.channel);
  const ReplyTarget nowhere{{FakeShard::shard_count, 1, 1}, 42};
  EXPECT_FALSE(is_reply_target(shard_.broker, make_reply_name(nowhere)));
  EXPECT_FALSE(send_reply(shard_.broker, shard_.vhost, reply_to(nowhere)));
}

TEST_F(ReplyRouteTest, OddNamesReachNobody) {
  EXPECT_FALSE(is_reply_target(shard_.broker, "amq.rabbitmq.reply-to.odd"));
  EXPECT_FALSE(is_reply_target(shard_.broker, "queue"));
}

}  // namespace
}  // namespace lepus::core
