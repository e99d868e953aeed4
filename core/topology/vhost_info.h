// What a topology consists of: a virtual host, its exchanges and its queues, with the tables that
// find them by name and by id. Changed by Topology::apply() only (topology.h), but for what a field
// names another owner of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "core/base/ids.h"
#include "core/exchange/text_hash.h"
#include "core/topology/binding.h"
#include "core/topology/exchange_arguments.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

class ExchangeRouter;  // core/exchange/router.h
class Queue;           // core/queue/queue.h
struct VhostInfo;

struct QueueInfo : QueueSpec {
  explicit QueueInfo(QueueSpec spec) : QueueSpec(std::move(spec)), effective(parsed) {}

  /// The policies in force; null: none matches. Set by policy_matching.h, as is `effective`.
  const Policy* policy = nullptr;
  const Policy* operator_policy = nullptr;
  SparseArguments effective;     ///< What the queue follows: `parsed`, and policies laid over it.
  core::Queue* local = nullptr;  ///< Set and cleared by the home shard's broker.
  BindingList bindings;          ///< That lead here.
  /// Its neighbours in the chain of the exclusive queues of one connection, oldest first.
  struct OwnedLinks {
    QueueInfo* before = nullptr;
    QueueInfo* after = nullptr;
  };
  std::unique_ptr<OwnedLinks> owned;     ///< Null: it is not exclusive.
  mutable std::uint64_t route_mark = 0;  ///< Last route() that reported this queue.
};

/// The queues of a virtual host, found by name. A pointer each: the name is in the queue.
struct QueueNameHash : TextHash {
  using TextHash::operator();
  std::size_t operator()(const QueueInfo* queue) const noexcept { return (*this)(queue->name); }
};
struct QueueNameEqual {
  using is_transparent = void;
  static std::string_view name_of(std::string_view name) { return name; }
  static std::string_view name_of(const QueueInfo* queue) { return queue->name; }
  bool operator()(const auto& left, const auto& right) const {
    return name_of(left) == name_of(right);
  }
};
using QueuesByName = boost::unordered_flat_set<QueueInfo*, QueueNameHash, QueueNameEqual>;

/// All queues of a topology, found by id. It owns them.
struct QueueIdHash {
  using is_transparent = void;
  std::size_t operator()(QueueId id) const noexcept { return boost::hash<QueueId>()(id); }
  std::size_t operator()(const std::unique_ptr<QueueInfo>& queue) const noexcept {
    return (*this)(queue->id);
  }
};
struct QueueIdEqual {
  using is_transparent = void;
  static QueueId id_of(QueueId id) { return id; }
  static QueueId id_of(const std::unique_ptr<QueueInfo>& queue) { return queue->id; }
  bool operator()(const auto& left, const auto& right) const { return id_of(left) == id_of(right); }
};
using QueuesById = boost::unordered_flat_set<std::unique_ptr<QueueInfo>, QueueIdHash, QueueIdEqual>;

/// What a shard published to an exchange, counted in its own replica of the topology.
struct ExchangeTraffic {
  std::uint64_t in = 0;    ///< Messages.
  std::uint64_t out = 0;   ///< Queues that they went to.
  bool is_listed = false;  ///< Somebody knows that there is something to tell.
};

struct ExchangeInfo : ExchangeSpec {
  ExchangeInfo(ExchangeSpec spec, const VhostInfo& vhost_info);
  ~ExchangeInfo();

  bool is_default() const { return name.empty(); }

  const VhostInfo& vhost_info;
  const Policy* policy = nullptr;  ///< In force; null: none matches.
  /// Where it sends what it cannot route: `alternate`, or what a policy names.
  std::optional<std::string> effective_alternate;
  std::unique_ptr<ExchangeRouter> router;
  ExchangeArguments parsed;
  QueueInfo* store = nullptr;            ///< Of one that holds messages.
  BindingList bindings_out;              ///< This exchange is the source.
  BindingList bindings_in;               ///< This exchange is the destination.
  mutable std::uint64_t route_mark = 0;  ///< Last route() that went through here.
  mutable ExchangeTraffic traffic;
};

struct VhostInfo {
  VhostId id;
  std::string name;
  VhostSettings settings;
  VhostLimits limits;
  bool is_traced = false;  ///< Its firehose is on.
  PolicyList policies;
  PolicyList operator_policies;
  /// Keys are views of the names inside the infos.
  boost::unordered_flat_map<std::string_view, ExchangeInfo*, TextHash> exchanges;
  QueuesByName queues;
};

}  // namespace lepus::core
