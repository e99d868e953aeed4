// When confirms are told, and as what.
#include "net/amqp/channel/ack_writer.h"

#include <string>
#include <string_view>

#include "core/message/field_table_writer.h"
#include "tests/unit/net/amqp/channel/part_world.h"

namespace lepus::amqp {
namespace {

class AckWriterTest : public test::ChannelPartTest {
 protected:
  AckWriterTest() { EXPECT_EQ(say(session_.commits().select_confirms()), ""); }
  void publish(std::string_view queue) {
    core::SessionPublishes& publishes = session_.publishes();
    EXPECT_EQ(say(publishes.begin({"", queue, false, false})), "");
    EXPECT_EQ(say(publishes.set_content(test::TestClient::no_properties, 0,
                                        publish_settings(services_.settings()))),
              "");
    session_.commits().publish(publishes.take());
  }
};

TEST_F(AckWriterTest, OneFrameIsForAllThatAreConfirmed) {
  publish("nowhere");
  publish("nowhere");
  acks_.write();
  const auto ack = sent_as<BasicAck>();
  EXPECT_EQ(ack.delivery_tag, 2U);
  EXPECT_TRUE(ack.multiple);
  acks_.write();
  EXPECT_EQ(sent(), "");
}

TEST_F(AckWriterTest, TheRefusedAreTold) {
  core::FieldTableWriter table;
  table.int32("x-max-length", 0);
  table.text("x-overflow", "reject-publish");
  const std::string arguments = table.take();
  QueueDeclare how{};
  how.arguments = core::as_bytes(arguments);
  client_.declare("full", how);
  publish("full");
  world_.settle();
  acks_.write();
  const auto nack = sent_as<BasicNack>();
  EXPECT_EQ(nack.delivery_tag, 1U);
  EXPECT_TRUE(nack.requeue);
}

TEST_F(AckWriterTest, TheListBringsEachOnce) {
  publish("nowhere");
  AckList list;
  list.add(acks_);
  list.add(acks_);
  list.write();
  EXPECT_FALSE(acks_.linked());
  EXPECT_EQ(sent(), "basic.ack");
  list.add(acks_);
  list.remove(acks_);
  list.remove(acks_);
  publish("nowhere");
  list.write();
  EXPECT_EQ(sent(), "");
}

TEST_F(AckWriterTest, TheTurnOfTheServerWrites) {
  publish("nowhere");
  acks_.write_later();
  EXPECT_TRUE(acks_.linked());
  EXPECT_EQ(sent(), "");
  world_.settle();
  EXPECT_EQ(sent(), "basic.ack");
  acks_.write_later();
  acks_.cancel();
  EXPECT_FALSE(acks_.linked());
}

TEST_F(AckWriterTest, NothingIsToldOfASessionThatEnds) {
  publish("nowhere");
  session_.close(false);
  acks_.write();
  EXPECT_EQ(sent(), "");
}

}  // namespace
}  // namespace lepus::amqp
