// What is said of consumers without being asked, and when.
#include "net/amqp/channel/consumer_notices.h"

#include <string>

#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class ConsumerNoticesTest : public test::ChannelPartTest {
 protected:
  /// Messages and consumer are there.
  void begin(std::string_view bodies = "") {
    fill("q", bodies);
    EXPECT_EQ(consume("q", "tag"), "");
    (void)sent();
  }
  void delete_queue() {
    client_.send(1, QueueDelete{"q", false, false, false});
    (void)client_.expect<QueueDeleteOk>();
  }
};

TEST_F(ConsumerNoticesTest, TheClientHearsThatItsQueueIsGone) {
  begin();
  delete_queue();
  EXPECT_EQ(sent_as<BasicCancel>().consumer_tag, "tag");
  EXPECT_EQ(protocol_.events, "+tag-tag");
}

TEST_F(ConsumerNoticesTest, OneThatCannotHearDoesNot) {
  facts_.capabilities.consumer_cancel_notify = false;
  begin();
  delete_queue();
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(protocol_.events, "+tag-tag");
}

TEST_F(ConsumerNoticesTest, NotBeforeTheAnswerToItsOwnDelete) {
  begin();
  const auto refused =
      session_.requests().delete_queue(origin_of(MethodId::queue_delete), {"q", false, false});
  EXPECT_EQ(say(refused), "");
  world_.settle();
  ASSERT_NE(protocol_.last<core::QueueDeleted>(), nullptr);
  EXPECT_EQ(sent(), "");
  notices_.on_queue_deleted();
  EXPECT_EQ(sent(), "basic.cancel");
  notices_.on_queue_deleted();
  EXPECT_EQ(sent(), "");
}

TEST_F(ConsumerNoticesTest, NothingIsSaidOfASessionThatEnds) {
  begin();
  session_.close(true);
  notices_.on_cancelled(0);
  notices_.watch();
  world_.settle();
  EXPECT_EQ(sent(), "");
}

TEST_F(ConsumerNoticesTest, OverdueOnesAreFoundWhileTheyAreWatched) {
  world_.settings.consumer_timeout = 10 * core::nanos_per_s;
  begin("a");
  world_.advance(20 * core::nanos_per_s);
  EXPECT_EQ(protocol_.events, "+tag");
  notices_.watch();
  for (int second = 0; second < 15; ++second) world_.advance(core::nanos_per_s);
  EXPECT_EQ(protocol_.events, "+tag!tag-tag");
  EXPECT_EQ(sent(), "basic.cancel");
  EXPECT_EQ(client_.message_count("q"), 1U);
}

TEST_F(ConsumerNoticesTest, WhoAcknowledgesInTimeStays) {
  world_.settings.consumer_timeout = 10 * core::nanos_per_s;
  begin("a");
  notices_.watch();
  world_.advance(5 * core::nanos_per_s);
  EXPECT_EQ(session_.unacked().settle(1, core::Outcome::acknowledged), std::nullopt);
  for (int second = 0; second < 15; ++second) world_.advance(core::nanos_per_s);
  EXPECT_EQ(protocol_.events, "+tag");
  core::SessionConsumer consumer;
  consumer.tag = "other";
  notices_.on_overdue(consumer);
  notices_.on_changed(consumer, true);  // Nobody listens.
  EXPECT_EQ(sent(), "");
}

}  // namespace
}  // namespace lepus::amqp
