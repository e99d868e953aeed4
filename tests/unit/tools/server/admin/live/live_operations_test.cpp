// browse, trace_messages, log_lines: what shards are asked, and what the operator is told.
#include "tools/server/admin/live/live_operations.h"

#include "core/limits/live.h"
#include "core/message/field_table_writer.h"
#include "tests/unit/tools/server/admin_world.h"
#include "tools/server/log/log_memory.h"

namespace lepus::server {
namespace {

using core::MessageRequest;
using core::MessageResult;

class LiveOperationsTest : public test::AdminTest {
 protected:
  using Options = std::map<std::string, std::string, std::less<>>;
  void ask(std::string_view verb, std::vector<std::string> arguments, Options options = {}) {
    AdminRequest request;
    request.verb = verb;
    request.arguments = std::move(arguments);
    request.options = std::move(options);
    sink_ = {};
    start(std::move(request));
  }
  std::string why(std::string_view verb, std::vector<std::string> arguments, Options options = {}) {
    ask(verb, std::move(arguments), std::move(options));
    return sink_.error;
  }
  std::unique_ptr<MessageRequest> taken(core::ShardId shard) {
    auto request = take<AskMessages>(shard).request;
    return request ? std::move(request) : std::make_unique<MessageRequest>();
  }
  void tell(core::ShardId shard, std::unique_ptr<MessageResult> result) {
    ends_[shard].tell_admin(MessagesReply{std::move(result)});
    turn();
  }
  core::QueueId declare_stream(std::string_view name, core::ShardId home) {
    core::FieldTableWriter arguments;
    arguments.text("x-queue-type", "stream");
    auto request = std::make_unique<core::TopologyRequest>();
    request->kind = core::TopologyRequest::Kind::declare_queue;
    request->vhost = vhost_;
    request->name = name;
    request->from = home;
    request->durable = true;
    request->arguments = arguments.take();
    ends_[home].tell_control(core::TopologyAsk{{}, 0, std::move(request)});
    turn();
    return control_->topology().find_queue(vhost_, name)->id;
  }
  void trace(bool is_on) {
    control_->change(core::SetTrace{"/", is_on}, {},
                     [](const std::optional<core::AccessRefusal>& refusal) {
                       EXPECT_FALSE(refusal) << refusal->text;
                     });
    turn();
  }
};

TEST_F(LiveOperationsTest, AStreamIsReadByItsHome) {
  declare_stream("s", 1);
  ask("browse", {"s"}, {{"offset", "7"}, {"count", "3"}, {"truncate", "100"}});
  const auto request = taken(1);
  EXPECT_EQ(request->kind, MessageRequest::Kind::browse);
  EXPECT_EQ(request->queue, "s");
  EXPECT_EQ(request->start.kind, core::StreamStart::Kind::offset);
  EXPECT_EQ(request->start.value, 7U);
  EXPECT_EQ(request->count_max, 3U);
  EXPECT_EQ(request->body_size_max, 100U);
  auto result = std::make_unique<MessageResult>();
  result->number = request->number;
  core::ShownMessage message;
  message.offset = 7;
  message.arrived_ms = 12'000;
  message.routing_key = "s";
  message.properties = std::string(2, '\0');
  message.body = "hi";
  message.body_size = 900;
  result->messages.push_back(message);
  result->first_offset = 2;
  result->next_offset = 8;
  result->end_offset = 9;
  tell(1, std::move(result));
  ASSERT_EQ(sink_.rows.size(), 1U) << sink_.error;
  EXPECT_EQ(sink_.rows[0],
            R"([[{"offset":7,"timestamp":12000,"exchange":"","routing_key":"s",)"
            R"("payload_bytes":900,"properties":{},"payload":"hi","payload_encoding":"string"}]])");
  EXPECT_EQ(sink_.done,
            R"({"count":1,"first_offset":2,"next_offset":8,"end_offset":9,"limited":false})");
}

TEST_F(LiveOperationsTest, WrongBrowsesAskNobody) {
  declare_stream("s", 0);
  declare("q", 0);
  EXPECT_EQ(why("browse", {}), "usage: expected a stream's name");
  EXPECT_EQ(why("browse", {"q"}),
            "refused: 'q' is no stream: its messages have no offsets and can be looked at from its "
            "head on only, with `get` (ack_mode=peek)");
  EXPECT_TRUE(why("browse", {"missing"}).starts_with("not_found: "));
  EXPECT_EQ(why("browse", {"s"}, {{"offset", "soon"}}),
            "invalid: offset 'soon': expected first, last, next, an offset like 42, an age like "
            "10m or 2h, or a time like 2026-03-01T12:00:00Z");
  for (const char* count : {"0", "-1", "x", "1001"})
    EXPECT_EQ(why("browse", {"s"}, {{"count", count}}),
              std::string("invalid: count '") + count + "': expected a number from 1 to 1000");
  EXPECT_EQ(why("browse", {"s"}, {{"encoding", "hex"}}),
            "invalid: encoding 'hex': expected auto or base64");
  EXPECT_EQ(why("browse", {"s"}, {{"truncate", "x"}}),
            "invalid: truncate: expected a number of bytes");
  EXPECT_TRUE(received_[0].empty());
}

TEST_F(LiveOperationsTest, AQueueThatWentMeanwhile) {
  declare_stream("s", 0);
  ask("browse", {"s"});
  auto result = std::make_unique<MessageResult>();
  result->number = taken(0)->number;
  result->error = core::AmqpError{core::ReplyCode::not_found, "no stream 's' in vhost '/'"};
  tell(0, std::move(result));
  EXPECT_EQ(sink_.error, "not_found: no stream 's' in vhost '/'");
}

TEST_F(LiveOperationsTest, TracesOfAllShardsAreInOrder) {
  EXPECT_EQ(why("trace_messages", {}),
            "refused: virtual host '/' is not traced: `trace_on` begins it");
  trace(true);
  ask("trace_messages", {}, {{"after", "5.7"}, {"queue", "a*"}, {"count", "2"}});
  const auto answer = [&](core::ShardId shard, core::Nanos time, std::string key) {
    const auto request = taken(shard);
    ASSERT_NE(request->trace, nullptr);
    EXPECT_EQ(request->trace->after, shard == 0 ? 5U : 7U);
    EXPECT_EQ(request->trace->filter.queue, "a*");
    EXPECT_EQ(request->trace->count_max, 2U);
    auto result = std::make_unique<MessageResult>();
    result->number = request->number;
    result->trace = std::make_unique<core::TraceAnswer>();
    core::TraceEntry entry;
    entry.time = time * core::nanos_per_ms;
    entry.routing_key = std::move(key);
    result->trace->entries.push_back(entry);
    result->trace->next = shard + 20;
    result->trace->missed = 3;
    tell(shard, std::move(result));
  };
  answer(0, 9, "late");
  answer(1, 8, "early");
  ASSERT_EQ(sink_.rows.size(), 2U) << sink_.error;
  EXPECT_NE(sink_.rows[0].find("early"), std::string::npos) << sink_.rows[0];
  EXPECT_EQ(sink_.done, R"({"count":2,"next":"20.21","missed":6,"more":false})");
}

TEST_F(LiveOperationsTest, WrongTracesAskNobody) {
  trace(true);
  EXPECT_EQ(why("trace_messages", {"q"}), "usage: expected no arguments");
  EXPECT_EQ(why("trace_messages", {}, {{"after", "x"}}),
            "invalid: after 'x': expected `next` of the answer before");
  EXPECT_EQ(why("trace_messages", {}, {{"count", "501"}}),
            "invalid: count '501': expected a number from 1 to 500");
  EXPECT_TRUE(received_[0].empty());
}

TEST_F(LiveOperationsTest, LinesOfTheLog) {
  EXPECT_EQ(why("log_lines", {}), "unavailable: no lines of the log are kept here");
  LogMemory memory;
  host_.known.log_memory = &memory;
  memory.add({5'000'000, core::LogLevel::warning, LogFormat::plaintext, "warning \"a\""});
  ask("log_lines", {});
  ASSERT_EQ(sink_.rows.size(), 1U) << sink_.error;
  EXPECT_EQ(sink_.rows[0], R"([[{"number":1,"time":5,"level":"warning","text":"warning \"a\""}]])");
  EXPECT_EQ(sink_.done, R"({"count":1,"next":1,"missed":0,"more":false})");
  EXPECT_EQ(why("log_lines", {}, {{"level", "loud"}}),
            "invalid: level 'loud': expected debug, info, warning, error or critical");
  EXPECT_EQ(why("log_lines", {}, {{"after", "x"}}),
            "invalid: after 'x': expected `next` of the answer before");
  EXPECT_EQ(why("log_lines", {}, {{"count", "2001"}}),
            "invalid: count '2001': expected a number from 1 to 2000");
  EXPECT_EQ(why("log_lines", {"x"}), "usage: expected no arguments");
}

}  // namespace
}  // namespace lepus::server
