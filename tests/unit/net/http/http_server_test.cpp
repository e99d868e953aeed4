// Requests and answers over streams of every kind: one after another, in pieces, compressed, and
// clients that go away.
#include "net/http/http_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/limits/http.h"
#include "tests/unit/net/http/http_world.h"

namespace lepus::net {
namespace {

using namespace testing_http;
using testing_streams::pattern;
namespace limits = core::limits;

struct SplitCase {
  const char* name;
  std::function<std::unique_ptr<World>()> make;
};

class HttpOverStreams : public ::testing::TestWithParam<SplitCase> {
 protected:
  std::unique_ptr<World> world_ = GetParam().make();
  HttpHost host_{*world_};
};

TEST_P(HttpOverStreams, AnswersOneAfterAnotherOnOneConnection) {
  HttpClient client(host_);
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.ask(get("/a?b"));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "GET /a?b\n");
    EXPECT_EQ(answer.fields.at("content-type"), "text/plain");
    EXPECT_EQ(answer.fields.at("server"), "Lepus");
    EXPECT_TRUE(answer.fields.at("date").ends_with(" GMT"));
    EXPECT_FALSE(answer.fields.contains("connection"));
  }
  EXPECT_FALSE(client.is_at_end());
}

TEST_P(HttpOverStreams, AnswersPipelinedRequestsInOrder) {
  HttpClient client(host_);
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  client.send(all);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(client.receive().body, "POST /" + std::to_string(i) + "?\nabc");
  EXPECT_EQ(host_.service.count, 200);
  // Reading had paused for them.
  client.send("GET /last HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.receive().body, "GET /last?\n");
}

TEST_P(HttpOverStreams, TakesALargeBodyInChunks) {
  HttpClient client(host_);
  const std::string body = pattern(300'000, 3);
  std::string request = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 7'000) {
    const std::string part = body.substr(at, 7'000);
    request += fmt::format("{:x}\r\n", part.size()) + part + "\r\n";
  }
  client.send(request + "0\r\n\r\n");
  EXPECT_EQ(client.receive().body, "PUT /?\n" + body);
}

TEST_P(HttpOverStreams, SendsALargeAnswerWhole) {
  const std::string body = pattern(3'000'000, 4);
  host_.service.handler = [&](HttpExchange& exchange) { exchange.answer(200, {}, body); };
  HttpClient client(host_);
  const Answer answer = client.ask(get("/"));
  EXPECT_EQ(answer.fields.at("content-length"), "3000000");
  EXPECT_TRUE(answer.body == body);
}

TEST_P(HttpOverStreams, SendsPiecesWhileThereIsRoom) {
  PieceWriter writer;
  writer.piece = pattern(10'000, 5);
  writer.left = 300;
  host_.service.handler = [&](HttpExchange& exchange) { writer.begin(exchange); };
  HttpClient client(host_);
  const Answer answer = client.ask(get("/"));
  EXPECT_EQ(answer.fields.at("transfer-encoding"), "chunked");
  EXPECT_EQ(answer.body.size(), 3'000'000U);
  EXPECT_EQ(answer.body.substr(2'990'000), writer.piece);
  EXPECT_FALSE(writer.is_abandoned);
}

TEST_P(HttpOverStreams, TellsWhoAnswersThatTheClientIsGone) {
  PieceWriter writer;
  writer.piece = std::string(10'000, 'x');
  writer.left = 1'000'000'000;
  host_.service.handler = [&](HttpExchange& exchange) { writer.begin(exchange); };
  {
    HttpClient client(host_);
    client.send(get("/"));
    host_.run_until([&] { return writer.written > 0; });
    if (world_->has_resets()) client.raw().reset();
  }
  host_.run_until([&] { return writer.is_abandoned; });
  EXPECT_LT(writer.written * 10'000, 100'000'000U);
}

TEST_P(HttpOverStreams, AnswersAClientThatSendsNoMore) {
  HttpClient client(host_);
  client.send(get("/1") + get("/2"));
  client.raw().shutdown_write();
  EXPECT_EQ(client.receive().body, "GET /1?\n");
  EXPECT_EQ(client.receive().body, "GET /2?\n");
  client.wait_for_end();
}

TEST_P(HttpOverStreams, TellsWhatIsWrongAndEnds) {
  HttpClient client(host_);
  const Answer answer = client.ask("GET / HTTP/9.9\r\n\r\n");
  EXPECT_EQ(answer.status, 505U);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_EQ(answer.fields.at("content-type"), "application/json");
  EXPECT_EQ(answer.body, R"({"error":"version_not_supported",)"
                         R"("reason":"the version is neither HTTP/1.1 nor HTTP/1.0"})");
  client.wait_for_end();
  EXPECT_EQ(host_.service.count, 0);
}

io::SimFaults calm() { return {}; }

const std::vector<SplitCase> cases = {
    {"Sockets", [] { return std::make_unique<testing_streams::UringWorld>(); }},
    {"Epoll", [] { return std::make_unique<testing_streams::EpollWorld>(); }},
    {"Simulated", [] { return std::make_unique<testing_streams::SimulatedWorld>(1, calm()); }},
    {"Rough1",
     [] {
       return std::make_unique<testing_streams::SimulatedWorld>(11, testing_streams::rough());
     }},
    {"Rough2",
     [] {
       return std::make_unique<testing_streams::SimulatedWorld>(12, testing_streams::rough());
     }},
    {"Loopback", [] { return std::make_unique<testing_streams::LoopbackWorld>(); }},
};

INSTANTIATE_TEST_SUITE_P(Worlds, HttpOverStreams, ::testing::ValuesIn(cases),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace lepus::net
