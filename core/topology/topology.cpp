// Applying changes and looking things up; routing is in topology_route.cpp. Every change that does
// not fit is a programmer's error: the rules (topology_rules.h) make only changes that do.
#include "core/topology/topology.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/broker/event.h"
#include "core/exchange/router.h"
#include "core/topology/policy_matching.h"

namespace lepus::core {

namespace {

template <class Map, class Key>
auto* find_pointer(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &*found->second;
}

template <class Info>
void sort_by_id(std::vector<Info*>& infos) {
  std::sort(infos.begin(), infos.end(),
            [](const Info* left, const Info* right) { return left->id < right->id; });
}

template <class Map, class Key>
auto must_take(Map& map, const Key& key) {
  const auto found = map.find(key);
  CHECK(found != map.end());
  auto value = std::move(found->second);
  map.erase(found);
  return value;
}

}  // namespace

ExchangeInfo::ExchangeInfo(ExchangeSpec spec, const VhostInfo& home)
    : ExchangeSpec(std::move(spec)), vhost_info(home) {
  // Bad ones come from a catalog that somebody edited.
  if (Result<ExchangeArguments> read = parse_exchange_arguments(type, as_bytes(arguments));
      read.ok())
    parsed = std::move(read.value());
  router = std::make_unique<ExchangeRouter>(parsed.routes_as);
}
ExchangeInfo::~ExchangeInfo() = default;

Topology::Topology(ShardId shard_count) : shard_count_(shard_count) { CHECK(shard_count > 0); }
Topology::~Topology() = default;

// ---- Looking up ---------------------------------------------------------------------------------

const VhostInfo* Topology::find_vhost(std::string_view name) const {
  return find_pointer(vhost_names_, name);
}
const VhostInfo* Topology::find_vhost(VhostId id) const { return find_pointer(vhosts_, id); }

const ExchangeInfo* Topology::find_exchange(VhostId vhost, std::string_view name) const {
  const VhostInfo* info = find_vhost(vhost);
  return info == nullptr ? nullptr : find_pointer(info->exchanges, name);
}
const ExchangeInfo* Topology::find_exchange(ExchangeId id) const {
  return find_pointer(exchanges_, id);
}
QueueInfo* Topology::find_queue(VhostId vhost, std::string_view name) const {
  const VhostInfo* info = find_vhost(vhost);
  if (info == nullptr) return nullptr;
  const auto found = info->queues.find(name);
  return found == info->queues.end() ? nullptr : *found;
}
QueueInfo* Topology::find_queue(QueueId id) const {
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : found->get();
}

const Binding* Topology::find_binding(const BindingSpec& spec) const {
  const auto found = bindings_.find(identity_of(spec));
  return found == bindings_.end() ? nullptr : found->get();
}

const QueueInfo* Topology::first_exclusive_queue(ConnectionId owner) const {
  const auto found = owned_.find(owner);
  return found == owned_.end() ? nullptr : found->second.first;
}

std::vector<const VhostInfo*> Topology::vhosts() const {
  std::vector<const VhostInfo*> found;
  for (const auto& [id, vhost] : vhosts_) found.push_back(vhost.get());
  sort_by_id(found);
  return found;
}
std::vector<const ExchangeInfo*> Topology::exchanges(VhostId vhost) const {
  std::vector<const ExchangeInfo*> found;
  const VhostInfo* info = find_vhost(vhost);
  if (info == nullptr) return found;
  for (const auto& [name, exchange] : info->exchanges) found.push_back(exchange);
  sort_by_id(found);
  return found;
}
std::vector<QueueInfo*> Topology::queues(VhostId vhost) const {
  const VhostInfo* info = find_vhost(vhost);
  if (info == nullptr) return {};
  std::vector<QueueInfo*> found(info->queues.begin(), info->queues.end());
  sort_by_id(found);
  return found;
}

// ---- Changing -----------------------------------------------------------------------------------

void Topology::apply(const TopologyChange& change) {
  std::visit(
      [this]<class Change>(const Change& what) {
        if constexpr (requires { begin(what); }) {
          std::size_t unlimited = SIZE_MAX;
          CHECK(begin(what).work(unlimited, [](const QueueInfo&) {}));
        } else {
          on_change(what);
          ++version_;
        }
      },
      change);
}

void Topology::on_change(const VhostAdded& change) {
  CHECK(change.id);
  auto vhost = std::make_unique<VhostInfo>();
  vhost->id = change.id;
  vhost->name = change.name;
  CHECK(vhost_names_.emplace(vhost->name, vhost.get()).second);
  CHECK(vhosts_.emplace(change.id, std::move(vhost)).second);
}

void Topology::on_change(const VhostRemoved& change) {
  const auto vhost = must_take(vhosts_, change.id);
  CHECK(vhost->exchanges.empty());
  CHECK(vhost->queues.empty());
  must_take(vhost_names_, std::string_view{vhost->name});
  access_.forget_vhost(vhost->name);
  std::erase_if(parameters_, [&](const auto& one) { return one.first.vhost == vhost->name; });
}

void Topology::on_change(const VhostSettingsPut& change) {
  VhostInfo* vhost = find_pointer(vhosts_, change.id);
  CHECK(vhost != nullptr);
  vhost->settings = change.settings;
}

void Topology::on_change(const VhostLimitsPut& change) {
  VhostInfo* vhost = find_pointer(vhosts_, change.id);
  CHECK(vhost != nullptr);
  vhost->limits = change.limits;
}

PolicyRematch Topology::begin(const PolicyPut& change) {
  VhostInfo* vhost = find_pointer(vhosts_, change.vhost);
  CHECK(vhost != nullptr);
  PolicyList& list = change.is_operator ? vhost->operator_policies : vhost->policies;
  std::unique_ptr<Policy> replaced = list.put(change.policy);
  const Policy* added = list.find(change.policy.name);
  return PolicyRematch{{*vhost, change.is_operator, std::move(replaced), added, version_}};
}

PolicyRematch Topology::begin(const PolicyRemoved& change) {
  VhostInfo* vhost = find_pointer(vhosts_, change.vhost);
  CHECK(vhost != nullptr);
  PolicyList& list = change.is_operator ? vhost->operator_policies : vhost->policies;
  return PolicyRematch{{*vhost, change.is_operator, list.remove(change.name), nullptr, version_}};
}

void Topology::on_change(const ParameterPut& change) {
  parameters_.insert_or_assign(change.key, change.value);
}

void Topology::on_change(const ParameterRemoved& change) {
  CHECK(parameters_.erase(change.key) == 1);
}

void Topology::on_change(const TracePut& change) {
  VhostInfo* vhost = find_pointer(vhosts_, change.vhost);
  CHECK(vhost != nullptr);
  vhost->is_traced = change.is_on;
  ++trace_changes_;
}

void Topology::on_change(const ExchangeAdded& change) {
  CHECK(change.exchange.id);
  VhostInfo* vhost = find_pointer(vhosts_, change.exchange.vhost);
  CHECK(vhost != nullptr);
  auto exchange = std::make_unique<ExchangeInfo>(change.exchange, *vhost);
  match_policies(*vhost, *exchange);
  if (exchange->name == event_exchange_name && vhost->name == event_vhost_)
    event_exchange_ = exchange.get();
  CHECK(vhost->exchanges.emplace(exchange->name, exchange.get()).second);
  CHECK(exchanges_.emplace(change.exchange.id, std::move(exchange)).second);
}

void Topology::on_change(const ExchangeRemoved& change) {
  const auto exchange = must_take(exchanges_, change.id);
  CHECK(exchange->store == nullptr);
  if (event_exchange_ == exchange.get()) event_exchange_ = nullptr;
  // There may be hundreds of thousands, and the router goes with them.
  exchange->bindings_out.for_each([this](Binding& binding) { forget_binding(binding); });
  while (!exchange->bindings_in.empty()) remove_binding(exchange->bindings_in.newest());
  VhostInfo* vhost = find_pointer(vhosts_, exchange->vhost);
  CHECK(vhost != nullptr);
  must_take(vhost->exchanges, std::string_view{exchange->name});
}

void Topology::on_change(const QueueAdded& change) {
  CHECK(change.queue.id);
  CHECK(change.queue.home < shard_count_);
  CHECK(change.queue.exclusive || !change.queue.owner);
  VhostInfo* vhost = find_pointer(vhosts_, change.queue.vhost);
  CHECK(vhost != nullptr);
  auto queue = std::make_unique<QueueInfo>(change.queue);
  if (queue->store_of) {
    link_store(*queue);
  } else {
    match_policies(*vhost, *queue);
    CHECK(vhost->queues.insert(queue.get()).second);
  }
  if (queue->owner) link_owned(*queue);
  CHECK(queues_.insert(std::move(queue)).second);
}

void Topology::on_change(const QueueRemoved& change) {
  const auto found = queues_.find(change.id);
  CHECK(found != queues_.end());
  QueueInfo& queue = **found;
  while (!queue.bindings.empty()) remove_binding(queue.bindings.newest());
  if (queue.owner) unlink_owned(queue);
  if (queue.store_of) {
    unlink_store(queue);
  } else {
    VhostInfo* vhost = find_pointer(vhosts_, queue.vhost);
    CHECK(vhost != nullptr);
    CHECK(vhost->queues.erase(&queue) == 1);
  }
  queues_.erase(found);
}

void Topology::on_change(const BindingAdded& change) {
  const BindingSpec& spec = change.binding;
  auto binding = std::make_unique<Binding>();
  binding->source = find_pointer(exchanges_, spec.source);
  CHECK(binding->source != nullptr);
  CHECK(!binding->source->is_default());
  if (spec.queue) {
    binding->queue = find_queue(spec.queue);
    CHECK(binding->queue != nullptr);
    CHECK(binding->queue->vhost == binding->source->vhost);
  } else {
    binding->exchange = find_pointer(exchanges_, spec.exchange);
    CHECK(binding->exchange != nullptr);
    CHECK(binding->exchange->vhost == binding->source->vhost);
  }
  binding->key = spec.key;
  binding->arguments = spec.arguments;
  binding->identity_hash = identity_of(spec).hash;

  Binding& made = *binding;
  CHECK(bindings_.insert(std::move(binding)).second);
  BindingList& target = made.queue != nullptr ? made.queue->bindings : made.exchange->bindings_in;
  target.add(made, &Binding::slot_target);
  made.source->bindings_out.add(made, &Binding::slot_source);
  made.source->router->add(made);
}

void Topology::on_change(const BindingRemoved& change) {
  const auto found = bindings_.find(identity_of(change.binding));
  CHECK(found != bindings_.end());
  remove_binding(**found);
}

void Topology::remove_binding(Binding& binding) {
  binding.source->router->remove(binding);
  binding.source->bindings_out.remove(binding, &Binding::slot_source);
  forget_binding(binding);
}

/// All but its source.
void Topology::forget_binding(Binding& binding) {
  BindingList& target =
      binding.queue != nullptr ? binding.queue->bindings : binding.exchange->bindings_in;
  target.remove(binding, &Binding::slot_target);
  const Binding* key = &binding;
  const auto found = bindings_.find(key);
  CHECK(found != bindings_.end());
  bindings_.erase(found);  // Frees the binding.
}

void Topology::link_store(QueueInfo& store) {
  ExchangeInfo* exchange = find_pointer(exchanges_, store.store_of);
  CHECK(exchange != nullptr);
  CHECK(exchange->store == nullptr);
  exchange->store = &store;
}

void Topology::unlink_store(const QueueInfo& store) {
  ExchangeInfo* exchange = find_pointer(exchanges_, store.store_of);
  CHECK(exchange != nullptr);
  CHECK(exchange->store == &store);
  exchange->store = nullptr;
}

void Topology::link_owned(QueueInfo& queue) {
  OwnedQueues& all = owned_[queue.owner];
  queue.owned = std::make_unique<QueueInfo::OwnedLinks>();
  queue.owned->before = all.last;
  (all.last != nullptr ? all.last->owned->after : all.first) = &queue;
  all.last = &queue;
}

void Topology::unlink_owned(QueueInfo& queue) {
  const auto found = owned_.find(queue.owner);
  CHECK(found != owned_.end());
  OwnedQueues& all = found->second;
  const auto [before, after] = *queue.owned;
  (before != nullptr ? before->owned->after : all.first) = after;
  (after != nullptr ? after->owned->before : all.last) = before;
  if (all.first == nullptr) owned_.erase(found);
}

}  // namespace lepus::core
