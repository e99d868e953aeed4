// Consumers of queues and of direct replies, single messages, and limits.
#include "net/amqp/channel/consume_methods.h"

#include <string>
#include <string_view>

#include "core/session/reply_address.h"
#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class ConsumeMethodsTest : public test::ChannelPartTest {
 protected:
  std::string start(std::string_view queue, std::string_view tag, BasicConsume how = {}) {
    how.queue = queue;
    how.consumer_tag = tag;
    const std::string refused = say(methods_.on(how));
    world_.settle();
    return refused;
  }
  std::string start_replies(std::string_view tag = "") {
    BasicConsume no_ack{};
    no_ack.no_ack = true;
    return start(core::reply_to_queue, tag, no_ack);
  }

  ConsumeMethods methods_{link_};
};

TEST_F(ConsumeMethodsTest, AConsumerHasItsTagOrAGeneratedOne) {
  fill("q", "");
  EXPECT_EQ(start("q", "tag"), "");
  EXPECT_EQ(answered(), "60.20");
  ASSERT_NE(protocol_.last<core::Subscribed>(), nullptr);
  EXPECT_EQ(protocol_.events, "+tag");
  EXPECT_EQ(start("q", ""), "");
  EXPECT_TRUE(protocol_.events.starts_with("+tag+amq.ctag-")) << protocol_.events;
  EXPECT_EQ(start("none", ""), "NOT_FOUND - no queue 'none' in vhost '/'");
  EXPECT_EQ(sent(), "");
}

TEST_F(ConsumeMethodsTest, NoMoreConsumersThanTheSettingsAllow) {
  world_.settings.consumers_per_channel_max = 1;
  fill("q", "");
  EXPECT_EQ(start("q", "one"), "");
  EXPECT_EQ(start("q", "two"), "NOT_ALLOWED - reached maximum (1) of consumers per channel");
}

TEST_F(ConsumeMethodsTest, CancellingWhatIsNotThereIsFine) {
  fill("q", "");
  EXPECT_EQ(start("q", "tag"), "");
  EXPECT_EQ(say(methods_.on(BasicCancel{"other", false})), "");
  EXPECT_EQ(sent_as<BasicCancelOk>().consumer_tag, "other");
  EXPECT_EQ(say(methods_.on(BasicCancel{"other", true})), "");
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(say(methods_.on(BasicCancel{"tag", true})), "");
  EXPECT_EQ(answered(), "60.30+");
  ASSERT_NE(protocol_.last<core::Unsubscribed>(), nullptr);
  EXPECT_EQ(protocol_.events, "+tag-tag");
}

TEST_F(ConsumeMethodsTest, OneMessageIsAskedFor) {
  fill("q", "ab");
  EXPECT_EQ(say(methods_.on(BasicGet{"q", true})), "");
  world_.settle();
  ASSERT_EQ(protocol_.got.size(), 1U);
  EXPECT_EQ(protocol_.got[0].message_count, 1U);
  EXPECT_EQ(core::as_text(protocol_.got[0].message->inline_body()), "a");
  EXPECT_EQ(session_.unacked().count(), 0U);
  EXPECT_EQ(say(methods_.on(BasicGet{"q", false})), "");
  world_.settle();
  EXPECT_EQ(session_.unacked().count(), 1U);
  EXPECT_EQ(say(methods_.on(BasicGet{"none", true})), "NOT_FOUND - no queue 'none' in vhost '/'");
}

TEST_F(ConsumeMethodsTest, LimitsAreOfEachConsumerOrOfAll) {
  EXPECT_EQ(say(methods_.on(BasicQos{0, 3, false})), "");
  EXPECT_EQ(session_.deliveries().prefetch().count, 3U);
  EXPECT_FALSE(session_.unacked().shared().is_on());
  EXPECT_EQ(say(methods_.on(BasicQos{0, 5, true})), "");
  EXPECT_EQ(session_.deliveries().prefetch().count, 3U);
  EXPECT_EQ(session_.unacked().shared().count(), 5U);
  EXPECT_EQ(sent(), "basic.qos-ok basic.qos-ok");
}

TEST_F(ConsumeMethodsTest, ThereIsOneConsumerOfReplies) {
  EXPECT_EQ(start(core::reply_to_queue, ""),
            "PRECONDITION_FAILED - reply consumer cannot acknowledge");
  EXPECT_EQ(start_replies(), "");
  const std::string tag{sent_as<BasicConsumeOk>().consumer_tag};
  EXPECT_TRUE(tag.starts_with("amq.ctag-")) << tag;
  EXPECT_TRUE(session_.reply_address().is_open());
  EXPECT_EQ(start_replies("again"), "PRECONDITION_FAILED - reply consumer already set");
  EXPECT_EQ(say(methods_.on(BasicCancel{tag, false})), "");
  EXPECT_EQ(sent_as<BasicCancelOk>().consumer_tag, tag);
  EXPECT_FALSE(session_.reply_address().is_open());
}

TEST_F(ConsumeMethodsTest, ItsSecretIsANewOneEachTime) {
  EXPECT_EQ(start_replies("tag"), "");
  const std::string first = session_.reply_address().name();
  EXPECT_EQ(say(methods_.on(BasicCancel{"tag", true})), "");
  EXPECT_EQ(start_replies("tag"), "");
  EXPECT_NE(session_.reply_address().name(), first);
  EXPECT_EQ(sent(), "basic.consume-ok basic.consume-ok");
}

}  // namespace
}  // namespace lepus::amqp
