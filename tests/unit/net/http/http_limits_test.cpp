// HEAD, HTTP/1.0, compression, and what clients may cost: times, sizes, numbers.
#include <gtest/gtest.h>

#include "core/limits/http.h"
#include "net/http/http_server.h"
#include "tests/unit/net/http/http_world.h"

namespace lepus::net {
namespace {

using namespace testing_http;
namespace limits = core::limits;
using core::nanos_per_s;

class HttpLimits : public ::testing::Test {
 protected:
  explicit HttpLimits(const HttpSettings& settings = {}) : host_(world_, settings) {}

  /// With nothing else to happen, time passes.
  void pass(core::Nanos time) {
    const core::Nanos until = host_.loop.now() + time;
    host_.run_until([&] { return host_.loop.now() >= until; });
  }

  testing_streams::SimulatedWorld world_{1, io::SimFaults{}};
  HttpHost host_;
};

TEST_F(HttpLimits, HeadIsAGetWithoutItsBody) {
  HttpClient client(host_);
  const Answer answer = client.ask("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.fields.at("content-length"), "8");
  EXPECT_EQ(client.ask(get("/y")).body, "GET /y?\n");
}

TEST_F(HttpLimits, HeadOfPiecesIsWithoutThem) {
  PieceWriter writer;
  writer.piece = "abc";
  writer.left = 10;
  host_.service.handler = [&](HttpExchange& exchange) { writer.begin(exchange); };
  HttpClient client(host_);
  EXPECT_EQ(client.ask("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n").status, 200U);
  writer.left = 1;
  EXPECT_EQ(client.ask(get("/y")).body, "abc");
}

TEST_F(HttpLimits, OldClientsGetTheEndOfTheConnectionAsTheEnd) {
  PieceWriter writer;
  writer.piece = "abc";
  writer.left = 10;
  host_.service.handler = [&](HttpExchange& exchange) { writer.begin(exchange); };
  HttpClient client(host_);
  const Answer answer = client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.body.size(), 30U);
  EXPECT_EQ(answer.fields.at("connection"), "close");
  EXPECT_FALSE(answer.fields.contains("transfer-encoding"));
}

TEST_F(HttpLimits, OldClientsMayKeepTheirConnection) {
  HttpClient client(host_);
  const std::string request = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_EQ(client.ask(request).fields.at("connection"), "keep-alive");
  EXPECT_EQ(client.ask("GET /a HTTP/1.0\r\n\r\n").fields.at("connection"), "close");
  client.wait_for_end();
}

TEST_F(HttpLimits, NoContentHasNoLength) {
  host_.service.handler = [](HttpExchange& exchange) {
    exchange.answer(204, {{"x", "a\r\nInjected: b"}}, "");
  };
  HttpClient client(host_);
  const Answer answer = client.ask(get("/"));
  EXPECT_FALSE(answer.fields.contains("content-length"));
  EXPECT_EQ(answer.fields.at("x"), "a  Injected: b");
  EXPECT_EQ(client.ask(get("/")).status, 204U);
}

TEST_F(HttpLimits, TextIsCompressedWhenAskedFor) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += "line " + std::to_string(i) + "\n";
  host_.service.handler = [&](HttpExchange& exchange) {
    exchange.answer(200, {{"content-type", "text/plain"}}, text);
  };
  HttpClient client(host_);
  for (const char* coding : {"gzip", "deflate"}) {
    const Answer answer = client.ask(get("/", std::string("Accept-Encoding: ") + coding + "\r\n"));
    EXPECT_EQ(answer.fields.at("content-encoding"), coding);
    EXPECT_EQ(answer.fields.at("vary"), "accept-encoding");
    EXPECT_LT(answer.body.size(), text.size() / 2);
    EXPECT_EQ(inflated(answer.body), text);
  }
  const Answer plain = client.ask(get("/"));
  EXPECT_FALSE(plain.fields.contains("content-encoding"));
  EXPECT_EQ(plain.fields.at("vary"), "accept-encoding");
  EXPECT_EQ(plain.body, text);
}

TEST_F(HttpLimits, WhatIsLargeOrComesInPiecesIsCompressedAsItLeaves) {
  std::string text;
  while (text.size() < 1'000'000) text += "number " + std::to_string(text.size()) + "\n";
  host_.service.handler = [&](HttpExchange& exchange) {
    exchange.answer(200, {{"content-type", "application/json"}}, text);
  };
  HttpClient client(host_);
  const std::string request = get("/", "Accept-Encoding: gzip\r\n");
  const Answer large = client.ask(request);
  EXPECT_EQ(large.fields.at("transfer-encoding"), "chunked");
  EXPECT_TRUE(inflated(large.body) == text);
  PieceWriter writer;
  writer.type = "text/plain";
  writer.piece = "piece ";
  writer.left = 50'000;
  host_.service.handler = [&](HttpExchange& exchange) { writer.begin(exchange); };
  const Answer pieces = client.ask(request);
  EXPECT_EQ(pieces.fields.at("content-encoding"), "gzip");
  EXPECT_EQ(inflated(pieces.body).size(), 300'000U);
}

TEST_F(HttpLimits, WhatIsSmallOrNoTextGoesAsItIs) {
  HttpClient client(host_);
  EXPECT_FALSE(
      client.ask(get("/", "Accept-Encoding: gzip\r\n")).fields.contains("content-encoding"));
  host_.service.handler = [&](HttpExchange& exchange) {
    exchange.answer(200, {{"content-type", "image/png"}}, std::string(10'000, 'a'));
  };
  EXPECT_FALSE(
      client.ask(get("/", "Accept-Encoding: gzip\r\n")).fields.contains("content-encoding"));
}

TEST_F(HttpLimits, TellsWhoWaitsToGoOn) {
  HttpClient client(host_);
  const Answer go_on =
      client.ask("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(go_on.status, 100U);
  EXPECT_EQ(client.ask("abc").body, "PUT /?\nabc");
  // The body is there already.
  EXPECT_EQ(client
                .ask("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
                     "\r\nabc")
                .status,
            200U);
  const Answer refused = client.ask(
      "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(refused.status, 413U);
  client.wait_for_end();
}

TEST_F(HttpLimits, ARefusedBodyDoesNotHideTheAnswer) {
  HttpClient client(host_);
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n");
  client.send(std::string(500'000, 'x'));
  EXPECT_EQ(client.receive().status, 413U);
  client.wait_for_end();
}

TEST_F(HttpLimits, WhoIsSlowIsTold) {
  HttpClient head(host_);
  head.send("GET / HTTP/1.1\r\nHost");
  EXPECT_EQ(head.receive().status, 408U);
  HttpClient body(host_);
  body.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
  EXPECT_EQ(body.receive().status, 408U);
}

TEST_F(HttpLimits, ALargeBodyMayTakeItsTime) {
  HttpClient client(host_);
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n");
  for (int i = 0; i < 40; ++i) {
    client.send(std::string(100'000, 'x'));
    pass(5 * nanos_per_s);
  }
  EXPECT_EQ(client.receive().status, 200U);
}

TEST_F(HttpLimits, WhoAsksNothingIsClosed) {
  HttpClient fresh(host_);
  HttpClient client(host_);
  EXPECT_EQ(client.ask(get("/")).status, 200U);
  pass(limits::http_idle_timeout_default + 2 * nanos_per_s);
  EXPECT_TRUE(client.is_at_end());
  EXPECT_TRUE(fresh.is_at_end());
  EXPECT_EQ(client.heard, "");
}

TEST_F(HttpLimits, WhoReadsNothingIsCutOff) {
  PieceWriter writer;
  writer.piece = std::string(10'000, 'x');
  writer.left = 1'000'000'000;
  host_.service.handler = [&](HttpExchange& exchange) { writer.begin(exchange); };
  HttpClient client(host_);
  client.send(get("/"));
  host_.run_until([&] { return writer.is_abandoned; });
  EXPECT_LT(writer.written * writer.piece.size(), 2 * limits::http_output_high + (8U << 20));
}

TEST_F(HttpLimits, WhatComesBehindARequestIsHeldAndBounded) {
  PieceWriter writer;
  host_.service.handler = [&](HttpExchange& exchange) { exchange.set_answerer(&writer); };
  HttpClient client(host_);
  const std::string many = get("/" + std::string(2'000, 'a'));
  // Reading is paused: sooner or later nothing more can be written.
  int refused = 0;
  host_.run_until([&] {
    refused = client.raw().write(many) == 0 ? refused + 1 : 0;
    return refused == 100;
  });
  EXPECT_EQ(host_.service.count, 1);
  EXPECT_EQ(host_.server->connection_count(), 1U);
  client.raw().reset();
  host_.run_until([&] { return writer.is_abandoned; });
}

TEST_F(HttpLimits, HundredsOfSlowClientsLeaveTheOthersAlone) {
  std::vector<std::unique_ptr<HttpClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<HttpClient>(host_));
    slow.back()->send("GET /");
  }
  HttpClient client(host_);
  EXPECT_EQ(client.ask(get("/a")).body, "GET /a?\n");
  EXPECT_FALSE(host_.server->has_work());
  pass(limits::http_head_timeout_default + limits::http_finish_wait + nanos_per_s);
  for (const auto& one : slow) EXPECT_TRUE(one->is_at_end());
}

TEST_F(HttpLimits, AFaultOfTheServiceEndsTheConnectionOnly) {
  host_.service.handler = [](HttpExchange&) {};
  HttpClient client(host_);
  client.send(get("/"));
  client.wait_for_end();
  host_.service.handler = [](HttpExchange& exchange) {
    exchange.begin(200, {});
    exchange.write("half of it");
    exchange.fail();
  };
  HttpClient other(host_);
  other.send(get("/"));
  other.wait_for_end();
  EXPECT_FALSE(take_answer(other.heard).is_whole);
}

TEST_F(HttpLimits, AStopLetsAnswersEnd) {
  PieceWriter writer;
  host_.service.handler = [&](HttpExchange& exchange) {
    writer.exchange = &exchange;
    exchange.set_answerer(&writer);
  };
  HttpClient idle(host_);
  HttpClient asking(host_);
  HttpClient never(host_);
  never.send(get("/"));
  host_.run_until([&] { return writer.exchange != nullptr; });
  PieceWriter first = std::exchange(writer, {});
  first.exchange->set_answerer(&first);
  asking.send(get("/"));
  host_.run_until([&] { return writer.exchange != nullptr; });
  host_.server->stop();
  idle.wait_for_end();
  std::exchange(writer.exchange, nullptr)->answer(200, {}, "late");
  const Answer answer = asking.receive();
  EXPECT_EQ(answer.body, "late");
  asking.wait_for_end();
  host_.run_until([&] { return first.is_abandoned; });
}

class HttpFewConnections : public HttpLimits {
 protected:
  HttpFewConnections() : HttpLimits({.connections_max = 3}) {}
};

TEST_F(HttpFewConnections, WhoIsIdleGivesWay) {
  HttpClient first(host_);
  EXPECT_EQ(first.ask(get("/")).status, 200U);
  HttpClient second(host_);
  EXPECT_EQ(second.ask(get("/")).status, 200U);
  HttpClient third(host_);
  EXPECT_EQ(third.ask(get("/")).status, 200U);
  HttpClient fourth(host_);
  EXPECT_EQ(fourth.ask(get("/")).status, 200U);
  first.wait_for_end();
  EXPECT_FALSE(second.is_at_end());
}

TEST_F(HttpFewConnections, WhenAllAreBusyOneMoreIsTold) {
  std::vector<HttpExchange*> exchanges;
  PieceWriter nobody;
  host_.service.handler = [&](HttpExchange& exchange) {
    exchange.set_answerer(&nobody);
    exchanges.push_back(&exchange);
  };
  std::vector<std::unique_ptr<HttpClient>> busy;
  for (int i = 0; i < 3; ++i) {
    busy.push_back(std::make_unique<HttpClient>(host_));
    busy.back()->send(get("/"));
  }
  host_.run_until([&] { return exchanges.size() == 3; });
  HttpClient more(host_);
  EXPECT_EQ(more.receive().status, 503U);
  for (HttpExchange* exchange : exchanges) exchange->answer(200, {}, "");
  for (const auto& one : busy) EXPECT_EQ(one->receive().status, 200U);
}

}  // namespace
}  // namespace lepus::net
