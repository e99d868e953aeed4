// Queues, exchanges, bindings and messages over the HTTP API.
#include "tests/unit/tools/server/http_api/api_world.h"

namespace lepus::server {
namespace {

using test::ApiAnswer;

class ApiTopologyTest : public test::ApiTest {
 protected:
  const core::QueueInfo* queue(std::string_view name) {
    return control_->topology().find_queue(vhost_, name);
  }
};

TEST_F(ApiTopologyTest, QueuesAreDeclared) {
  const std::string body =
      R"({"durable":true,"auto_delete":"false","arguments":{"x-max-length":5}})";
  EXPECT_EQ(put("/queues/%2F/q", body).status, 201U);
  EXPECT_EQ(put("/queues/%2F/q", body).status, 204U);
  ASSERT_NE(queue("q"), nullptr);
  EXPECT_TRUE(queue("q")->durable);
  EXPECT_EQ(put("/queues/%2F/q", R"({"durable":true})"),
            (ApiAnswer{400, test::bad_request_body(
                                R"("inequivalent arg 'x-max-length' for queue 'q' in vhost )"
                                R"('/': received none but current is the value '5' of type )"
                                R"('long'")")}));
}

TEST_F(ApiTopologyTest, WrongQueuesAreRefused) {
  EXPECT_EQ(put("/queues/%2F/q", R"({"durable":"maybe"})"),
            (ApiAnswer{400, test::bad_request_body(R"(["not_boolean","maybe"])")}));
  EXPECT_EQ(put("/queues/%2F/q", "xx").status, 400U);
  EXPECT_EQ(put("/queues/%2F/q", R"({"arguments":5})").status, 400U);
  EXPECT_EQ(put("/queues/%2F/q", R"({"arguments":{"x-max-length":"a"}})").status, 400U);
  EXPECT_EQ(put("/queues/%2F/q", R"({"exclusive":true})").status, 400U);
  EXPECT_EQ(put("/queues/%2F/q", R"({"node":"elsewhere"})"),
            (ApiAnswer{400, test::bad_request_body(R"("Node elsewhere could not be contacted")")}));
  EXPECT_EQ(put("/queues/%2F/amq.foo", "{}"), (ApiAnswer{401, test::access_refused_body}));
  EXPECT_EQ(put("/queues/nov/q", "{}"),
            (ApiAnswer{404, R"({"error":"not_found","reason":"vhost_not_found"})"}));
  EXPECT_EQ(put("/queues/%2F/" + std::string(300, 'q'), "{}").status, 400U);
  EXPECT_EQ(queue("q"), nullptr);
}

TEST_F(ApiTopologyTest, AUserNeedsPermissionsAlsoAsAnAdministrator) {
  add_user("ann", "administrator");
  EXPECT_EQ(put("/queues/%2F/q", "{}", "ann"), (ApiAnswer{401, test::access_refused_body}));
  permit("ann", "/", "^q");
  EXPECT_EQ(put("/queues/%2F/q", "{}", "ann").status, 201U);
  EXPECT_EQ(put("/queues/%2F/x", "{}", "ann").status, 401U);
  EXPECT_EQ(put("/queues/%2F/q2", R"({"arguments":{"x-dead-letter-exchange":"x"}})", "ann").status,
            401U)
      << "it may not write to x";
  EXPECT_EQ(put("/exchanges/%2F/q", "{}", "ann").status, 201U);
  EXPECT_EQ(post("/bindings/%2F/e/amq.direct/q/q", "{}", "ann").status, 401U)
      << "it may not read from amq.direct";
  EXPECT_EQ(post("/bindings/%2F/e/q/q/q", "{}", "ann").status, 201U);
}

TEST_F(ApiTopologyTest, QueuesAreDeletedAndPurgedByTheirHome) {
  (void)declare("q", 1);
  EXPECT_EQ(remove("/queues/%2F/none").status, 404U);
  EXPECT_EQ(remove("/queues/%2F/none/contents").status, 404U);
  const auto purged = begin({"DELETE", "/queues/%2F/q/contents"});
  const auto purge = take<core::Purge>(1);
  ends_[1].tell_admin(core::Reply{purge.channel});
  turn();
  EXPECT_EQ(purged->status(), 204U);
  const auto deleted = begin({"DELETE", "/queues/%2F/q?if-empty=true"});
  const auto asked = take<core::DeleteQueue>(1);
  EXPECT_TRUE(asked.if_empty);
  EXPECT_FALSE(asked.if_unused);
  core::Reply reply{asked.channel};
  reply.error = std::make_unique<core::AmqpError>(
      core::precondition_failed("queue 'q' in vhost '/' not empty"));
  ends_[1].tell_admin(std::move(reply));
  turn();
  EXPECT_EQ(deleted->status(), 400U);
  EXPECT_EQ(deleted->body(), test::bad_request_body(R"("queue 'q' in vhost '/' not empty")"));
  EXPECT_EQ(post("/queues/%2F/q/actions", R"({"action":"sync"})").status, 204U);
  EXPECT_EQ(post("/queues/%2F/q/actions", R"({"action":"foo"})"),
            (ApiAnswer{400, test::bad_request_body(R"(["unknown","foo"])")}));
}

TEST_F(ApiTopologyTest, Exchanges) {
  EXPECT_EQ(put("/exchanges/%2F/x", R"({"type":"topic","durable":true})").status, 201U);
  EXPECT_EQ(put("/exchanges/%2F/x", R"({"type":"topic","durable":true})").status, 204U);
  EXPECT_EQ(put("/exchanges/%2F/x", R"({"type":"direct","durable":true})"),
            (ApiAnswer{400, test::bad_request_body(
                                R"("inequivalent arg 'type' for exchange 'x' in vhost '/': )"
                                R"(received 'direct' but current is 'topic'")")}));
  EXPECT_EQ(put("/exchanges/%2F/y", R"({"type":"foo"})").status, 400U);
  EXPECT_EQ(put("/exchanges/%2F/amq.x", "{}"), (ApiAnswer{401, test::access_refused_body}));
  EXPECT_EQ(remove("/exchanges/%2F/amq.direct"), (ApiAnswer{401, test::access_refused_body}));
  EXPECT_EQ(remove("/exchanges/%2F/none").status, 404U);
  (void)declare("q", 0);
  EXPECT_EQ(post("/bindings/%2F/e/x/q/q", "{}").status, 201U);
  EXPECT_EQ(remove("/exchanges/%2F/x?if-unused=true").status, 400U);
  EXPECT_EQ(remove("/exchanges/%2F/x").status, 204U);
}

TEST_F(ApiTopologyTest, BindingsHaveNames) {
  (void)declare("q", 0);
  const auto bound = begin({"POST", "/bindings/%2F/e/amq.direct/q/q",
                            R"({"routing_key":"a b/c","arguments":{"x":1,"a":"b"}})"});
  EXPECT_EQ(bound->status(), 201U);
  EXPECT_EQ(bound->header("location"), "q/a%2Bb%252Fc~WW7G-Q");
  const std::string row =
      R"({"source":"amq.direct","vhost":"/","destination":"q","destination_type":"queue",)"
      R"("routing_key":"a b/c","arguments":{"x":1,"a":"b"},"properties_key":"a+b%2Fc~WW7G-Q"})";
  const std::string place = "/bindings/%2F/e/amq.direct/q/q";
  EXPECT_EQ(get(place).body, "[" + row + "]");
  EXPECT_EQ(get(place + "/a%2Bb%252Fc~WW7G-Q").body, row);
  EXPECT_EQ(get(place + "/a+b%2Fc~WW7G-Q").body, row);
  EXPECT_EQ(get(place + "/a+b%2Fc~WW7G-q").status, 404U);
  EXPECT_EQ(get("/exchanges/%2F/amq.direct/bindings/source").body, "[" + row + "]");
  EXPECT_EQ(get("/exchanges/%2F/amq.direct/bindings/destination").body, "[]");
  const std::string implicit =
      R"({"source":"","vhost":"/","destination":"q","destination_type":"queue",)"
      R"("routing_key":"q","arguments":{},"properties_key":"q"})";
  EXPECT_EQ(get("/queues/%2F/q/bindings").body, "[" + implicit + "," + row + "]");
  EXPECT_EQ(get("/bindings/%2F/e/amq.default/q/q").body, "[" + implicit + "]");
  EXPECT_EQ(get("/bindings/%2F").body, "[" + implicit + "," + row + "]");
  EXPECT_EQ(get("/bindings/other").body, "[]");
  EXPECT_EQ(remove(place + "/foo").status, 404U);
  EXPECT_EQ(remove(place + "/a%2Bb%252Fc~WW7G-Q").status, 204U);
  EXPECT_EQ(get(place).body, "[]");
}

TEST_F(ApiTopologyTest, WrongBindingsAreRefused) {
  (void)declare("q", 0);
  EXPECT_EQ(post("/bindings/%2F/e/amq.direct/q/none", "{}"),
            (ApiAnswer{404, R"({"error":"not_found","reason":"no queue 'none' in vhost '/'"})"}));
  EXPECT_EQ(
      post("/bindings/%2F/e/none/q/q", "{}"),
      (ApiAnswer{404, R"({"error":"not_found","reason":"no exchange 'none' in vhost '/'"})"}));
  EXPECT_EQ(post("/bindings/%2F/e/amq.default/q/q", "{}"),
            (ApiAnswer{401, test::access_refused_body}));
  EXPECT_EQ(post("/bindings/%2F/e/amq.direct/z/q", "{}").status, 404U);
  EXPECT_EQ(post("/bindings/%2F/e/amq.direct/q/q", "xx").status, 400U);
  EXPECT_EQ(post("/bindings/%2F/e/amq.direct/e/amq.topic", R"({"routing_key":"k"})").status, 201U);
  EXPECT_EQ(get("/bindings/%2F/e/amq.direct/e/amq.topic?columns=destination_type").body,
            R"([{"destination_type":"exchange"}])");
  EXPECT_EQ(remove("/bindings/%2F/e/amq.direct/e/amq.topic/k").status, 204U);
}

// --- Messages

TEST_F(ApiTopologyTest, AMessageIsPublished) {
  const auto published =
      begin({"POST", "/exchanges/%2F/amq.default/publish",
             R"({"properties":{"delivery_mode":2},"routing_key":"q","payload":"aGk=",)"
             R"("payload_encoding":"base64"})"});
  const auto request = take<AskMessages>(0).request;
  EXPECT_EQ(request->exchange, "");
  EXPECT_EQ(request->routing_key, "q");
  EXPECT_EQ(request->body, "hi");
  EXPECT_EQ(request->user, "guest");
  core::MessageResult result;
  result.number = request->number;
  result.is_routed = true;
  ends_[0].tell_admin(MessagesReply{std::make_unique<core::MessageResult>(std::move(result))});
  turn();
  EXPECT_EQ(published->status(), 200U);
  EXPECT_EQ(published->body(), R"({"routed":true})");
}

TEST_F(ApiTopologyTest, WrongMessagesAreRefused) {
  const std::string path = "/exchanges/%2F/amq.default/publish";
  EXPECT_EQ(
      post(path, R"({"routing_key":"q"})"),
      (ApiAnswer{400, test::bad_request_body(R"("[{key_missing,properties},{key_missing,payload},)"
                                             R"({key_missing,payload_encoding}]")")}));
  const auto why = [&](const std::string& properties, const std::string& payload,
                       const std::string& encoding) {
    return post(path, R"({"routing_key":"q","properties":)" + properties + R"(,"payload":")" +
                          payload + R"(","payload_encoding":")" + encoding + R"("})");
  };
  EXPECT_EQ(why("{}", "aG", "base64"),
            (ApiAnswer{400, test::bad_request_body(R"(["not_base64","aG"])")}));
  EXPECT_EQ(why("{}", "a", "foo"),
            (ApiAnswer{400, test::bad_request_body(R"(["unsupported_encoding","foo"])")}));
  EXPECT_EQ(why("5", "a", "string").status, 400U);
  EXPECT_EQ(why(R"({"foo":1})", "a", "string").status, 400U);
  EXPECT_EQ(why(R"({"user_id":"eve"})", "a", "string").status, 400U);
}

TEST_F(ApiTopologyTest, MessagesAreLookedAt) {
  (void)declare("q", 1);
  const auto got = begin({"POST", "/queues/%2F/q/get",
                          R"({"count":2,"ackmode":"ack_requeue_false","encoding":"auto"})"});
  const auto request = take<AskMessages>(1).request;
  EXPECT_EQ(request->settlement, core::MessageRequest::Settlement::ack);
  EXPECT_EQ(request->count_max, 2U);
  core::MessageResult result;
  result.number = request->number;
  core::ShownMessage message;
  message.routing_key = "q";
  message.body = "hello";
  message.body_size = 5;
  message.properties = std::string(2, '\0');
  result.messages.push_back(message);
  ends_[1].tell_admin(MessagesReply{std::make_unique<core::MessageResult>(std::move(result))});
  turn();
  EXPECT_EQ(got->body(),
            R"([{"payload_bytes":5,"redelivered":false,"exchange":"","routing_key":"q",)"
            R"("message_count":0,"properties":{},"payload":"hello","payload_encoding":"string"}])");
  EXPECT_EQ(
      post("/queues/%2F/q/get", "{}"),
      (ApiAnswer{400,
                 test::bad_request_body(
                     R"("[{key_missing,ackmode},{key_missing,count},{key_missing,encoding}]")")}));
  EXPECT_EQ(
      post("/queues/%2F/none/get", R"({"count":1,"ackmode":"x","encoding":"auto"})"),
      (ApiAnswer{404,
                 R"({"error":"not_found","reason":"NOT_FOUND - no queue 'none' in vhost '/'"})"}));
  EXPECT_EQ(post("/queues/%2F/q/get", R"({"count":"a","ackmode":"x","encoding":"auto"})"),
            (ApiAnswer{400, test::bad_request_body(R"(["not_integer","a"])")}));
  EXPECT_EQ(
      post("/queues/%2F/q/get", R"({"count":0,"ackmode":"ack_requeue_true","encoding":"auto"})"),
      (ApiAnswer{200, "[]"}));
}

TEST_F(ApiTopologyTest, AConnectionIsClosedByItsName) {
  add_user("ann", "management");
  const auto answer_list = [&] {
    for (core::ShardId shard = 0; shard < 2; ++shard) {
      const core::StatsRequest inquiry = asked(shard);
      core::StatsPage page;
      page.number = inquiry.number;
      page.last = true;
      if (shard == 1) {
        page.connections.emplace_back();
        page.connections.back().id = core::ConnectionId{std::uint64_t{2} << 48 | 7};
        page.connections.back().name = "1.2.3.4:5 -> 6.7.8.9:10";
        page.connections.back().user = "guest";
      }
      answer(shard, std::move(page));
    }
  };
  const std::string path = "/connections/1.2.3.4%3A5%20-%3E%206.7.8.9%3A10";
  const auto foreign = begin({"DELETE", path, {}, "ann"});
  answer_list();
  EXPECT_EQ(foreign->status(), 401U);
  const auto closed = begin({"DELETE", path, {}, "guest", {{"X-Reason", "enough"}}});
  answer_list();
  const core::StatsRequest inquiry = asked(1);
  EXPECT_EQ(inquiry.kind, core::StatsRequest::Kind::close_connections);
  EXPECT_EQ(inquiry.reason, "enough");
  core::StatsPage page;
  page.number = inquiry.number;
  page.last = true;
  page.closed_count = 1;
  answer(1, std::move(page));
  EXPECT_EQ(closed->status(), 204U);
  const auto missing = begin({"DELETE", "/connections/none"});
  answer_list();
  EXPECT_EQ(missing->status(), 404U);
}

}  // namespace
}  // namespace lepus::server
