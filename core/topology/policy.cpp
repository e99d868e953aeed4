// Checking, matching and merging. A policy's key is an argument without its "x-", so what holds for
// arguments holds for policies: the merged table is read like one that was declared.
#include "core/topology/policy.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/exchange/value_text.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {

namespace {

struct TargetName {
  PolicyTarget target;
  std::string_view name;
};
constexpr TargetName target_names[] = {
    {PolicyTarget::all, "all"},
    {PolicyTarget::queues, "queues"},
    {PolicyTarget::classic_queues, "classic_queues"},
    {PolicyTarget::quorum_queues, "quorum_queues"},
    {PolicyTarget::streams, "streams"},
    {PolicyTarget::exchanges, "exchanges"},
};

constexpr std::string_view alternate_policy_key = "alternate-exchange";

/// Of clusters and mirrors: there is one node, so they are true whatever they say.
constexpr std::string_view keys_without_effect[] = {
    "ha-mode",
    "ha-params",
    "ha-sync-mode",
    "ha-sync-batch-size",
    "ha-promote-on-shutdown",
    "ha-promote-on-failure",
    "queue-master-locator",
    "queue-leader-locator",
    "target-group-size",
    "initial-cluster-size",
    // What a stream is on the disk, and members of a queue that are away.
    "max-segment-size",
    "consumer-disconnected-timeout",
};
/// Of plugins of RabbitMQ that are not there.
constexpr std::string_view plugin_keys[] = {
    "federation-upstream",
    "federation-upstream-set",
    "federation-upstream-pattern",
    "shards-per-node",
    "routing-key",
};
/// Those an operator policy may have (RabbitMQ's set, and what was added to arguments since).
constexpr std::string_view operator_keys[] = {"expires",
                                              "message-ttl",
                                              "max-length",
                                              "max-length-bytes",
                                              "max-in-memory-length",
                                              "max-in-memory-bytes",
                                              "delivery-limit",
                                              "consumer-timeout",
                                              "max-age",
                                              "target-group-size",
                                              "ha-mode",
                                              "ha-params",
                                              "ha-sync-mode"};

template <std::size_t Size>
bool is_one_of(const std::string_view (&all)[Size], std::string_view key) {
  return std::find(std::begin(all), std::end(all), key) != std::end(all);
}

std::string failed(std::string_view why) { return fmt::format("Validation failed\n\n{}", why); }

bool is_for(PolicyTarget target, QueueType type) {
  switch (target) {
    case PolicyTarget::all:
    case PolicyTarget::queues:
      return true;
    case PolicyTarget::classic_queues:
      return type == QueueType::classic;
    case PolicyTarget::quorum_queues:
      return type == QueueType::quorum;
    case PolicyTarget::streams:
      return type == QueueType::stream;
    case PolicyTarget::exchanges:
      return false;
  }
  return false;
}

using Values = std::map<std::string, FieldValue, std::less<>>;

bool is_smaller(const FieldValue& left, const FieldValue& right) {
  return left.as_int64() < right.as_int64();
}

/// Numbers: the smaller one. `wins`: what is laid over otherwise counts.
void lay_over(Values& values, std::string_view key, const FieldValue& value, bool wins) {
  const auto [there, is_new] = values.emplace(key, value);
  if (is_new) return;
  const bool are_numbers = value.is_integer() && there->second.is_integer();
  if (are_numbers ? is_smaller(value, there->second) : wins) there->second = value;
}

Values merge(const Policy* policy, const Policy* operator_policy) {
  Values values;
  for (const Policy* one : {policy, operator_policy}) {
    if (one == nullptr) continue;
    for (const FieldEntry& entry : FieldTable{as_bytes(one->spec.definition)})
      lay_over(values, entry.name, entry.value, true);
  }
  return values;
}

std::string table_of(const Values& values) {
  FieldTableWriter out;
  for (const auto& [key, value] : values) out.value(key, value);
  return out.take();
}

}  // namespace

std::optional<PolicyTarget> parse_policy_target(std::string_view text) {
  for (const TargetName& name : target_names)
    if (name.name == text) return name.target;
  return std::nullopt;
}

std::string_view policy_target_name(PolicyTarget target) {
  for (const TargetName& name : target_names)
    if (name.target == target) return name.name;
  CHECK(false);
  return {};
}

PolicyKeyUse policy_key_use(std::string_view key, bool is_operator) {
  if (is_operator && !is_one_of(operator_keys, key)) return PolicyKeyUse::unknown;
  if (is_one_of(keys_without_effect, key)) return PolicyKeyUse::without_effect;
  if (is_one_of(plugin_keys, key)) return PolicyKeyUse::of_plugin;
  if (key == alternate_policy_key) return PolicyKeyUse::followed;
  const bool is_argument = check_policy_argument("x-" + std::string{key}, FieldValue{}).has_value();
  return is_argument ? PolicyKeyUse::followed : PolicyKeyUse::unknown;
}

std::string check_policy_key(std::string_view key, const FieldValue& value, bool is_operator) {
  if (is_operator && !is_one_of(operator_keys, key))
    return fmt::format("'{}' is not a recognised operator policy setting", key);
  if (is_one_of(keys_without_effect, key)) return {};
  if (is_one_of(plugin_keys, key)) return fmt::format("'{}' is of a plugin that is not there", key);
  if (key == alternate_policy_key)
    return value.is_string()
               ? ""
               : fmt::format("'{}' is not a valid alternate exchange name", bare_text(value));
  const std::optional<std::string> reason = check_policy_argument("x-" + std::string{key}, value);
  if (!reason) return fmt::format("'{}' is not a recognised policy setting", key);
  return reason->empty() ? "" : fmt::format("'{}' = {}: {}", key, bare_text(value), *reason);
}

std::string check_policy(const PolicySpec& policy, bool is_operator) {
  if (policy.name.empty()) return failed("the name of a policy is empty");
  if (const std::string why = check_pattern(policy.pattern); !why.empty())
    return failed(
        fmt::format("pattern '{}' is not a valid regular expression: {}", policy.pattern, why));
  const FieldTable definition{as_bytes(policy.definition)};
  if (definition.empty()) return failed("no policy provided");
  for (const FieldEntry& entry : definition)
    if (const std::string why = check_policy_key(entry.name, entry.value, is_operator);
        !why.empty())
      return failed(why);
  return {};
}

std::vector<std::string> drop_unfit_keys(PolicySpec& policy, bool is_operator) {
  std::vector<std::string> faults;
  FieldTableWriter fit;
  const FieldTable definition{as_bytes(policy.definition)};
  if (definition.empty()) faults.emplace_back("no policy provided");
  for (const FieldEntry& entry : definition) {
    if (std::string why = check_policy_key(entry.name, entry.value, is_operator); !why.empty()) {
      faults.push_back(std::move(why));
    } else {
      fit.value(entry.name, entry.value);
    }
  }
  policy.definition = fit.take();
  return faults;
}

bool Policy::applies_to_queue(std::string_view name, QueueType type) const {
  return is_for(spec.target, type) && pattern.matches(name);
}

bool Policy::applies_to_exchange(std::string_view name) const {
  const bool is_for_exchanges =
      spec.target == PolicyTarget::all || spec.target == PolicyTarget::exchanges;
  return is_for_exchanges && pattern.matches(name);
}

bool outranks(const PolicySpec& left, const PolicySpec& right) {
  return left.priority != right.priority ? left.priority > right.priority : left.name < right.name;
}

std::unique_ptr<Policy> PolicyList::put(const PolicySpec& spec) {
  std::unique_ptr<Policy> replaced = remove(spec.name);
  const auto behind = std::find_if(
      policies_.begin(), policies_.end(),
      [&](const std::unique_ptr<Policy>& policy) { return outranks(spec, policy->spec); });
  policies_.insert(behind, std::make_unique<Policy>(spec));
  return replaced;
}

std::unique_ptr<Policy> PolicyList::remove(std::string_view name) {
  const auto found = std::find_if(
      policies_.begin(), policies_.end(),
      [&](const std::unique_ptr<Policy>& policy) { return policy->spec.name == name; });
  if (found == policies_.end()) return nullptr;
  std::unique_ptr<Policy> removed = std::move(*found);
  policies_.erase(found);
  return removed;
}

const Policy* PolicyList::find(std::string_view name) const {
  for (const auto& policy : policies_)
    if (policy->spec.name == name) return policy.get();
  return nullptr;
}

const Policy* PolicyList::match_queue(std::string_view name, QueueType type) const {
  for (const auto& policy : policies_)
    if (policy->applies_to_queue(name, type)) return policy.get();
  return nullptr;
}

const Policy* PolicyList::match_exchange(std::string_view name) const {
  for (const auto& policy : policies_)
    if (policy->applies_to_exchange(name)) return policy.get();
  return nullptr;
}

QueueArguments merge_policies(Bytes arguments, const QueueArguments& declared, const Policy* policy,
                              const Policy* operator_policy) {
  if (policy == nullptr && operator_policy == nullptr) return declared;
  Values values;
  for (const auto& [key, value] : merge(policy, operator_policy)) {
    std::string argument = "x-" + key;
    if (has_queue_argument(argument, declared.queue_type)) values.emplace(argument, value);
  }
  // The policy counts with streams (RabbitMQ), the argument with other queues.
  const bool argument_wins = declared.queue_type != QueueType::stream;
  for (const FieldEntry& entry : FieldTable{arguments})
    lay_over(values, entry.name, entry.value, argument_wins);
  if (!values.contains("x-dead-letter-exchange")) values.erase("x-dead-letter-routing-key");
  QueueDescription description;
  description.durable = true;
  description.shard_count = UINT8_MAX;
  const std::string table = table_of(values);
  Result<QueueArguments> merged = parse_queue_arguments(as_bytes(table), description);
  return merged.ok() ? std::move(merged.value()) : declared;
}

std::optional<std::string> alternate_of(const Policy* policy) {
  if (policy == nullptr) return std::nullopt;
  const auto value = FieldTable{as_bytes(policy->spec.definition)}.find(alternate_policy_key);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string{value->text()};
}

std::string merged_definition(const Policy* policy, const Policy* operator_policy) {
  return table_of(merge(policy, operator_policy));
}

}  // namespace lepus::core
