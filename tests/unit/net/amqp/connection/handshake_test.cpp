// The dialogue step by step, and what is refused in each.
#include "net/amqp/connection/handshake.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/message/field_table_writer.h"
#include "tests/unit/net/amqp/connection/part_world.h"

namespace lepus::amqp {
namespace {

using namespace std::string_literals;

class HandshakeTest : public ::testing::Test {
 protected:
  /// "opened", "continues" or the error's text.
  template <class Method>
  std::string take(const Method& method) {
    std::vector<std::uint8_t> frame(method_frame_size(method));
    store_method_frame(frame.data(), 0, method);
    const core::Bytes arguments = core::Bytes{frame}.subspan(
        frame_header_size + method_header_size, frame.size() - frame_overhead - method_header_size);
    auto step = handshake_.on_method(Method::id, arguments);
    if (!step.ok()) {
      is_told_ = step.error().whole_connection;
      return step.error().text();
    }
    return step.value() == Handshake::Step::opened ? "opened" : "continues";
  }
  void start() { EXPECT_FALSE(handshake_.on_protocol_header(protocol_header)); }
  std::string log_in(std::string_view password, bool hears_refusal = false) {
    core::FieldTableWriter table;
    table.begin_table("capabilities");
    table.boolean("authentication_failure_close", hears_refusal);
    table.boolean("connection.blocked", true);
    table.end();
    table.text("connection_name", "mine");
    const std::string properties = table.take();
    const std::string response = "\0guest\0"s + std::string{password};
    return take(ConnectionStartOk{core::as_bytes(properties), "PLAIN", response, "en_US"});
  }
  void reach_tuning() {
    start();
    EXPECT_EQ(log_in("guest"), "continues");
  }
  void reach_opening() {
    reach_tuning();
    EXPECT_EQ(take(ConnectionTuneOk{100, 8192, 30}), "continues");
  }

  test::BrokerWorld world_{{}};
  test::PartWorld part_;
  ConnectionPhase phase_;
  FrameReader reader_;
  Output output_{part_.stream()};
  core::LocalQuotaCounter uses_;
  ConnectionQuota quota_{uses_};
  ResumeList resume_list_;
  InputGate input_{part_.stream(), resume_list_};
  Handshake handshake_{
      {world_.server().services(), part_.facts(), phase_, reader_, output_, quota_, input_}};
  bool is_told_ = false;
};

TEST_F(HandshakeTest, EndsOpenedWithTheFactsOfTheConnection) {
  start();
  EXPECT_TRUE(phase_.is(Phase::starting));
  EXPECT_EQ(part_.sent_methods(), "connection.start");
  EXPECT_EQ(log_in("guest"), "continues");
  EXPECT_TRUE(phase_.is(Phase::tuning));
  EXPECT_EQ(part_.sent_methods(), "connection.tune");
  EXPECT_EQ(take(ConnectionTuneOk{100, 8192, 30}), "continues");
  EXPECT_TRUE(phase_.is(Phase::opening));
  EXPECT_EQ(part_.sent_methods(), "");
  EXPECT_EQ(take(ConnectionOpen{"/"}), "opened");
  EXPECT_TRUE(phase_.is(Phase::open));
  EXPECT_EQ(part_.sent_methods(), "connection.open-ok");
  const ConnectionFacts& facts = part_.facts();
  EXPECT_EQ(facts.user, "guest");
  EXPECT_EQ(facts.mechanism, "PLAIN");
  EXPECT_EQ(given_name(facts), "mine");
  EXPECT_TRUE(facts.capabilities.connection_blocked);
  EXPECT_FALSE(facts.capabilities.consumer_cancel_notify);
  EXPECT_EQ(facts.tuned.channel_max, 100);
  EXPECT_EQ(facts.tuned.frame_max, 8192U);
  EXPECT_EQ(facts.tuned.heartbeat_s, 30);
  EXPECT_EQ(facts.vhost_name, "/");
  EXPECT_EQ(output_.writer().frame_max(), 8192U);
  EXPECT_EQ(reader_.payload_max(), payload_max_of(8192));
  EXPECT_FALSE(uses_.empty());
}

TEST_F(HandshakeTest, WhoSpeaksSomethingElseIsToldWhatIsSpoken) {
  const auto refused = handshake_.on_protocol_header({'A', 'M', 'Q', 'P', 0, 1, 0, 0});
  ASSERT_TRUE(refused.has_value());
  part_.settle();
  EXPECT_EQ(core::as_text(part_.link().from_server), core::as_text(protocol_header));
  EXPECT_TRUE(phase_.is(Phase::awaiting_header));
}

TEST_F(HandshakeTest, AWrongPasswordIsToldToWhoCanHear) {
  start();
  EXPECT_EQ(log_in("wrong"),
            "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details "
            "see the broker logfile.");
  EXPECT_FALSE(is_told_);
  EXPECT_TRUE(log_in("wrong", /*hears_refusal=*/true).starts_with("ACCESS_REFUSED"));
  EXPECT_TRUE(is_told_);
  EXPECT_TRUE(phase_.is(Phase::starting));
  EXPECT_FALSE(part_.facts().user_id);
}

TEST_F(HandshakeTest, AMechanismMustBeKnownAndItsResponseWellFormed) {
  start();
  EXPECT_EQ(take(ConnectionStartOk{{}, "EXTERNAL", "", "en_US"}),
            "SYNTAX_ERROR - unknown authentication mechanism 'EXTERNAL'");
  EXPECT_EQ(take(ConnectionStartOk{{}, "PLAIN", "guest", "en_US"}),
            "SYNTAX_ERROR - malformed response to authentication mechanism PLAIN");
  EXPECT_EQ(take(ConnectionStartOk{{}, "AMQPLAIN", "guest", "en_US"}),
            "SYNTAX_ERROR - malformed response to authentication mechanism AMQPLAIN");
}

TEST_F(HandshakeTest, MethodsComeInTheirOrder) {
  start();
  EXPECT_EQ(take(ConnectionOpen{"/"}),
            "COMMAND_INVALID - unexpected method connection.open during the handshake");
  EXPECT_TRUE(take(ConnectionTuneOk{1, 8192, 0}).starts_with("COMMAND_INVALID"));
}

TEST_F(HandshakeTest, MoreThanWasOfferedIsNotAgreedOn) {
  reach_tuning();
  EXPECT_EQ(take(ConnectionTuneOk{100, 4095, 0}),
            "NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value "
            "(4096)");
  EXPECT_TRUE(take(ConnectionTuneOk{100, 10'000'000, 0}).starts_with("NOT_ALLOWED"));
  EXPECT_TRUE(take(ConnectionTuneOk{0, 8192, 0}).starts_with("NOT_ALLOWED"));
  EXPECT_TRUE(is_told_);
  EXPECT_TRUE(phase_.is(Phase::tuning));
}

TEST_F(HandshakeTest, AVirtualHostMustBeThere) {
  reach_opening();
  EXPECT_EQ(take(ConnectionOpen{"nowhere"}), "NOT_ALLOWED - vhost nowhere not found");
  EXPECT_TRUE(is_told_);
  EXPECT_TRUE(uses_.empty());
  EXPECT_TRUE(phase_.is(Phase::opening));
}

TEST_F(HandshakeTest, LimitsOfTheUserCountBeforePermissions) {
  world_.add_user("guest", "guest", {}, {.connections = 0});
  world_.settle();
  reach_opening();
  EXPECT_TRUE(take(ConnectionOpen{"/"}).starts_with("NOT_ALLOWED"));
  EXPECT_TRUE(uses_.empty());
  EXPECT_FALSE(part_.facts().vhost);
}

}  // namespace
}  // namespace lepus::amqp
