// The parts of a broker, put together without one: queues on a host that writes down what they ask,
// and a topology that the test changes itself.
#pragma once

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

#include "core/broker/forward_router.h"
#include "core/broker/queue_commands.h"
#include "core/topology/topology_rules.h"
#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core::test {

struct PartsWorld {
  using Kind = TopologyRequest::Kind;

  explicit PartsWorld(Restorer* restorer = nullptr) : queues(host, discards, restorer) {
    TopologyRequest request;
    request.kind = Kind::add_vhost;
    request.name = "/";
    change(request);
    vhost = topology.find_vhost("/")->id;
  }
  ~PartsWorld() { queues.clear(); }

  /// What the control thread decides is applied to the topology.
  TopologyChanges change(const TopologyRequest& request) {
    Decision decision = decide(topology, request, &ids);
    EXPECT_EQ(decision.kind, Decision::Kind::changes) << decision.error.detail;
    for (const TopologyChange& one : decision.changes) topology.apply(one);
    return {std::move(decision.changes)};
  }
  TopologyRequest request(Kind kind, std::string_view name) const {
    TopologyRequest made;
    made.kind = kind;
    made.vhost = vhost;
    made.name = name;
    return made;
  }
  /// A queue that is homed here is in the table, too.
  QueueInfo& declare(std::string_view name, ShardId home = 0, bool durable = false) {
    TopologyRequest made = request(Kind::declare_queue, name);
    made.from = home;
    made.durable = durable;
    return declare(made);
  }
  QueueInfo& declare(const TopologyRequest& request) {
    change(request);
    QueueInfo& info = *topology.find_queue(topology.find_queue(vhost, request.name)->id);
    if (info.home == host.shard()) queues.add(info);
    return info;
  }
  MessageRef message(std::string_view body, bool persistent = false) {
    return host.message(body, persistent);
  }
  /// To these queues.
  std::uint32_t publish(std::initializer_list<QueueInfo*> infos, std::string_view body,
                        MessagePublisher::Publish meta = {}, bool persistent = false) {
    RouteResult route;
    for (QueueInfo* info : infos) route.add(*info);
    meta.route = &route;
    return publisher.publish(meta, message(body, persistent));
  }
  void send_confirms() {
    host.message_log_port.flush();
    confirms.send_due(host.message_log_port.durable(), [this](const Confirm& confirm) {
      if (ConfirmPort* port = sessions.confirms(confirm.channel)) port->on_confirm(confirm);
    });
  }

  Topology topology{3};
  IdSource ids;
  FakeQueueHost host;
  SessionTable sessions{0};
  PendingConfirms confirms;
  Discards discards;
  QueueTable queues;
  MessagePublisher publisher{host, confirms, 4};
  ForwardRouter forwards{{host, topology, queues, publisher, sessions}};
  VhostId vhost;
};

}  // namespace lepus::core::test
