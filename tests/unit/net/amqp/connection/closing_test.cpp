// The several ways to end, each with what the client, the counters and the socket see of it.
#include "net/amqp/connection/closing.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "net/amqp/closed_channels.h"
#include "net/amqp/connection/publisher_block.h"
#include "tests/unit/net/amqp/connection/part_world.h"

namespace lepus::amqp {
namespace {

class ClosingTest : public ::testing::Test, private Closing::Owner {
 protected:
  ClosingTest() {
    timer_.bind<&ClosingTest::on_timer>(this);
    const core::Topology& topology = world_.broker().topology();
    ConnectionFacts& facts = part_.facts();
    facts.user = "guest";
    facts.user_id = topology.access().find_user("guest")->id;
    facts.vhost_name = "/";
    facts.vhost = topology.find_vhost("/")->id;
  }
  ~ClosingTest() override {
    closing_.on_stream_closed("");
    EXPECT_TRUE(has_ended_);
  }
  void on_ended() override { has_ended_ = true; }

  void on_timer(io::Timer&) { closing_.on_timeout(); }
  void reach(Phase phase) {
    while (!phase_.is(phase))
      phase_.move_to(static_cast<Phase>(static_cast<int>(phase_.now()) + 1));
  }
  void on_frame(MethodId method) {
    std::array<std::uint8_t, method_header_size> payload{};
    core::store_u32(payload.data(), static_cast<std::uint32_t>(method));
    closing_.on_frame({FrameType::method, 0, payload});
  }
  bool is_closed() {
    part_.settle();
    return part_.link().closed;
  }

  test::BrokerWorld world_{{}};
  test::PartWorld part_;
  Services& services_ = world_.server().services();
  ResumeList resume_list_;
  AckList ack_list_;
  ClosedChannels closed_channels_;
  LingerList<Closing> lingering_;
  core::LocalQuotaCounter uses_;
  ConnectionPhase phase_;
  FrameReader reader_;
  Output output_{part_.stream()};
  InputGate input_{part_.stream(), resume_list_};
  ConnectionTimer timer_{services_.loop()};
  PublisherBlock block_{{part_.facts(), output_, input_, timer_}};
  ConnectionQuota quota_{uses_};
  ChannelContext context_{services_, ack_list_, closed_channels_, part_.facts(),
                          output_,   input_,    block_,           closing_};
  ChannelTable channels_{context_};
  bool has_ended_ = false;
  Closing closing_{{*this, services_, lingering_, part_.stream(), part_.facts(), phase_, output_,
                    input_, reader_, timer_, quota_, channels_}};
};

TEST_F(ClosingTest, AnErrorIsToldAndTheAnswerEndsIt) {
  reach(Phase::open);
  input_.stop(InputStop::alarm);
  closing_.fail({core::ReplyCode::channel_error, "wrong"});
  closing_.fail({core::ReplyCode::channel_error, "again"});
  EXPECT_TRUE(phase_.is(Phase::close_sent));
  EXPECT_EQ(part_.sent_methods(), "connection.close");
  EXPECT_FALSE(input_.is_stopped());
  EXPECT_TRUE(timer_.is_armed());
  on_frame(MethodId::connection_close);  // The two crossed.
  EXPECT_EQ(part_.sent_methods(), "connection.close-ok");
  on_frame(MethodId::connection_close_ok);
  EXPECT_TRUE(phase_.is(Phase::finished));
  EXPECT_FALSE(timer_.is_armed());
  part_.settle();
  EXPECT_TRUE(part_.link().server_sent_fin);
}

TEST_F(ClosingTest, WhoDoesNotAnswerIsDropped) {
  reach(Phase::open);
  closing_.force_close({core::ReplyCode::connection_forced, "stop"});
  EXPECT_TRUE(phase_.is(Phase::close_sent));
  EXPECT_FALSE(is_closed());
  closing_.on_timeout();
  EXPECT_TRUE(is_closed());
}

TEST_F(ClosingTest, BeforeItIsOpenAFaultIsAnsweredLateBySilence) {
  reach(Phase::tuning);
  closing_.refuse({core::ReplyCode::syntax_error, "wrong"});
  EXPECT_TRUE(phase_.is(Phase::lingering));
  EXPECT_TRUE(input_.is_dropped());
  EXPECT_EQ(lingering_.count(), 1U);
  EXPECT_EQ(part_.sent_methods(), "");
  EXPECT_FALSE(is_closed());
  closing_.on_timeout();
  EXPECT_EQ(lingering_.count(), 0U);
  EXPECT_TRUE(is_closed());
}

TEST_F(ClosingTest, AmongManyRefusedLoginsOneIsToldLate) {
  reach(Phase::starting);
  for (std::uint64_t i = 0; i < core::limits::refusals_per_second; ++i)
    (void)lingering_.tells_refusal_at_once(services_.now());
  core::AmqpError refused{core::ReplyCode::access_refused, "login"};
  refused.whole_connection = true;
  closing_.refuse(refused);
  EXPECT_EQ(part_.sent_methods(), "");
  EXPECT_TRUE(input_.is_dropped());
  closing_.on_timeout();
  EXPECT_FALSE(input_.is_dropped());
  EXPECT_TRUE(phase_.is(Phase::close_sent));
  EXPECT_EQ(part_.sent_methods(), "connection.close");
}

TEST_F(ClosingTest, TheClientsCloseIsAnsweredAndTheSocketIsLeftToIt) {
  reach(Phase::open);
  closing_.on_close_method();
  EXPECT_EQ(part_.sent_methods(), "connection.close-ok");
  EXPECT_TRUE(phase_.is(Phase::lingering));
  EXPECT_EQ(lingering_.count(), 1U);
  on_frame(MethodId::connection_close);
  EXPECT_EQ(part_.sent_methods(), "connection.close-ok");
  EXPECT_FALSE(is_closed());
  closing_.finish();
  EXPECT_EQ(lingering_.count(), 0U);
  part_.settle();
  EXPECT_TRUE(part_.link().server_sent_fin);
}

TEST_F(ClosingTest, ItsExclusiveQueuesGoBeforeTheAnswer) {
  reach(Phase::open);
  closing_.note_exclusive_queue();
  closing_.on_close_method();
  EXPECT_TRUE(phase_.is(Phase::closing));
  on_frame(MethodId::connection_close);
  EXPECT_EQ(part_.sent_methods(), "");
  world_.settle();
  EXPECT_EQ(part_.sent_methods(), "connection.close-ok connection.close-ok");
  EXPECT_TRUE(phase_.is(Phase::lingering));
}

TEST_F(ClosingTest, ItIsCountedUntilItIsOver) {
  const core::QuotaKey vhost{core::QuotaKey::Kind::vhost_connections, 1};
  const core::QuotaKey user{core::QuotaKey::Kind::user_connections, 2};
  EXPECT_EQ(quota_.acquire({vhost, {}}, {user, {}}), std::nullopt);
  reach(Phase::open);
  closing_.end_without_client();
  EXPECT_TRUE(phase_.is(Phase::finished));
  EXPECT_TRUE(uses_.empty());
  EXPECT_EQ(part_.sent_methods(), "");
}

TEST_F(ClosingTest, WhoseUserIsDeletedIsForcedToClose) {
  reach(Phase::open);
  closing_.close_if_deleted();
  EXPECT_TRUE(phase_.is(Phase::open));
  part_.facts().user_id = core::UserId{99};
  closing_.close_if_deleted();
  EXPECT_TRUE(phase_.is(Phase::close_sent));
  EXPECT_EQ(part_.sent_methods(), "connection.close");
}

TEST_F(ClosingTest, BeforeItIsOpenTheBrokerClosesSilently) {
  reach(Phase::starting);
  closing_.force_close({core::ReplyCode::connection_forced, "stop"});
  EXPECT_TRUE(phase_.is(Phase::finished));
  EXPECT_EQ(part_.sent_methods(), "");
  part_.settle();
  EXPECT_TRUE(part_.link().server_sent_fin);
}

}  // namespace
}  // namespace lepus::amqp
