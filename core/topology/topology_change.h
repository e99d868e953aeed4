// What happens to a topology, in the one order the control thread decided. Every replica applies
// the same changes in the same order and is then equal to the master. Changes carry everything, so
// applying cannot fail.
//
// A removed queue or exchange takes its bindings with it (both directions); no BindingRemoved is
// sent for those. Auto-delete exchanges that fall with them come as ExchangeRemoved changes of
// their own, and so does each queue and exchange of a removed vhost, before VhostRemoved. What
// users may do in a removed vhost goes with it, and what a removed user may do with the user.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/access/access_change.h"
#include "core/base/ids.h"
#include "core/topology/policy.h"
#include "core/topology/sparse_arguments.h"

namespace lepus::core {

enum class ExchangeType : std::uint8_t {
  direct,
  fanout,
  topic,
  headers,
  consistent_hash,
  modulus_hash,
  random,
  local_random,
  delayed_message,
  recent_history,
};
inline constexpr std::array all_exchange_types{
    ExchangeType::direct,        ExchangeType::fanout,          ExchangeType::topic,
    ExchangeType::headers,       ExchangeType::consistent_hash, ExchangeType::modulus_hash,
    ExchangeType::random,        ExchangeType::local_random,    ExchangeType::delayed_message,
    ExchangeType::recent_history};
std::string_view exchange_type_name(ExchangeType type);
std::optional<ExchangeType> parse_exchange_type(std::string_view name);

/// What the queue of an exchange is for: core/topology/exchange_store.h.
enum class StoreUse : std::uint8_t { none, delay, deduplicate, history };

/// An exchange without what its router keeps.
struct ExchangeSpec {
  ExchangeId id;
  VhostId vhost;
  ExchangeType type = ExchangeType::direct;
  bool durable = false;
  bool auto_delete = false;  ///< Goes with its last binding as a source.
  bool internal = false;     ///< Clients may not publish to it.
  bool has_alternate = false;
  std::string name;       ///< Empty: the default exchange.
  std::string arguments;  ///< Inside of a field table, as declared.
  std::string alternate;  ///< When has_alternate; need not exist.
};

/// A queue without its messages and bindings.
struct QueueSpec {
  QueueId id;
  VhostId vhost;
  ShardId home = 0;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  StoreUse store_use = StoreUse::none;
  ConnectionId owner;   ///< Of an exclusive queue, else 0.
  ExchangeId store_of;  ///< It is the store of this exchange: no name, found by id only.
  std::string name;
  std::string arguments;  ///< Inside of a field table, as declared.
  SparseArguments parsed;

  /// It is there again after a restart, with its persistent messages.
  bool survives_restart() const { return durable && !exclusive; }
};

/// Identity of a binding. Exactly one of queue and exchange (the destination) is set.
struct BindingSpec {
  ExchangeId source;
  QueueId queue;
  ExchangeId exchange;
  std::string key;
  std::string arguments;  ///< Inside of a field table; identity by value, whatever the order of the
                          ///< entries.
};

struct VhostAdded {
  VhostId id;
  std::string name;
};
struct VhostRemoved {
  VhostId id;
};
struct ExchangeAdded {
  ExchangeSpec exchange;
};
struct ExchangeRemoved {
  ExchangeId id;
};
struct QueueAdded {
  QueueSpec queue;
};
struct QueueRemoved {
  QueueId id;
};
struct BindingAdded {
  BindingSpec binding;
};
struct BindingRemoved {
  BindingSpec binding;
};

/// The firehose of a virtual host: what is published and delivered in it goes to
/// amq.rabbitmq.trace, too. Off again after a restart, as in RabbitMQ.
struct TracePut {
  VhostId vhost;
  bool is_on;
};

using TopologyChange =
    std::variant<VhostAdded, VhostRemoved, ExchangeAdded, ExchangeRemoved, QueueAdded, QueueRemoved,
                 BindingAdded, BindingRemoved, VhostSettingsPut, VhostLimitsPut, UserPut,
                 UserRemoved, PermissionPut, PermissionRemoved, TopicPermissionPut,
                 TopicPermissionRemoved, PolicyPut, PolicyRemoved, ParameterPut, ParameterRemoved,
                 TracePut>;

/// What one decision changes, and for whom.
struct TopologyChanges {
  std::vector<TopologyChange> list;
  std::string by = {};  ///< A user, or operator_name; empty: the broker by itself.
};
/// Who acts through lepusctl, as RabbitMQ calls him in its events.
inline constexpr std::string_view operator_name = "rmq-cli";

}  // namespace lepus::core
