// Pieces of streams, traced messages, lines of the log and the placement, over HTTP: who may, what
// is asked and answered.
#include "core/message/field_table_writer.h"
#include "tests/unit/tools/server/http_api/api_world.h"
#include "tools/server/log/log_memory.h"
#include "tools/server/placement/placement.h"

namespace lepus::server {
namespace {

using test::ApiAnswer;

class LiveHandlersTest : public test::ApiTest {
 protected:
  void declare_stream() {
    core::FieldTableWriter arguments;
    arguments.text("x-queue-type", "stream");
    auto request = std::make_unique<core::TopologyRequest>();
    request->kind = core::TopologyRequest::Kind::declare_queue;
    request->vhost = vhost_;
    request->name = "s";
    request->from = 0;
    request->durable = true;
    request->arguments = arguments.take();
    ends_[0].tell_control(core::TopologyAsk{{}, 0, std::move(request)});
    turn();
  }
  void tell(std::unique_ptr<core::MessageResult> result, core::ShardId shard = 0) {
    ends_[shard].tell_admin(MessagesReply{std::move(result)});
    turn();
  }
};

TEST_F(LiveHandlersTest, AStreamIsBrowsed) {
  declare_stream();
  const auto asked = begin({"GET", "/queues/%2F/s/browse?offset=4&count=2&truncate=10"});
  const auto request = take<AskMessages>(0).request;
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->kind, core::MessageRequest::Kind::browse);
  EXPECT_EQ(request->start.value, 4U);
  EXPECT_EQ(request->count_max, 2U);
  EXPECT_EQ(request->body_size_max, 10U);
  EXPECT_EQ(request->user, "guest");
  auto result = std::make_unique<core::MessageResult>();
  result->number = request->number;
  core::ShownMessage message;
  message.properties = std::string(2, '\0');
  message.body = "a";
  message.body_size = 1;
  for (message.offset = 4; message.offset < 6; ++message.offset)
    result->messages.push_back(message);
  result->next_offset = 6;
  result->end_offset = 9;
  tell(std::move(result));
  EXPECT_EQ(asked->status(), 200U);
  const auto json = ApiCall::Json::parse(asked->body());
  ASSERT_EQ(json["messages"].size(), 2U) << asked->body();
  EXPECT_EQ(json["messages"][1]["offset"], 5);
  EXPECT_EQ(json["messages"][1]["payload"], "a");
  EXPECT_EQ(json["next_offset"], 6);
  EXPECT_EQ(json["end_offset"], 9);
}

TEST_F(LiveHandlersTest, WhatCannotBeBrowsed) {
  declare_stream();
  declare("q", 0);
  EXPECT_EQ(get("/queues/%2F/none/browse"), (ApiAnswer{404, test::not_found_body}));
  EXPECT_EQ(get("/queues/none/s/browse").status, 404U);
  const ApiAnswer bad = get("/queues/%2F/s/browse?offset=soon");
  EXPECT_EQ(bad.status, 400U);
  EXPECT_NE(bad.body.find("offset 'soon': expected first, last, next"), std::string::npos);
  EXPECT_EQ(get("/queues/%2F/s/browse?count=0").status, 400U);
  EXPECT_EQ(get("/queues/%2F/q/browse").status, 400U);
  EXPECT_EQ(post("/queues/%2F/s/browse").status, 405U);
  EXPECT_TRUE(received_[0].empty());
}

TEST_F(LiveHandlersTest, WhoMayNotReadMayNotBrowse) {
  declare_stream();
  add_user("ann", "management");
  permit("ann", "/", "^$");
  EXPECT_EQ(get("/queues/%2F/s/browse", "ann"), (ApiAnswer{401, test::access_refused_body}));
  EXPECT_EQ(get("/queues/%2F/s/browse", "").status, 401U);
  EXPECT_TRUE(received_[0].empty());
}

TEST_F(LiveHandlersTest, TracesAreForAdministrators) {
  add_user("mon", "monitoring");
  permit("mon", "/");
  EXPECT_EQ(get("/vhosts/%2F/trace", "mon").status, 401U);
  EXPECT_EQ(get("/vhosts/none/trace").status, 404U);
  EXPECT_EQ(get("/vhosts/%2F/trace").status, 400U);
  change(core::SetTrace{"/", true});
  const auto asked = begin({"GET", "/vhosts/%2F/trace?queue=a*&count=7"});
  for (core::ShardId shard = 0; shard < 2; ++shard) {
    const auto request = take<AskMessages>(shard).request;
    ASSERT_NE(request->trace, nullptr);
    EXPECT_EQ(request->trace->filter.queue, "a*");
    EXPECT_EQ(request->trace->count_max, 7U);
    auto result = std::make_unique<core::MessageResult>();
    result->number = request->number;
    result->trace = std::make_unique<core::TraceAnswer>();
    result->trace->next = 3;
    tell(std::move(result), shard);
  }
  EXPECT_EQ(asked->body(), R"({"messages":[],"count":0,"next":"3.3","missed":0,"more":false})");
}

TEST_F(LiveHandlersTest, TheLogIsForMonitors) {
  LogMemory memory;
  host_.known.log_memory = &memory;
  memory.add({5'000'000, core::LogLevel::error, LogFormat::plaintext, "error a"});
  memory.add({6'000'000, core::LogLevel::info, LogFormat::plaintext, "info b"});
  const std::string node = node_name(host_.settings);
  add_user("ann", "management");
  add_user("mon", "monitoring");
  EXPECT_EQ(get("/nodes/" + node + "/log", "ann").status, 401U);
  EXPECT_EQ(get("/nodes/other/log", "mon").status, 404U);
  EXPECT_EQ(get("/nodes/" + node + "/log?level=warning", "mon").body,
            R"({"lines":[{"number":1,"time":5,"level":"error","text":"error a"}],"count":1,)"
            R"("next":2,"missed":0,"more":false})");
  EXPECT_EQ(get("/nodes/" + node + "/log?after=1&text=B", "mon").body,
            R"({"lines":[{"number":2,"time":6,"level":"info","text":"info b"}],"count":1,)"
            R"("next":2,"missed":0,"more":false})");
  EXPECT_EQ(get("/nodes/" + node + "/log?level=loud", "mon").status, 400U);
}

TEST_F(LiveHandlersTest, ThePlacementIsToldWhereItIsKnown) {
  const std::string path = "/nodes/" + node_name(host_.settings) + "/placement";
  EXPECT_EQ(get(path).status, 404U);
  Placement placement;
  placement.pin = true;
  host_.known.placement = &placement;
  EXPECT_EQ(get(path).status, 200U);
  EXPECT_TRUE(get(path).body.starts_with(R"({"pinned":true,"cpus":[])")) << get(path).body;
  EXPECT_EQ(get("/nodes/other/placement").status, 404U);
  add_user("ann", "management");
  EXPECT_EQ(get(path, "ann").status, 401U);
}

TEST_F(LiveHandlersTest, WhetherTokensAreTakenIsSaidToAnybody) {
  EXPECT_EQ(get("/auth", "").body, R"({"oauth_enabled":false,"takes_tokens":false})");
  host_.settings.auth.backends[2].authn = core::AuthBackend::oauth2;
  EXPECT_EQ(get("/auth", "").body, R"({"oauth_enabled":false,"takes_tokens":true})");
}

}  // namespace
}  // namespace lepus::server
