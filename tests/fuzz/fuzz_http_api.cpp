// Requests of the HTTP API, each
//
//   METHOD /path?query
//   body
//
// with a line "---" between them, by an administrator. Nothing may stop the process; every request
// is answered once, and what says it is JSON can be read as JSON; the broker shows itself
// afterwards, and starts again from what was taken.
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/access/login_guard.h"
#include "tests/fuzz/operator_world.h"
#include "tests/unit/tools/server/http_api/fake_exchange.h"
#include "tools/server/http_api/api_service.h"

namespace lepus::server::fuzz {
namespace {

constexpr std::size_t requests_max = 30;
constexpr int turns_max = 200;

class ApiWorld {
 public:
  explicit ApiWorld(const std::string& directory) : world_(directory) {
    world_.thread().admin().add_transport(service_);
  }

  void ask(std::string_view method, std::string_view target, std::string_view body) {
    test::FakeExchange exchange;
    net::HttpRequest& request = exchange.edit();
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (const std::size_t mark = target.find('?'); mark != std::string_view::npos)
      request.query = target.substr(mark + 1);
    request.body = body;
    request.headers = {{"authorization", "Basic Z3Vlc3Q6Z3Vlc3Q="},
                       {"content-type", "application/json"}};
    service_.on_request(exchange);
    for (int turn = 0; turn < turns_max && !exchange.is_over(); ++turn) world_.run();
    CHECK(exchange.is_over());
    check(exchange);
  }

 private:
  static void check(const test::FakeExchange& exchange) {
    CHECK(exchange.status() >= 200 && exchange.status() < 600);
    if (exchange.is_cut() || exchange.body().empty()) return;
    if (!exchange.header("content-type").starts_with("application/json")) return;
    simdjson::dom::parser parser;
    CHECK(parser.parse(exchange.body()).error() == simdjson::SUCCESS);
  }

  OperatorWorld world_;
  core::LocalLoginGuard logins_;
  ApiPlace place_{
      world_.admin_loop(), world_.thread().admin(),   world_.thread().view(), world_, logins_,
      world_.log(),        world_.thread().sampler(), ApiAuthDesk{nullptr}};
  ApiService service_{place_, api_core_routes()};
};

/// Up to the separator, which is taken, too.
std::string_view take(std::string_view& input, std::string_view separator) {
  const std::size_t end = std::min(input.find(separator), input.size());
  const std::string_view taken = input.substr(0, end);
  input.remove_prefix(std::min(end + separator.size(), input.size()));
  return taken;
}

void run(std::string_view input) {
  static Directory directory;
  const std::string& path = directory.emptied();
  {
    ApiWorld world{path};
    for (std::size_t count = 0; !input.empty() && count < requests_max; ++count) {
      std::string_view request = take(input, "\n---\n");
      std::string_view line = take(request, "\n");
      const std::string_view method = take(line, " ");
      world.ask(method, line, request);
    }
    world.ask("GET", "/api/overview", {});
    world.ask("GET", "/api/queues?page=1", {});
    world.ask("GET", "/api/definitions", {});
  }
  OperatorWorld::check_restart(path);
}

}  // namespace
}  // namespace lepus::server::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64 << 10) return 0;
  lepus::server::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
