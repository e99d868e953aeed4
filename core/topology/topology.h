// Vhosts, exchanges, queues, bindings, and who may use them: the master on the control thread and
// one replica on each shard are this same class. Used by one thread, changed only by apply(); equal
// sequences of changes give equal topologies, down to the order of the destinations that route()
// reports.
//
//   VhostInfo --name--> ExchangeInfo --router--> Binding --> QueueInfo | ExchangeInfo
//            \--name--> QueueInfo <--- id
//
// Infos have stable addresses until the change that removes them. Anything remembered from route()
// is good while version() stays the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "core/access/access.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/exchange/text_hash.h"
#include "core/topology/binding.h"
#include "core/topology/exchange_arguments.h"
#include "core/topology/topology_change.h"
#include "core/topology/vhost_info.h"

namespace lepus::core {

class PolicyRematch;  // core/topology/policy_matching.h

struct RouteInput {
  std::string_view key;
  Bytes headers;  ///< Inside of the message's headers table; may be empty.
  /// CC and BCC. An alternate exchange is used only when none of the keys found anything.
  std::span<const std::string_view> cc_keys;
  /// All properties, for hash-property; null: not known yet.
  const PropertiesView* properties = nullptr;
  /// The message comes out of the store of this exchange: it does not go in again.
  const ExchangeInfo* skip_store = nullptr;
  /// It came through these before: they count as met.
  std::span<const ExchangeId> passed = {};
};

/// Destinations of one message. Reuse the object: clear() keeps the memory.
class RouteResult {
 public:
  void clear() {
    queues_.clear();
    needs_headers_ = false;
  }
  bool empty() const { return queues_.empty(); }
  std::size_t size() const { return queues_.size(); }
  QueueInfo* operator[](std::size_t index) const { return queues_[index]; }
  /// It is not there yet.
  void add(QueueInfo& queue) { queues_.push_back(&queue); }
  auto begin() const { return queues_.begin(); }
  auto end() const { return queues_.end(); }
  /// Takes those out for which drop(const QueueInfo&) is true.
  template <class F>
  void drop_if(F&& drop) {
    const auto kept = std::remove_if(queues_.begin(), queues_.end(),
                                     [&](const QueueInfo* queue) { return drop(*queue); });
    queues_.erase(kept, queues_.end());
  }
  /// The message's headers, a property or chance had a say: the result must not be reused for
  /// another message with the same key.
  bool needs_headers() const { return needs_headers_; }

 private:
  friend class Topology;
  boost::container::small_vector<QueueInfo*, 6> queues_;
  bool needs_headers_ = false;
};

class Topology {
 public:
  /// `shard_count`: how many homes there are for queues; at least 1.
  explicit Topology(ShardId shard_count);
  ~Topology();
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  const VhostInfo* find_vhost(std::string_view name) const;
  const VhostInfo* find_vhost(VhostId id) const;
  const ExchangeInfo* find_exchange(VhostId vhost, std::string_view name) const;
  const ExchangeInfo* find_exchange(ExchangeId id) const;
  QueueInfo* find_queue(VhostId vhost, std::string_view name) const;
  QueueInfo* find_queue(QueueId id) const;
  const Binding* find_binding(const BindingSpec& spec) const;

  /// Oldest exclusive queue of a connection (follow owned->after), nullptr when it has none.
  const QueueInfo* first_exclusive_queue(ConnectionId owner) const;

  /// The virtual host that has amq.rabbitmq.event; none: nobody is told of events. Before the
  /// first change.
  void set_event_vhost(std::string name) { event_vhost_ = std::move(name); }
  const std::string& event_vhost() const { return event_vhost_; }
  /// Null: it is not there.
  const ExchangeInfo* event_exchange() const { return event_exchange_; }
  /// Grows each time a firehose is turned on or off.
  std::uint64_t trace_changes() const { return trace_changes_; }
  /// Values are JSON.
  const std::map<ParameterKey, std::string>& parameters() const { return parameters_; }

  /// For listings: sorted by id.
  std::vector<const VhostInfo*> vhosts() const;
  std::vector<const ExchangeInfo*> exchanges(VhostId vhost) const;
  std::vector<QueueInfo*> queues(VhostId vhost) const;
  std::size_t queue_count() const { return queues_.size(); }

  ShardId shard_count() const { return shard_count_; }
  const Access& access() const { return access_; }
  /// Grows by one with each applied change: caches of routes compare it.
  std::uint64_t version() const { return version_; }

  /// Deterministic, cannot fail: a change that does not fit stops the process.
  void apply(const TopologyChange& change);
  /// The same for changes that concern many queues, whose work is done in slices by the caller:
  /// nothing else may be applied before it is complete.
  PolicyRematch begin(const PolicyPut& change);
  PolicyRematch begin(const PolicyRemoved& change);

  /// Appends each destination queue that is not yet in `out`, in an order that depends on the
  /// topology only (x-random exchanges: on earlier calls, too). Follows exchange-to-exchange
  /// bindings (each exchange once) and alternate exchanges.
  void route(const ExchangeInfo& exchange, const RouteInput& input, RouteResult& out) const;

 private:
  void on_change(const VhostAdded& change);
  void on_change(const VhostRemoved& change);
  void on_change(const ExchangeAdded& change);
  void on_change(const ExchangeRemoved& change);
  void on_change(const QueueAdded& change);
  void on_change(const QueueRemoved& change);
  void on_change(const BindingAdded& change);
  void on_change(const BindingRemoved& change);
  void on_change(const VhostSettingsPut& change);
  void on_change(const VhostLimitsPut& change);
  void on_change(const ParameterPut& change);
  void on_change(const ParameterRemoved& change);
  void on_change(const TracePut& change);
  template <class Change>
  requires requires(Access& access, const Change& change) { access.on_change(change); }
  void on_change(const Change& change) { access_.on_change(change); }
  void remove_binding(Binding& binding);
  void forget_binding(Binding& binding);
  void link_owned(QueueInfo& queue);
  void unlink_owned(QueueInfo& queue);
  void link_store(QueueInfo& store);
  void unlink_store(const QueueInfo& store);
  void route_through(const ExchangeInfo& exchange, const RouteInput& input, RouteResult& out) const;
  bool take_store(const ExchangeInfo& exchange, const RouteInput& input, RouteResult& out) const;
  void follow(const ExchangeInfo& exchange) const;

  struct OwnedQueues {
    QueueInfo* first;
    QueueInfo* last;
  };

  ShardId shard_count_;
  std::uint64_t version_ = 0;
  Access access_;
  boost::unordered_flat_map<VhostId, std::unique_ptr<VhostInfo>> vhosts_;
  boost::unordered_flat_map<std::string_view, VhostInfo*, TextHash> vhost_names_;
  boost::unordered_flat_map<ExchangeId, std::unique_ptr<ExchangeInfo>> exchanges_;
  QueuesById queues_;
  boost::unordered_flat_map<ConnectionId, OwnedQueues> owned_;
  BindingSet bindings_;
  std::map<ParameterKey, std::string> parameters_;
  std::string event_vhost_;
  const ExchangeInfo* event_exchange_ = nullptr;
  std::uint64_t trace_changes_ = 0;
  mutable std::uint64_t route_mark_ = 0;  ///< Number of route() calls so far.
  mutable std::uint64_t chance_ = 0;      ///< Draws of x-random exchanges so far.
  mutable std::vector<const ExchangeInfo*>
      route_pending_;  ///< Scratch of route(): exchanges to visit.
};

}  // namespace lepus::core
