// What is taken back leaves the topology as it was: random requests on a topology, all of them
// undone again at random moments.
#include "core/topology/topology_undo.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/access/access_request.h"
#include "core/base/random.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {
namespace {

/// Everything in it, sorted.
class Dump {
 public:
  explicit Dump(const Topology& topology) : topology_(topology) {
    for (const VhostInfo* vhost : topology.vhosts()) add(*vhost);
    for (const UserInfo* user : topology.access().users()) add(*user);
    for (const auto& [key, value] : topology.parameters())
      line("parameter {} {} {} {}", key.component, key.vhost, key.name, value);
    std::sort(lines_.begin(), lines_.end());
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  template <class... Values>
  void line(fmt::format_string<Values...> format, Values&&... values) {
    lines_.push_back(fmt::format(format, std::forward<Values>(values)...));
  }
  void add(const VhostInfo& vhost) {
    line("vhost {} {} '{}' {} {}", vhost.id.value, vhost.name, vhost.settings.description,
         vhost.limits.queues.value_or(-1), vhost.is_traced);
    for (const auto* list : {&vhost.policies, &vhost.operator_policies})
      for (const auto& policy : list->all())
        line("policy {} {} {} {}", list == &vhost.policies, policy->spec.name, policy->spec.pattern,
             policy->spec.priority);
    for (const ExchangeInfo* exchange : topology_.exchanges(vhost.id)) {
      line("exchange {} {} {} {}", exchange->id.value, exchange->name, exchange->durable,
           exchange->effective_alternate.value_or("-"));
      exchange->bindings_out.for_each([&](const Binding& one) { add(one, "out"); });
      exchange->bindings_in.for_each([&](const Binding& one) { add(one, "in"); });
      if (exchange->store != nullptr) line("store {}", exchange->store->id.value);
    }
    for (const QueueInfo* queue : topology_.queues(vhost.id)) {
      line("queue {} {} {} {} {}", queue->id.value, queue->name, queue->durable, queue->owner.value,
           queue->effective->max_length.value_or(0));
      queue->bindings.for_each([&](const Binding& one) { add(one, "queue"); });
    }
  }
  void add(const Binding& binding, const char* place) {
    const BindingSpec spec = spec_of(binding);
    line("binding {} {} {} {} {}", place, spec.source.value, spec.queue.value, spec.exchange.value,
         spec.key);
    EXPECT_NE(topology_.find_binding(spec), nullptr);
  }
  void add(const UserInfo& user) {
    line("user {} {}", user.spec.name, user.spec.password_hash);
    for (const auto& [vhost, access] : user.vhosts) {
      if (access.grant) line("grant {} {} {}", user.spec.name, vhost, access.grant->spec.write);
      for (const auto& [exchange, topic] : access.topics)
        line("topic {} {} {} {}", user.spec.name, vhost, exchange, topic.spec.write);
    }
  }

  const Topology& topology_;
  std::vector<std::string> lines_;
};

class UndoWorld {
 public:
  explicit UndoWorld(std::uint64_t seed) : random_(seed) {
    for (const char* name : {"/", "v"}) {
      TopologyRequest request;
      request.kind = TopologyRequest::Kind::add_vhost;
      request.name = name;
      commit_now(request);
    }
  }
  /// Some requests, and then none of them.
  void round() {
    const std::vector<std::string> before = Dump(topology_).lines();
    std::vector<TopologyChange> undo;
    for (std::uint64_t count = random_.below(12) + 1; count > 0; --count)
      for (const TopologyChange& change : decide_any()) {
        append_undo(topology_, change, undo);
        topology_.apply(change);
      }
    for (auto change = undo.rbegin(); change != undo.rend(); ++change) topology_.apply(*change);
    EXPECT_EQ(Dump(topology_).lines(), before);
    // So that the next round begins with something else.
    for (int i = 0; i < 3; ++i)
      for (const TopologyChange& change : decide_any()) topology_.apply(change);
  }

 private:
  std::string name(const char* prefix) { return prefix + std::to_string(random_.below(4)); }
  std::string vhost_name() { return random_.below(4) == 0 ? "v" : "/"; }

  std::vector<TopologyChange> decide_any() {
    return random_.below(3) == 0 ? decide_access() : decide_topology();
  }

  std::vector<TopologyChange> decide_topology() {
    TopologyRequest request;
    const VhostInfo* vhost = topology_.find_vhost(vhost_name());
    if (vhost == nullptr) {
      request.kind = TopologyRequest::Kind::add_vhost;
      request.name = "v";
      return decide(topology_, request, &ids_).changes;
    }
    constexpr TopologyRequest::Kind kinds[] = {
        TopologyRequest::Kind::declare_exchange, TopologyRequest::Kind::declare_exchange,
        TopologyRequest::Kind::delete_exchange,  TopologyRequest::Kind::bind_exchange,
        TopologyRequest::Kind::unbind_exchange,  TopologyRequest::Kind::declare_queue,
        TopologyRequest::Kind::declare_queue,    TopologyRequest::Kind::delete_queue,
        TopologyRequest::Kind::bind_queue,       TopologyRequest::Kind::bind_queue,
        TopologyRequest::Kind::unbind_queue,     TopologyRequest::Kind::connection_closed};
    request.kind = kinds[random_.below(std::size(kinds))];
    request.vhost = vhost->id;
    request.connection = ConnectionId{random_.below(3) + 1};
    request.durable = random_.below(2) == 0;
    request.auto_delete = random_.below(3) == 0;
    request.exclusive = random_.below(3) == 0;
    request.type = random_.below(5) == 0 ? "x-recent-history" : "topic";
    request.key = name("k");
    request.source = name("x");
    const bool is_queue = request.kind == TopologyRequest::Kind::declare_queue ||
                          request.kind == TopologyRequest::Kind::bind_queue ||
                          request.kind == TopologyRequest::Kind::unbind_queue;
    request.name = name(is_queue ? "q" : "x");
    if (request.kind == TopologyRequest::Kind::delete_queue)
      if (const QueueInfo* queue = topology_.find_queue(vhost->id, name("q")))
        request.queue = queue->id;
    return decide(topology_, request, &ids_).changes;
  }

  std::vector<TopologyChange> decide_access() {
    const std::string user = name("u");
    const std::string vhost = vhost_name();
    switch (random_.below(11)) {
      case 0:
        return decide(AddUser{{user, name("h"), "a", {}, {}}});
      case 1:
        return decide(DeleteUser{user});
      case 2:
        return decide(SetPermissions{{user, vhost, ".*", name("w"), ".*"}});
      case 3:
        return decide(ClearPermissions{user, vhost});
      case 4:
        return decide(SetTopicPermissions{{user, vhost, name("x"), name("w"), ".*"}});
      case 5:
        return decide(ClearTopicPermissions{user, vhost, std::nullopt});
      case 6:
        return decide(DeleteVhost{"v"});
      case 7:
        return decide(UpdateVhost{vhost, name("d"), std::nullopt, std::nullopt});
      case 8:
        return decide(ChangePassword{user, name("h"), "a"});
      case 9:
        return put_policy();
      default:
        return put_parameter();
    }
  }
  /// As changes: how they are asked for does not matter here.
  std::vector<TopologyChange> put_policy() {
    const VhostInfo* vhost = topology_.find_vhost(vhost_name());
    if (vhost == nullptr) return {};
    const bool is_operator = random_.below(2) == 0;
    PolicySpec spec;
    spec.vhost = vhost->name;
    spec.name = name("p");
    spec.pattern = name("q");
    spec.priority = static_cast<std::int64_t>(random_.below(5));
    const PolicyList& list = is_operator ? vhost->operator_policies : vhost->policies;
    if (list.find(spec.name) != nullptr && random_.below(2) == 0)
      return {PolicyRemoved{vhost->id, is_operator, vhost->name, spec.name}};
    return {PolicyPut{vhost->id, is_operator, spec}};
  }
  std::vector<TopologyChange> put_parameter() {
    const VhostInfo* vhost = topology_.find_vhost(vhost_name());
    if (vhost == nullptr) return {};
    const ParameterKey key{"c", vhost->name, name("n")};
    switch (random_.below(4)) {
      case 0:
        if (topology_.parameters().contains(key)) return {ParameterRemoved{key}};
        return {ParameterPut{key, "1"}};
      case 1:
        return {TracePut{vhost->id, random_.below(2) == 0}};
      case 2:
        return {VhostLimitsPut{vhost->id, vhost->name, {std::nullopt, 7}}};
      default:
        return {ParameterPut{key, name("v")}};
    }
  }
  std::vector<TopologyChange> decide(const AccessRequest& request) {
    return core::decide(topology_, request, ids_).changes;
  }
  Decision decide(const Topology& topology, const TopologyRequest& request, IdSource* ids) {
    return core::decide(topology, request, ids);
  }
  void commit_now(const TopologyRequest& request) {
    for (const TopologyChange& change : core::decide(topology_, request, &ids_).changes)
      topology_.apply(change);
  }

  Random random_;
  Topology topology_{4};
  IdSource ids_;
};

TEST(TopologyUndo, NothingIsLeftOfWhatIsTakenBack) {
  for (std::uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    UndoWorld world{seed};
    for (int i = 0; i < 60 && !testing::Test::HasFailure(); ++i) world.round();
  }
}

}  // namespace
}  // namespace lepus::core
