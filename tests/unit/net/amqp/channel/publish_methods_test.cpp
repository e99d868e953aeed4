// Publishes piece by piece, the two modes that number them, and what an alarm does to both.
#include "net/amqp/channel/publish_methods.h"

#include <string>
#include <string_view>

#include "core/limits.h"
#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class PublishMethodsTest : public test::ChannelPartTest {
 protected:
  std::string begin(std::string_view exchange, std::string_view key) {
    return say(methods_.on(BasicPublish{exchange, key, false, false}));
  }
  core::Refusal header(std::uint64_t body_size) {
    return methods_.on_content_header({class_basic, body_size, test::TestClient::no_properties});
  }
  void body(std::string_view piece, bool is_last) {
    methods_.on_body({core::as_bytes(piece), is_last});
  }
  void publish(std::string_view queue, std::string_view text) {
    EXPECT_EQ(begin("", queue), "");
    EXPECT_EQ(say(header(text.size())), "");
    body(text, true);
  }
  void set_alarm(const core::Alarm& alarm) {
    world_.broadcast(alarm);
    world_.settle();
  }

  PublishMethods methods_{link_};
};

TEST_F(PublishMethodsTest, AMessageGoesToItsQueueWhenItIsComplete) {
  fill("q", "");
  EXPECT_EQ(begin("", "q"), "");
  EXPECT_EQ(say(header(5)), "");
  body("he", false);
  EXPECT_EQ(client_.message_count("q"), 0U);
  EXPECT_GT(session_.publishes().content_bytes(), 0U);
  body("llo", true);
  EXPECT_EQ(session_.publishes().content_bytes(), 0U);
  client_.send(1, BasicGet{"q", true});
  EXPECT_EQ(client_.expect<BasicGetOk>().event.body, "hello");
}

TEST_F(PublishMethodsTest, WithoutABodyItIsCompleteAtOnce) {
  fill("q", "");
  EXPECT_EQ(begin("", "q"), "");
  EXPECT_EQ(say(header(0)), "");
  EXPECT_EQ(client_.message_count("q"), 1U);
}

TEST_F(PublishMethodsTest, AFaultOfTheContentIsThePublishs) {
  EXPECT_EQ(begin("none", ""), "NOT_FOUND - no exchange 'none' in vhost '/'");
  EXPECT_EQ(begin("", "q"), "");
  const core::Refusal refused = header(services_.settings().message_size_max + 1);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->code, core::ReplyCode::precondition_failed);
  EXPECT_EQ(refused->class_id, 60);
  EXPECT_EQ(refused->method_id, 40);
}

TEST_F(PublishMethodsTest, AnAlarmBlocksWhoPublishes) {
  fill("q", "");
  facts_.capabilities.connection_blocked = true;
  set_alarm({.memory = true});
  EXPECT_FALSE(input_.is_stopped());
  publish("q", "x");
  EXPECT_TRUE(input_.is_stopped_only_for(InputStop::alarm));
  EXPECT_EQ(sent(), "connection.blocked");
  EXPECT_EQ(client_.message_count("q"), 1U);
  EXPECT_FALSE(block_.stopped_long(services_.now() + core::limits::content_stop_wait));
  set_alarm({});
}

TEST_F(PublishMethodsTest, InTheMiddleOfAContentItMayNotLastForEver) {
  EXPECT_EQ(begin("", "q"), "");
  EXPECT_EQ(say(header(5)), "");
  set_alarm({.disk = true});
  body("he", false);
  EXPECT_TRUE(input_.is_stopped_only_for(InputStop::alarm));
  EXPECT_TRUE(block_.stopped_long(services_.now() + core::limits::content_stop_wait));
  body("llo", true);
  set_alarm({});
}

TEST_F(PublishMethodsTest, NeitherMayItInATransaction) {
  EXPECT_EQ(say(methods_.on(TxSelect{})), "");
  publish("q", "x");
  set_alarm({.disk = true});
  EXPECT_EQ(begin("", "q"), "");
  EXPECT_TRUE(block_.stopped_long(services_.now() + core::limits::content_stop_wait));
  set_alarm({});
}

TEST_F(PublishMethodsTest, ConfirmsExcludeTransactions) {
  EXPECT_EQ(say(methods_.on(ConfirmSelect{true})), "");
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(say(methods_.on(ConfirmSelect{false})), "");
  EXPECT_EQ(sent(), "confirm.select-ok");
  EXPECT_EQ(say(methods_.on(TxSelect{})),
            "PRECONDITION_FAILED - cannot switch from confirm to tx mode");
  EXPECT_EQ(sent(), "");
  publish("nowhere", "x");
  EXPECT_TRUE(protocol_.acks_due);
}

TEST_F(PublishMethodsTest, ATransactionCollectsUntilItsCommit) {
  fill("q", "");
  EXPECT_EQ(say(methods_.on(TxCommit{})), "PRECONDITION_FAILED - channel is not transactional");
  EXPECT_EQ(say(methods_.on(TxRollback{})), "PRECONDITION_FAILED - channel is not transactional");
  EXPECT_EQ(say(methods_.on(TxSelect{})), "");
  EXPECT_EQ(sent(), "tx.select-ok");
  EXPECT_EQ(say(methods_.on(ConfirmSelect{false})),
            "PRECONDITION_FAILED - cannot switch from tx to confirm mode");
  publish("q", "a");
  EXPECT_EQ(client_.message_count("q"), 0U);
  EXPECT_EQ(say(methods_.on(TxRollback{})), "");
  EXPECT_EQ(answered(), "90.30");
  publish("q", "b");
  EXPECT_EQ(say(methods_.on(TxCommit{})), "");
  world_.settle();
  EXPECT_TRUE(protocol_.acks_due);
  acks_.write();  // Nothing is told; the commit ends.
  EXPECT_EQ(answered(), "90.20");
  EXPECT_EQ(client_.message_count("q"), 1U);
  EXPECT_EQ(sent(), "");
}

}  // namespace
}  // namespace lepus::amqp
