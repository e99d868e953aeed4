// What an uncached route costs: exchange and message in, queues out. Keys rotate among a few so
// that the branch predictor and the caches see what a busy broker would show them. Headers tables
// are ready made; parsing them is part of the route.
//
//   bench-routing_bench --benchmark_filter=Topic
#include <benchmark/benchmark.h>

#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/field_table_writer.h"
#include "core/topology/topology.h"
#include "core/topology/topology_request.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {
namespace {

/// A topology filled through the rules, as a server's is.
class Filled {
 public:
  Filled() {
    TopologyRequest request;
    request.kind = TopologyRequest::Kind::add_vhost;
    request.name = "/";
    run(request);
    vhost_ = topology.find_vhost("/")->id;
  }
  void queue(std::string_view name) { run(request(TopologyRequest::Kind::declare_queue, name)); }
  void bind(std::string_view source, std::string_view name, std::string_view key,
            std::string arguments = {}) {
    TopologyRequest made = request(TopologyRequest::Kind::bind_queue, name);
    made.source = source;
    made.key = key;
    made.arguments = std::move(arguments);
    run(made);
  }
  const ExchangeInfo& exchange(std::string_view name) const {
    return *topology.find_exchange(vhost_, name);
  }

  Topology topology{1};

 private:
  TopologyRequest request(TopologyRequest::Kind kind, std::string_view name) const {
    TopologyRequest made;
    made.kind = kind;
    made.vhost = vhost_;
    made.name = name;
    return made;
  }
  void run(const TopologyRequest& request) {
    const Decision decision = decide(topology, request, &ids_);
    CHECK(decision.kind == Decision::Kind::changes);
    for (const TopologyChange& change : decision.changes) topology.apply(change);
  }

  IdSource ids_;
  VhostId vhost_;
};

/// Keys to route in turn; `found` queues must come of each, else the numbers mean nothing.
struct Load {
  std::string_view exchange;
  std::vector<std::string> keys;
  std::size_t found;
};

void route_keys(benchmark::State& state, const Filled& filled, const Load& load) {
  const ExchangeInfo& exchange = filled.exchange(load.exchange);
  RouteResult result;
  std::size_t at = 0;
  for (auto _ : state) {
    result.clear();
    filled.topology.route(exchange, RouteInput{load.keys[at], {}, {}}, result);
    CHECK(result.size() == load.found);
    benchmark::DoNotOptimize(result);
    at = at + 1 == load.keys.size() ? 0 : at + 1;
  }
  state.SetItemsProcessed(state.iterations());
}

std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> texts;
  for (int number = 0; number < count; ++number) texts.push_back(prefix + std::to_string(number));
  return texts;
}

void DefaultExchange(benchmark::State& state) {
  Filled filled;
  const std::vector<std::string> names = numbered("task-queue-", static_cast<int>(state.range(0)));
  for (const std::string& name : names) filled.queue(name);
  route_keys(state, filled, {"", names, 1});
}
BENCHMARK(DefaultExchange)->Arg(1)->Arg(16)->Arg(10'000);

void Direct(benchmark::State& state) {
  Filled filled;
  filled.queue("q");
  const std::vector<std::string> keys =
      numbered("orders.created.", static_cast<int>(state.range(0)));
  for (const std::string& key : keys) filled.bind("amq.direct", "q", key);
  route_keys(state, filled,
             {"amq.direct", {keys.begin(), keys.begin() + (keys.size() > 16 ? 16 : 1)}, 1});
}
BENCHMARK(Direct)->Arg(1)->Arg(16)->Arg(10'000);

void Fanout(benchmark::State& state) {
  Filled filled;
  const std::vector<std::string> names = numbered("q", static_cast<int>(state.range(0)));
  for (const std::string& name : names) {
    filled.queue(name);
    filled.bind("amq.fanout", name, "");
  }
  route_keys(state, filled, {"amq.fanout", {"any"}, names.size()});
}
BENCHMARK(Fanout)->Arg(1)->Arg(10)->Arg(1'000);

/// `stock.<market>.<number>`: the other bindings share the first word with the keys, some the
/// second as well.
void bind_others(Filled& filled, std::int64_t count) {
  static const char* const markets[] = {"oslo", "lima", "rome", "kyiv", "bern"};
  filled.queue("other");
  for (std::int64_t number = 0; number < count; ++number)
    filled.bind("amq.topic", "other",
                std::string{"stock."} + markets[number % 5] + "." + std::to_string(number));
}
const std::vector<std::string> topic_keys{"stock.oslo.price", "stock.rome.price",
                                          "stock.lima.price", "stock.kyiv.price"};

/// Argument: bindings that do not match. Nothing comes of the route.
void TopicNoneMatches(benchmark::State& state) {
  Filled filled;
  bind_others(filled, state.range(0));
  route_keys(state, filled, {"amq.topic", topic_keys, 0});
}
BENCHMARK(TopicNoneMatches)->Arg(1)->Arg(5)->Arg(10'000)->Arg(100'000);

/// One pattern matches all the keys: alone, then among the others.
void TopicOneMatches(benchmark::State& state) {
  Filled filled;
  bind_others(filled, state.range(0));
  filled.queue("q");
  filled.bind("amq.topic", "q", "stock.*.price");
  route_keys(state, filled, {"amq.topic", topic_keys, 1});
}
BENCHMARK(TopicOneMatches)->Arg(0)->Arg(10'000)->Arg(100'000);

/// Each key has a binding of its own.
void TopicLiteral(benchmark::State& state) {
  Filled filled;
  bind_others(filled, state.range(0));
  filled.queue("q");
  for (const std::string& key : topic_keys) filled.bind("amq.topic", "q", key);
  route_keys(state, filled, {"amq.topic", topic_keys, 1});
}
BENCHMARK(TopicLiteral)->Arg(0)->Arg(10'000);

void TopicHash(benchmark::State& state) {
  Filled filled;
  bind_others(filled, state.range(0));
  filled.queue("q");
  filled.bind("amq.topic", "q", "stock.#");
  route_keys(state, filled, {"amq.topic", topic_keys, 1});
}
BENCHMARK(TopicHash)->Arg(0)->Arg(10'000);

/// Argument: patterns of six # each, over eight words. Nearly all of them match the key, which is
/// as long as it can be.
void TopicManyHashes(benchmark::State& state) {
  Filled filled;
  filled.queue("q");
  std::uint64_t chance = 1;
  const auto word = [&chance] {
    chance = chance * 6'364'136'223'846'793'005ULL + 1;
    return std::string(1, static_cast<char>('a' + (chance >> 61)));
  };
  std::set<std::string> patterns;
  for (std::int64_t number = 0; std::ssize(patterns) < state.range(0); ++number) {
    std::string pattern = "#";
    for (int i = 0; i < 6; ++i) pattern += "." + word() + ".#";
    pattern += number % 2 == 0 ? "" : "." + std::to_string(number);
    if (patterns.insert(pattern).second) filled.bind("amq.topic", "q", pattern);
  }
  std::string key = word();
  for (int i = 1; i < 127; ++i) key += "." + word();
  route_keys(state, filled, {"amq.topic", {key}, 1});
}
BENCHMARK(TopicManyHashes)->Arg(100)->Arg(2'000);

/// Argument: bindings on other values of the same two headers.
void Headers(benchmark::State& state) {
  Filled filled;
  filled.queue("q");
  filled.queue("other");
  const auto conditions = [](std::int64_t number) {
    FieldTableWriter table;
    table.text("x-match", "all");
    table.text("kind", "report-" + std::to_string(number));
    table.int64("version", number % 3);
    return table.take();
  };
  for (std::int64_t number = 1; number <= state.range(0); ++number)
    filled.bind("amq.match", "other", "", conditions(number));
  filled.bind("amq.match", "q", "", conditions(0));
  FieldTableWriter headers;
  headers.text("kind", "report-0");
  headers.int32("version", 0);
  headers.text("trace", "4bf92f3577b34da6");
  const Bytes bytes = headers.bytes();
  const ExchangeInfo& exchange = filled.exchange("amq.match");
  RouteResult result;
  for (auto _ : state) {
    result.clear();
    filled.topology.route(exchange, RouteInput{"", bytes, {}}, result);
    CHECK(result.size() == 1);
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Headers)->Arg(0)->Arg(10'000);

/// What a replica pays for a transient queue that comes and goes.
void DeclareAndDelete(benchmark::State& state) {
  Filled filled;
  const VhostId vhost = filled.exchange("").vhost;
  IdSource ids{1'000};
  TopologyRequest declare;
  declare.kind = TopologyRequest::Kind::declare_queue;
  declare.vhost = vhost;
  declare.name = "reply-queue-of-somebody";
  TopologyRequest remove;
  remove.kind = TopologyRequest::Kind::delete_queue;
  for (auto _ : state) {
    for (const TopologyChange& change : decide(filled.topology, declare, &ids).changes)
      filled.topology.apply(change);
    remove.queue = filled.topology.find_queue(vhost, declare.name)->id;
    for (const TopologyChange& change : decide(filled.topology, remove, &ids).changes)
      filled.topology.apply(change);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(DeclareAndDelete);

}  // namespace
}  // namespace lepus::core
