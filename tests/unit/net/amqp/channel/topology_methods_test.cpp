// Methods of queues and exchanges as requests: what is asked for, what is refused, and what is
// answered without asking.
#include "net/amqp/channel/topology_methods.h"

#include <string>
#include <string_view>

#include "core/session/reply_address.h"
#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class TopologyMethodsTest : public test::ChannelPartTest {
 protected:
  std::string declare(std::string_view queue, QueueDeclare how = {}) {
    how.queue = queue;
    return say(methods_.on(how));
  }
  /// Of the queue that was declared last, as it was answered.
  std::string declared_name() {
    world_.settle();
    const auto* done = protocol_.last<core::QueueInspected>();
    return done == nullptr ? "none" : done->name;
  }
  std::string bind(std::string_view queue, std::string_view key) {
    QueueBind how{};
    how.queue = queue;
    how.exchange = "amq.direct";
    how.routing_key = key;
    return say(methods_.on(how));
  }
  /// Messages in `queue` after one was published to amq.direct with this key.
  std::uint32_t count_after_publish(std::string_view key, std::string_view queue) {
    client_.publish("amq.direct", key, "x");
    return client_.message_count(queue);
  }

  TopologyMethods methods_{link_};
};

TEST_F(TopologyMethodsTest, ADeclarationIsAskedForAndAnsweredAsOne) {
  EXPECT_EQ(declare("mine"), "");
  EXPECT_TRUE(protocol_.is_held);
  EXPECT_EQ(answered(), "50.10");
  EXPECT_FALSE(protocol_.is_held);
  EXPECT_EQ(declared_name(), "mine");
  EXPECT_FALSE(may_own_queues_);
  QueueDeclare silent{};
  silent.no_wait = true;
  EXPECT_EQ(declare("other", silent), "");
  EXPECT_EQ(answered(), "50.10+");
  EXPECT_EQ(sent(), "");
}

TEST_F(TopologyMethodsTest, AMissingNameIsGenerated) {
  EXPECT_EQ(declare(""), "");
  EXPECT_TRUE(declared_name().starts_with("amq.gen-")) << declared_name();
}

TEST_F(TopologyMethodsTest, APassiveOneWithoutANameIsTheLast) {
  QueueDeclare passive{};
  passive.passive = true;
  EXPECT_EQ(declare("", passive), "NOT_FOUND - no previously declared queue");
  EXPECT_EQ(declare("mine"), "");
  world_.settle();
  EXPECT_EQ(declare("", passive), "");
  EXPECT_EQ(declared_name(), "mine");
}

TEST_F(TopologyMethodsTest, LineEndsLeaveNames) {
  EXPECT_EQ(declare("mi\r\nne"), "");
  EXPECT_EQ(declared_name(), "mine");
}

TEST_F(TopologyMethodsTest, TheConnectionHearsOfExclusiveOnes) {
  QueueDeclare exclusive{};
  exclusive.exclusive = true;
  EXPECT_EQ(declare("mine", exclusive), "");
  EXPECT_TRUE(may_own_queues_);
}

TEST_F(TopologyMethodsTest, AReplyQueueIsThereWithoutBeingDeclared) {
  EXPECT_EQ(declare(core::reply_to_queue), "");
  EXPECT_EQ(sent_as<QueueDeclareOk>().consumer_count, 1U);
  EXPECT_EQ(declare("amq.rabbitmq.reply-to.nobody"),
            "NOT_FOUND - no queue 'amq.rabbitmq.reply-to.nobody' in vhost '/'");
  session_.reply_address().open({session_.ref(), 5}, facts_.vhost, "tag");
  QueueDeclare silent{};
  silent.no_wait = true;
  EXPECT_EQ(declare(session_.reply_address().name(), silent), "");
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(answered(), "");
}

TEST_F(TopologyMethodsTest, BoundWithoutNamesTheLastQueueHasItsOwn) {
  EXPECT_EQ(bind("", ""), "NOT_FOUND - no previously declared queue");
  EXPECT_EQ(declare("mine"), "");
  world_.settle();
  EXPECT_EQ(bind("", ""), "");
  EXPECT_EQ(answered(), "50.20");
  EXPECT_EQ(count_after_publish("mine", "mine"), 1U);
  EXPECT_EQ(bind("", "key"), "");
  world_.settle();
  EXPECT_EQ(count_after_publish("key", "mine"), 2U);
  EXPECT_EQ(bind("mine", ""), "");
  world_.settle();
  EXPECT_EQ(count_after_publish("", "mine"), 3U);
  EXPECT_EQ(say(methods_.on(QueueUnbind{"mine", "amq.direct", "key", {}})), "");
  EXPECT_EQ(answered(), "50.50");
  EXPECT_EQ(count_after_publish("key", "mine"), 3U);
}

TEST_F(TopologyMethodsTest, PurgingAsksTheQueue) {
  EXPECT_EQ(say(methods_.on(QueuePurge{"none", false})),
            "NOT_FOUND - no queue 'none' in vhost '/'");
  fill("full", "abc");
  EXPECT_EQ(say(methods_.on(QueuePurge{"full", false})), "");
  EXPECT_EQ(answered(), "50.30");
  ASSERT_NE(protocol_.last<core::QueuePurged>(), nullptr);
  EXPECT_EQ(protocol_.last<core::QueuePurged>()->message_count, 3U);
}

TEST_F(TopologyMethodsTest, DeletingWhatIsNotThereIsFine) {
  EXPECT_EQ(say(methods_.on(QueueDelete{"none", false, false, false})), "");
  EXPECT_EQ(sent_as<QueueDeleteOk>().message_count, 0U);
  EXPECT_EQ(say(methods_.on(QueueDelete{"none", false, false, true})), "");
  EXPECT_EQ(sent(), "");
  fill("full", "ab");
  EXPECT_EQ(say(methods_.on(QueueDelete{"full", false, false, false})), "");
  EXPECT_EQ(answered(), "50.40");
  ASSERT_NE(protocol_.last<core::QueueDeleted>(), nullptr);
  EXPECT_EQ(protocol_.last<core::QueueDeleted>()->message_count, 2U);
}

TEST_F(TopologyMethodsTest, ExchangesComeAreBoundAndGo) {
  ExchangeDeclare declare{};
  declare.exchange = "ex";
  declare.type = "fanout";
  EXPECT_EQ(say(methods_.on(declare)), "");
  EXPECT_EQ(answered(), "40.10");
  fill("q", "");
  EXPECT_EQ(say(methods_.on(QueueBind{"q", "ex", "", false, {}})), "");
  world_.settle();
  EXPECT_EQ(say(methods_.on(ExchangeBind{"ex", "amq.direct", "key", false, {}})), "");
  EXPECT_EQ(answered(), "40.30");
  EXPECT_EQ(count_after_publish("key", "q"), 1U);
  EXPECT_EQ(say(methods_.on(ExchangeUnbind{"ex", "amq.direct", "key", true, {}})), "");
  EXPECT_EQ(answered(), "40.40+");
  EXPECT_EQ(count_after_publish("key", "q"), 1U);
  EXPECT_EQ(say(methods_.on(ExchangeDelete{"ex", false, false})), "");
  EXPECT_EQ(answered(), "40.20");
  EXPECT_EQ(sent(), "");
}

}  // namespace
}  // namespace lepus::amqp
