// For the tests of HTTP: a server on the worlds of tests/unit/net, whose service is the test's, and
// clients that read answers as they stand on the wire.
#pragma once

#include <zlib.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/http_server.h"
#include "net/http/http_text.h"
#include "tests/unit/net/stream_loopback.h"
#include "tests/unit/net/stream_worlds.h"

namespace lepus::net::testing_http {

using testing_streams::Client;
using testing_streams::World;

/// What the test says is done with a request.
struct TestService final : HttpService {
  void on_request(HttpExchange& exchange) override {
    ++count;
    handler(exchange);
  }
  std::function<void(HttpExchange&)> handler = [](HttpExchange& exchange) {
    const HttpRequest& request = exchange.request();
    exchange.answer(
        200, {{"content-type", "text/plain"}},
        request.method + " " + request.path + "?" + request.query + "\n" + request.body);
  };
  int count = 0;
};

/// Writes pieces whenever there is room.
struct PieceWriter final : HttpAnswerer {
  void on_room() override { go_on(); }
  void on_abandoned() override {
    is_abandoned = true;
    exchange = nullptr;
  }
  void begin(HttpExchange& one) {
    exchange = &one;
    one.set_answerer(this);
    one.begin(200, {{"content-type", type}});
    go_on();
  }
  void go_on() {
    while (exchange != nullptr && exchange->has_room()) {
      if (left == 0) return std::exchange(exchange, nullptr)->end();
      --left;
      ++written;
      exchange->write(piece);
    }
  }
  HttpExchange* exchange = nullptr;
  std::string piece;
  std::string type = "application/octet-stream";
  std::size_t left = 0;
  std::size_t written = 0;
  bool is_abandoned = false;
};

struct Answer {
  unsigned status = 0;
  std::map<std::string, std::string> fields;
  std::string body;
  bool is_whole = false;
};

/// The first answer in `text`, which is taken off when it is whole. `ended`: nothing comes behind.
inline Answer take_answer(std::string& text, bool is_head = false, bool ended = false) {
  Answer answer;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return answer;
  CHECK(text.starts_with("HTTP/1.1 "));
  answer.status = static_cast<unsigned>(std::stoul(text.substr(9, 3)));
  std::size_t line = text.find("\r\n") + 2;
  while (line < end + 2) {
    const std::size_t line_end = text.find("\r\n", line);
    const std::size_t colon = text.find(": ", line);
    CHECK(colon < line_end);
    const std::string name = text.substr(line, colon - line);
    CHECK(!answer.fields.contains(name));
    answer.fields[name] = text.substr(colon + 2, line_end - colon - 2);
    line = line_end + 2;
  }
  std::size_t at = end + 4;
  if (is_head || answer.status == 204 || answer.status == 304 || answer.status == 100) {
    answer.is_whole = true;
  } else if (answer.fields.contains("content-length")) {
    const std::size_t size = std::stoul(answer.fields["content-length"]);
    answer.is_whole = text.size() - at >= size;
    answer.body = text.substr(at, size);
    at += size;
  } else if (answer.fields.contains("transfer-encoding")) {
    for (;;) {
      const std::size_t size_end = text.find("\r\n", at);
      if (size_end == std::string::npos) return answer;
      const std::size_t size = std::stoul(text.substr(at, size_end - at), nullptr, 16);
      if (text.size() < size_end + 2 + size + 2) return answer;
      answer.body += text.substr(size_end + 2, size);
      at = size_end + 2 + size + 2;
      if (size == 0) break;
    }
    answer.is_whole = true;
  } else {
    answer.is_whole = ended;
    answer.body = text.substr(at);
    at = text.size();
  }
  if (answer.is_whole) text.erase(0, at);
  return answer;
}

/// What zlib makes of it: gzip and deflate are told apart by themselves.
inline std::string inflated(std::string_view bytes) {
  z_stream stream{};
  CHECK(inflateInit2(&stream, 15 + 32) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int result = Z_OK;
  while (result == Z_OK) {
    char part[65536];
    stream.next_out = reinterpret_cast<Bytef*>(part);
    stream.avail_out = sizeof part;
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(part, sizeof part - stream.avail_out);
  }
  inflateEnd(&stream);
  return result == Z_STREAM_END && stream.avail_in == 0 ? out : "not compressed as it should be";
}

class HttpHost final : public Acceptor, public io::TurnHooks {
 public:
  explicit HttpHost(World& w, const HttpSettings& settings = {})
      : world(w),
        loop(w.driver(), {io::IdleMode::sleep, 0}),
        transport(w.make_transport(loop)),
        server(std::make_unique<HttpServer>(HttpServer::Parts{
            &loop, &service, &log, settings,
            [](void* self, std::unique_ptr<Stream> stream) {
              static_cast<HttpHost*>(self)->transport->destroy_later(std::move(stream));
            },
            this})) {
    loop.set_hooks(this);
    transport->listen(w.listen(), *this);
    loop.run_turn();
  }
  ~HttpHost() override {
    transport->stop();
    server->stop();
    run_until([this] {
      return is_listener_closed_ && loop.ops_in_flight() == 0 && server->connection_count() == 0;
    });
    server.reset();
    transport->flush();
    EXPECT_EQ(loop.timers().armed_count(), 0U);
    EXPECT_EQ(transport->output_bytes(), 0U);
  }

  void on_accept(std::unique_ptr<Stream> stream, const ListenerIdentity& listener) override {
    server->accept(world.wrap(std::move(stream)), listener);
  }
  void on_accept_error(int) override {}
  void on_listener_closed() override { is_listener_closed_ = true; }
  bool drain_mailboxes() override {
    bool worked = transport->poll();
    worked |= server->work();
    return worked;
  }
  void flush() override {
    server->end_turn();
    world.flush_filters();
    transport->flush();
  }
  bool may_sleep() override {
    return world.may_sleep() && transport->may_sleep() && !server->has_work();
  }

  template <class Condition>
  bool run_until(Condition&& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (int steps = 0;; ++steps) {
      if (condition()) return true;
      if (steps % 1024 == 1023 && std::chrono::steady_clock::now() > limit) break;
      world.step(loop);
    }
    ADD_FAILURE() << "it did not happen";
    return false;
  }
  void run_turns(int count) {
    for (int i = 0; i < count; ++i) world.step(loop);
  }

  World& world;
  core::NullLog log;
  io::Loop loop;
  std::unique_ptr<Transport> transport;
  TestService service;
  std::unique_ptr<HttpServer> server;

 private:
  bool is_listener_closed_ = false;
};

/// One connection to a host.
class HttpClient {
 public:
  explicit HttpClient(HttpHost& host) : host_(host), client_(host.world.connect()) {}

  void send(std::string_view bytes) {
    host_.run_until([&] {
      bytes.remove_prefix(client_->write(bytes));
      return bytes.empty();
    });
  }
  Answer receive(bool is_head = false) {
    Answer answer;
    host_.run_until([&] {
      read();
      answer = take_answer(heard, is_head, client_->at_end());
      return answer.is_whole;
    });
    return answer;
  }
  Answer ask(std::string_view request) {
    send(request);
    return receive(request.starts_with("HEAD"));
  }
  void read() { heard += client_->read(65536); }
  bool wait_for_end() {
    return host_.run_until([&] {
      read();
      return client_->at_end();
    });
  }
  bool is_at_end() {
    read();
    return client_->at_end();
  }
  Client& raw() { return *client_; }

  std::string heard;

 private:
  HttpHost& host_;
  std::unique_ptr<Client> client_;
};

inline std::string get(std::string_view target, std::string_view fields = {}) {
  return "GET " + std::string{target} + " HTTP/1.1\r\nHost: x\r\n" + std::string{fields} + "\r\n";
}

}  // namespace lepus::net::testing_http
