// publish and get: what a shard is asked for the operator, and what he is told.
#include "core/limits.h"
#include "core/message/properties.h"
#include "tests/unit/tools/server/admin_world.h"

namespace lepus::server {
namespace {

using core::MessageRequest;
using core::MessageResult;

class AdminMessagesTest : public test::AdminTest {
 protected:
  using Options = std::map<std::string, std::string, std::less<>>;
  void ask(std::string_view verb, std::string argument, Options options = {}) {
    AdminRequest request;
    request.verb = verb;
    request.arguments = {std::move(argument)};
    request.options = std::move(options);
    sink_ = {};
    start(std::move(request));
  }
  MessageRequest taken(core::ShardId shard) {
    const std::unique_ptr<MessageRequest> request = take<AskMessages>(shard).request;
    return request ? std::move(*request) : MessageRequest{};
  }
  static core::ShownMessage shown(std::string exchange, std::string key, std::string body) {
    core::ShownMessage message;
    message.exchange = std::move(exchange);
    message.routing_key = std::move(key);
    message.properties = std::string(2, '\0');
    message.body_size = body.size();
    message.body = std::move(body);
    return message;
  }
  void tell(core::ShardId shard, MessageResult result) {
    auto owned = std::make_unique<MessageResult>(std::move(result));
    ends_[shard].tell_admin(MessagesReply{std::move(owned)});
    turn();
  }
};

TEST_F(AdminMessagesTest, APublishIsCarriedOutByAShard) {
  ask("publish", "aGk=",
      {{"exchange", "x"},
       {"routing_key", "k"},
       {"properties", R"({"delivery_mode":2})"},
       {"headers", R"({"a":1})"},
       {"payload_encoding", "base64"}});
  const MessageRequest request = taken(0);
  EXPECT_EQ(request.kind, MessageRequest::Kind::publish);
  EXPECT_EQ(request.exchange, "x");
  EXPECT_EQ(request.routing_key, "k");
  EXPECT_EQ(request.body, "hi");
  EXPECT_EQ(request.vhost, vhost_);
  EXPECT_EQ(request.vhost_name, "/");
  core::PropertiesView view;
  ASSERT_TRUE(core::decode_properties(core::as_bytes(request.properties), view));
  EXPECT_TRUE(view.is_persistent());
  EXPECT_EQ(view.header_table().find("a")->as_int64(), 1);
  EXPECT_EQ(sink_.done, "");
  tell(0, {.number = request.number, .is_routed = true});
  EXPECT_EQ(sink_.done, R"({"routed":true})");
}

TEST_F(AdminMessagesTest, WhereAPublishWentIsTold) {
  ask("publish", "text");
  EXPECT_EQ(taken(0).body, "text");
  tell(0, {.number = 1});
  EXPECT_EQ(sink_.done, R"({"routed":false})");
  ask("publish", "text");
  tell(0, {.number = taken(0).number, .is_routed = true, .is_refused = true});
  EXPECT_EQ(sink_.error, "refused: the message was refused: a queue that it reaches is full");
}

TEST_F(AdminMessagesTest, WrongPublishesAskNobody) {
  const auto why = [&](Options options, std::string payload = "x") {
    ask("publish", std::move(payload), std::move(options));
    return sink_.error;
  };
  EXPECT_EQ(why({{"properties", "5"}}),
            "invalid: properties: expected a JSON object like {\"delivery_mode\": 2}");
  EXPECT_EQ(why({{"headers", "5"}}),
            "invalid: properties.headers: expected an object like {\"x-max-length\": 1000}");
  EXPECT_EQ(why({{"routing_key", std::string(256, 'k')}}),
            "invalid: a name or key has 256 bytes, at most 255 fit");
  EXPECT_EQ(why({{"payload_encoding", "base64"}}), "invalid: the payload is not base64");
  EXPECT_EQ(why({{"payload_encoding", "rot13"}}),
            "invalid: payload_encoding 'rot13': there are string and base64");
  EXPECT_TRUE(received_[0].empty());
}

TEST_F(AdminMessagesTest, ALargeBodyIsOneArgument) {
  ask("publish", std::string(core::limits::admin_argument_max + 1, 'x'));
  EXPECT_EQ(taken(0).body.size(), core::limits::admin_argument_max + 1);
}

TEST_F(AdminMessagesTest, AQueueIsLookedAtByItsHome) {
  declare("q", 1);
  ask("get", "q", {{"count", "5"}, {"ack_mode", "reject"}, {"truncate", "10"}});
  const MessageRequest request = taken(1);
  EXPECT_EQ(request.kind, MessageRequest::Kind::get);
  EXPECT_EQ(request.queue, "q");
  EXPECT_EQ(request.count_max, 5U);
  EXPECT_EQ(request.settlement, MessageRequest::Settlement::reject);
  EXPECT_EQ(request.body_size_max, 10U);
  MessageResult result{.number = request.number};
  result.messages.push_back(shown("x", "k", "hello"));
  result.messages[0].body_size = 12;
  result.messages[0].message_count = 3;
  result.messages[0].redelivered = true;
  result.messages.push_back(shown("", "q", "\xff\xfe"));
  result.messages[1].message_count = 2;
  tell(1, std::move(result));
  ASSERT_EQ(sink_.rows.size(), 2U);
  EXPECT_EQ(sink_.rows[0], R"([[12,true,"x","k",3,{},"hello","string"]])");
  EXPECT_EQ(sink_.rows[1], R"([[2,false,"","q",2,{},"//4=","base64"]])");
  EXPECT_EQ(sink_.done, R"({"count":2})");
}

TEST_F(AdminMessagesTest, AnAnswerThatIsCutSaysSo) {
  declare("q", 0);
  ask("get", "q", {{"encoding", "base64"}});
  const MessageRequest request = taken(0);
  EXPECT_EQ(request.settlement, MessageRequest::Settlement::peek);
  MessageResult result{.number = request.number};
  result.messages.push_back(shown("", "q", "a"));
  result.is_limited = true;
  tell(0, std::move(result));
  EXPECT_EQ(sink_.rows[0], R"([[1,false,"","q",0,{},"YQ==","base64"]])");
  EXPECT_NE(sink_.done.find("\"warnings\":[\"only 1 messages are shown"), std::string::npos)
      << sink_.done;
}

TEST_F(AdminMessagesTest, WrongLooksAskNobody) {
  declare("q", 0);
  const auto why = [&](std::string queue, Options options = {}) {
    ask("get", std::move(queue), std::move(options));
    return sink_.error;
  };
  EXPECT_EQ(why("missing"), "not_found: Queue not found");
  EXPECT_EQ(why("q", {{"count", "0"}}), "invalid: count: expected a number from 1 to 1000");
  EXPECT_EQ(why("q", {{"ack_mode", "eat"}}), "invalid: ack_mode: expected peek, ack or reject");
  EXPECT_EQ(why("q", {{"encoding", "hex"}}), "invalid: encoding: expected auto or base64");
  EXPECT_EQ(why("q", {{"truncate", "-1"}}), "invalid: truncate: expected a number of bytes");
  EXPECT_TRUE(received_[0].empty());
}

TEST_F(AdminMessagesTest, ErrorsOfTheShardHaveTheirFaults) {
  using core::ReplyCode;
  const auto fault = [&](ReplyCode code) {
    ask("publish", "x");
    MessageResult result{.number = taken(0).number};
    result.error = core::AmqpError{code, "why"};
    tell(0, std::move(result));
    return sink_.error;
  };
  EXPECT_EQ(fault(ReplyCode::not_found), "not_found: why");
  EXPECT_EQ(fault(ReplyCode::resource_locked), "refused: why");
  EXPECT_EQ(fault(ReplyCode::precondition_failed), "invalid: why");
  EXPECT_EQ(fault(ReplyCode::resource_error), "unavailable: why");
  EXPECT_EQ(fault(ReplyCode::connection_forced), "unavailable: why");
}

TEST_F(AdminMessagesTest, AnAnswerForNobodyIsDropped) {
  ask("publish", "x");
  const std::uint64_t number = taken(0).number;
  admin_->cancel(static_cast<std::uint32_t>(number));
  tell(0, {.number = number, .is_routed = true});
  EXPECT_EQ(sink_.done, "");
}

}  // namespace
}  // namespace lepus::server
