// What the topology tests share: a master and a replica that must agree on every decision, and
// short ways to ask.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/message/field_table_writer.h"
#include "core/topology/topology.h"
#include "core/topology/topology_request.h"
#include "core/topology/topology_rules.h"

namespace lepus::core::test {

using Kind = TopologyRequest::Kind;
using Answer = Decision::Kind;

inline constexpr ShardId world_shard_count = 4;
inline constexpr ConnectionId this_connection{11};
inline constexpr ConnectionId other_connection{22};

/// Runs requests as the server does: judged on the replica, decided on the master, applied to both.
class World {
 public:
  World() {
    TopologyRequest request;
    request.kind = Kind::add_vhost;
    request.name = "/";
    EXPECT_EQ(run(request).kind, Answer::changes);
    vhost = master.find_vhost("/")->id;
  }

  Decision run(const TopologyRequest& request) {
    const Decision early = decide(replica, request, nullptr);
    Decision decision = decide(master, request, &ids);
    EXPECT_EQ(early.kind, decision.kind);
    EXPECT_EQ(early.error.detail, decision.error.detail);
    EXPECT_EQ(decision.kind == Answer::changes, !decision.changes.empty());
    for (const TopologyChange& change : decision.changes) {
      master.apply(change);
      replica.apply(change);
    }
    return decision;
  }

  TopologyRequest request(Kind kind, std::string_view name) const {
    TopologyRequest made;
    made.kind = kind;
    made.vhost = vhost;
    made.connection = this_connection;
    made.from = 1;
    made.name = name;
    return made;
  }

  TopologyRequest exchange(std::string_view name, std::string_view type) const {
    TopologyRequest made = request(Kind::declare_exchange, name);
    made.type = type;
    return made;
  }
  TopologyRequest queue(std::string_view name) const { return request(Kind::declare_queue, name); }
  TopologyRequest bind(std::string_view source, std::string_view queue_name, std::string_view key,
                       std::string arguments = {}) const {
    TopologyRequest made = request(Kind::bind_queue, queue_name);
    made.source = source;
    made.key = key;
    made.arguments = std::move(arguments);
    return made;
  }
  TopologyRequest bind_exchange(std::string_view source, std::string_view target,
                                std::string_view key) const {
    TopologyRequest made = bind(source, target, key);
    made.kind = Kind::bind_exchange;
    return made;
  }

  void must(const TopologyRequest& request) {
    const Decision decision = run(request);
    EXPECT_EQ(decision.kind, Answer::changes) << request.name << ": " << decision.error.detail;
  }
  /// "406 PRECONDITION_FAILED - ...", or "satisfied", or "changes".
  std::string answer(const TopologyRequest& request) {
    const Decision decision = run(request);
    switch (decision.kind) {
      case Answer::error:
        return std::to_string(static_cast<int>(decision.error.code)) + " " + decision.error.text();
      case Answer::satisfied:
        return "satisfied";
      case Answer::changes:
        return "changes";
    }
    return {};
  }
  void delete_queue(std::string_view name) {
    TopologyRequest made = request(Kind::delete_queue, {});
    made.queue = master.find_queue(vhost, name)->id;
    must(made);
  }

  /// Names of the queues, in the order reported; both topologies must report the same.
  std::vector<std::string> route(std::string_view exchange_name, const RouteInput& input) const {
    const std::vector<std::string> names = route_in(master, exchange_name, input);
    EXPECT_EQ(names, route_in(replica, exchange_name, input));
    return names;
  }
  std::vector<std::string> route(std::string_view exchange_name, std::string_view key) const {
    return route(exchange_name, RouteInput{key, {}, {}});
  }

  IdSource ids;
  Topology master{world_shard_count};
  Topology replica{world_shard_count};
  VhostId vhost;

 private:
  std::vector<std::string> route_in(const Topology& topology, std::string_view exchange_name,
                                    const RouteInput& input) const {
    const ExchangeInfo* exchange = topology.find_exchange(vhost, exchange_name);
    EXPECT_NE(exchange, nullptr) << exchange_name;
    RouteResult result;
    topology.route(*exchange, input, result);
    std::vector<std::string> names;
    for (const QueueInfo* queue : result) names.push_back(queue->name);
    return names;
  }
};

/// A table of one entry.
inline std::string int_entry(std::string_view name, std::int32_t value) {
  FieldTableWriter table;
  table.int32(name, value);
  return table.take();
}
inline std::string long_entry(std::string_view name, std::int64_t value) {
  FieldTableWriter table;
  table.int64(name, value);
  return table.take();
}
inline std::string text_entry(std::string_view name, std::string_view value) {
  FieldTableWriter table;
  table.text(name, value);
  return table.take();
}
inline std::string bool_entry(std::string_view name, bool value) {
  FieldTableWriter table;
  table.boolean(name, value);
  return table.take();
}

using Names = std::vector<std::string>;

}  // namespace lepus::core::test
