// Any bytes from a client of HTTP, in pieces. Whatever comes, a connection answers in order, whole
// requests only, keeps within its limits, and owes nothing at the end. The first byte says how the
// others are cut, and what the service does.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/limits/http.h"
#include "net/http/http_server.h"
#include "tests/unit/net/tls/memory_stream.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace {

using namespace lepus;
using net::testing_tls::MemoryStream;

constexpr std::size_t body_max = 4096;

struct Service final : net::HttpService, net::HttpAnswerer {
  void on_request(net::HttpExchange& exchange) override {
    CHECK(waiting == nullptr);
    const net::HttpRequest& request = exchange.request();
    CHECK(!request.method.empty());
    CHECK(request.method != "HEAD");
    CHECK(!request.path.empty());
    CHECK(request.headers.size() <= core::limits::http_fields_max);
    CHECK(request.body.size() <= body_max);
    std::string decoded;
    if (net::percent_decode(request.path, decoded)) CHECK(decoded.size() <= request.path.size());
    if ((mode & 1) == 0)
      return exchange.answer(200, {{"content-type", "text/plain"}}, request.body + request.query);
    exchange.set_answerer(this);
    waiting = &exchange;
  }
  void on_abandoned() override { waiting = nullptr; }
  void go_on() {
    if (waiting == nullptr) return;
    net::HttpExchange& exchange = *std::exchange(waiting, nullptr);
    exchange.begin((mode & 2) != 0 ? 200 : 404, {{"content-type", "text/plain"}});
    exchange.write(exchange.request().path);
    if ((mode & 4) != 0) return exchange.fail();
    exchange.end();
  }
  std::uint8_t mode = 0;
  net::HttpExchange* waiting = nullptr;
};

void destroy(void* owner, std::unique_ptr<net::Stream> stream) {
  static_cast<std::vector<std::unique_ptr<net::Stream>>*>(owner)->push_back(std::move(stream));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  server::test::FakeDriver driver{0};
  io::Loop loop{driver, {}};
  core::NullLog log;
  Service service;
  service.mode = data[0];
  net::BlockPool pool;
  std::vector<std::unique_ptr<net::Stream>> gone;
  net::HttpServer server(
      {&loop, &service, &log, net::HttpSettings{.body_size_max = body_max}, destroy, &gone});
  auto stream = std::make_unique<MemoryStream>(pool);
  MemoryStream& wire = *stream;
  server.accept(std::move(stream), net::unknown_listener());
  const std::size_t step = (data[0] & 8) != 0 ? 1 : std::size_t{data[0]} / 16 * 37 + 1;
  for (std::size_t at = 1; at < size; at += step) {
    wire.deliver(core::as_text({data + at, std::min(step, size - at)}));
    for (int turn = 0; turn < 3; ++turn) {
      service.go_on();
      (void)server.work();
      server.end_turn();
    }
    CHECK(wire.out().size() < core::limits::http_output_high + (64 << 10));
    (void)wire.take();
  }
  for (std::size_t turn = 0; server.has_work() || service.waiting != nullptr; ++turn) {
    CHECK(turn <= size);
    service.go_on();
    (void)server.work();
  }
  server.stop();
  wire.close();
  wire.end_if_closing();
  server.end_turn();
  CHECK(server.connection_count() == 0);
  CHECK(service.waiting == nullptr);
  return 0;
}
