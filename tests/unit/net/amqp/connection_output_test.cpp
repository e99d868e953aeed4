// A client that does not read: what it is told is bounded, its input waits, and nothing is lost
// when it reads on. Acknowledgements are read whatever waits for it.
#include "net/amqp/connection.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/net/amqp/connection_world.h"

namespace lepus::amqp {
namespace {

namespace limits = core::limits;

class ConnectionOutputTest : public ::testing::Test {
 protected:
  ConnectionOutputTest() { client_.open(); }

  test::BrokerWorld world_{{}};
  test::TestClient client_{world_};
};

TEST_F(ConnectionOutputTest, AnswersAreBoundedAndAllOfThemCome) {
  constexpr std::size_t count = 500'000;
  client_.link().window_closed = true;
  for (std::size_t i = 0; i < count; ++i) client_.send(1, BasicQos{0, 1, false});
  world_.settle();
  EXPECT_GT(client_.link().unsent, limits::answers_unsent_max);
  EXPECT_LE(client_.link().unsent, limits::answers_unsent_max + 100);
  client_.link().window_closed = false;
  EXPECT_EQ(client_.take_events().size(), count);
  EXPECT_FALSE(client_.link().reading_paused);
}

TEST_F(ConnectionOutputTest, ItsSocketIsNotReadMeanwhile) {
  client_.link().window_closed = true;
  client_.link().piece_max = 4096;
  for (std::size_t i = 0; i < 600'000; ++i) client_.send(1, BasicQos{0, 1, false});
  world_.settle();
  EXPECT_TRUE(client_.link().reading_paused);
  EXPECT_GT(client_.link().to_server.size(), 1'000'000U);
}

TEST_F(ConnectionOutputTest, ReturnedMessagesAreBounded) {
  client_.link().window_closed = true;
  const std::string body(100'000, 'b');
  for (int i = 0; i < 100; ++i) {
    client_.send(1, BasicPublish{"", "nowhere", true, false});
    client_.content(1, body);
  }
  world_.settle();
  EXPECT_LE(client_.link().unsent, limits::answers_unsent_max + 2 * body.size());
  client_.link().window_closed = false;
  const auto events = client_.take_events();
  ASSERT_EQ(events.size(), 100U);
  for (const test::Event& event : events) EXPECT_EQ(event.body, body);
}

TEST_F(ConnectionOutputTest, FetchedMessagesAreBounded) {
  client_.declare("q");
  const std::string body(1'000'000, 'b');
  client_.publish("", "q", body);
  client_.link().window_closed = true;
  for (std::uint64_t tag = 1; tag <= 50; ++tag) {
    client_.send(1, BasicGet{"q", false});
    client_.send(1, BasicNack{tag, false, true});
  }
  world_.settle();
  EXPECT_LE(client_.link().unsent, limits::answers_unsent_max + 2 * body.size());
  client_.link().window_closed = false;
  EXPECT_EQ(client_.take_events().size(), 50U);
}

TEST_F(ConnectionOutputTest, DeliveriesDoNotHoldAcknowledgements) {
  client_.declare("q");
  client_.consume("q", "tag");
  client_.link().window_closed = true;
  const std::string body(1'000'000, 'b');
  test::TestClient publisher{world_};
  publisher.open();
  for (int i = 0; i < 10; ++i) publisher.publish("", "q", body);
  world_.settle();
  EXPECT_GT(client_.link().unsent, limits::send_high_water);
  for (std::uint64_t tag = 1; tag <= 3; ++tag) client_.send(1, BasicAck{tag, false});
  client_.publish("", "q", "more");
  world_.settle();
  EXPECT_TRUE(client_.link().to_server.empty());
  client_.link().window_closed = false;
  EXPECT_EQ(client_.take_events().size(), 11U);
}

TEST_F(ConnectionOutputTest, ManyWhoDoNotReadGetLessEach) {
  client_.declare("x");
  const std::string body(200'000, 'b');
  std::vector<std::unique_ptr<test::TestClient>> deaf;
  std::size_t unsent = 0;
  for (int i = 0; i < 60; ++i) {
    auto one = std::make_unique<test::TestClient>(world_);
    one->open();
    const std::string queue = "q" + std::to_string(i);
    one->declare(queue);
    one->consume(queue, "tag");
    one->link().window_closed = true;
    for (int message = 0; message < 30; ++message) client_.publish("", queue, body);
    client_.settle();
    unsent += one->link().unsent;
    deaf.push_back(std::move(one));
  }
  EXPECT_GT(unsent, limits::output_bytes_max);
  EXPECT_LE(unsent, limits::output_bytes_max + limits::send_high_water + 60 * 2 * body.size());
  for (const auto& one : deaf) one->link().window_closed = false;
  for (const auto& one : deaf) EXPECT_EQ(one->take_events().size(), 30U);
}

TEST_F(ConnectionOutputTest, WhoIsHeldCanStillBeClosed) {
  client_.link().window_closed = true;
  for (std::size_t i = 0; i < 600'000; ++i) client_.send(1, BasicQos{0, 1, false});
  world_.settle();
  world_.stop();
  client_.link().window_closed = false;
  const auto events = client_.take_events();
  EXPECT_EQ(method_name(events.back().method), "connection.close");
  client_.send(0, ConnectionCloseOk{});
  EXPECT_TRUE(client_.quiet());
  EXPECT_TRUE(client_.link().server_sent_fin);
}

TEST_F(ConnectionOutputTest, RepliesThatNobodyTakesAreDropped) {
  client_.send(1, BasicConsume{core::reply_to_queue, "", false, true, false, false, {}});
  (void)client_.expect<BasicConsumeOk>();
  client_.declare("requests");
  core::PropertiesView view;
  view.set(core::Property::reply_to);
  view.reply_to = core::reply_to_queue;
  client_.publish("", "requests", "?", core::encode_properties(view));
  test::TestClient server{world_};
  server.open();
  server.send(1, BasicGet{"requests", true});
  const auto request = server.expect<BasicGetOk>();
  core::PropertiesView asked;
  ASSERT_TRUE(core::decode_properties(request.event.properties, asked));
  const std::string address{asked.reply_to};
  client_.link().window_closed = true;
  const std::string body(1'000'000, 'r');
  for (int i = 0; i < 200; ++i) server.publish("", address, body);
  world_.settle();
  EXPECT_GT(client_.link().unsent, limits::replies_unsent_max);
  EXPECT_LE(client_.link().unsent, limits::replies_unsent_max + 2 * body.size());
  client_.link().window_closed = false;
  EXPECT_LT(client_.take_events().size(), 100U);
  server.publish("", address, "last");
  server.settle();
  const auto events = client_.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].body, "last");
}

}  // namespace
}  // namespace lepus::amqp
