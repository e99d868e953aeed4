// Policies and operator policies: what queues and exchanges of a virtual host are to follow, by a
// pattern of their names (RabbitMQ's policies). The master decides and every shard applies them
// like any change of the topology; queues see the outcome as QueueInfo::effective.
//
//   declared arguments
//     + the policy that matches and has the highest priority
//     + the operator policy that matches and has the highest priority
//
//   numbers: the smallest of the three counts
//   anything else: the operator policy's, else the argument, else the policy's
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/access_pattern.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/topology/queue_arguments.h"

namespace lepus::core {

enum class PolicyTarget : std::uint8_t {
  all,
  queues,
  classic_queues,
  quorum_queues,
  streams,
  exchanges
};
std::optional<PolicyTarget> parse_policy_target(std::string_view text);
std::string_view policy_target_name(PolicyTarget target);

struct PolicySpec {
  std::string vhost;
  std::string name;
  std::string pattern;  ///< Of RE2; matches anywhere in a name.
  PolicyTarget target = PolicyTarget::all;
  std::int64_t priority = 0;
  std::string definition;  ///< Inside of a field table: "max-length", ...
  std::string json;        ///< The same as it was given, for the operator.
  bool operator==(const PolicySpec&) const = default;
};

/// What becomes of a key of a policy.
enum class PolicyKeyUse : std::uint8_t {
  followed,
  without_effect,  ///< Of clusters, mirrors and segments of files: it is taken, nothing follows it.
  of_plugin,       ///< Of federation or sharding, which are not there: it is left out.
  unknown          ///< Of none of RabbitMQ's versions, or none that such a policy may have.
};
PolicyKeyUse policy_key_use(std::string_view key, bool is_operator);
/// Empty, or why a policy cannot have the key with this value.
std::string check_policy_key(std::string_view key, const FieldValue& value, bool is_operator);

/// Empty, or what is wrong with it: RabbitMQ's "Validation failed" and the reason.
std::string check_policy(const PolicySpec& policy, bool is_operator);
/// Leaves in the definition what check_policy() finds nothing wrong with. What was wrong with the
/// other keys, or that there was none; `json` stays as it is.
std::vector<std::string> drop_unfit_keys(PolicySpec& policy, bool is_operator);

/// Added, or another one of that name.
struct PolicyPut {
  VhostId vhost;
  bool is_operator = false;
  PolicySpec policy;
};
struct PolicyRemoved {
  VhostId vhost;
  bool is_operator = false;
  std::string vhost_name;
  std::string name;
};

struct Policy {
  /// As in RabbitMQ an empty pattern matches every name, unlike that of a permission.
  explicit Policy(const PolicySpec& what)
      : spec(what), pattern(what.pattern.empty() ? ".*" : what.pattern) {}

  /// Returns true if it is for queues of this type and its pattern matches the name.
  bool applies_to_queue(std::string_view name, QueueType type) const;
  /// Returns true if it is for exchanges and its pattern matches the name.
  bool applies_to_exchange(std::string_view name) const;

  PolicySpec spec;
  AccessPattern pattern;
};

/// Returns true if `left` counts where both match: its priority is higher, or equal and its name
/// comes first.
bool outranks(const PolicySpec& left, const PolicySpec& right);

/// Those of one kind in one virtual host, the highest priority first.
class PolicyList {
 public:
  /// Adds the policy; the one of the same name is taken out and returned, null if there was none.
  std::unique_ptr<Policy> put(const PolicySpec& spec);
  /// Takes the policy out and returns it; null if there is none of that name.
  std::unique_ptr<Policy> remove(std::string_view name);
  const Policy* find(std::string_view name) const;
  /// Null: none is for it.
  const Policy* match_queue(std::string_view name, QueueType type) const;
  const Policy* match_exchange(std::string_view name) const;
  bool empty() const { return policies_.empty(); }
  const std::vector<std::unique_ptr<Policy>>& all() const { return policies_; }

 private:
  std::vector<std::unique_ptr<Policy>> policies_;
};

/// What a queue follows. `arguments`: as declared; null: no such policy.
QueueArguments merge_policies(Bytes arguments, const QueueArguments& declared, const Policy* policy,
                              const Policy* operator_policy);
/// The alternate exchange a policy names; nothing: none does.
std::optional<std::string> alternate_of(const Policy* policy);
/// Policy and operator policy in one, inside of a field table, for the operator.
std::string merged_definition(const Policy* policy, const Policy* operator_policy);

}  // namespace lepus::core
