// Identity of bindings. Arguments are compared as sets of entries: clients build tables from hash
// maps and may send the same ones in another order when they unbind. Sorting keeps that n log n, as
// a table may hold tens of thousands.
#include "core/topology/binding.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/exchange/text_hash.h"
#include "core/exchange/value_hash.h"
#include "core/topology/topology.h"

namespace lepus::core {

namespace {

struct SortedEntry {
  std::string_view name;
  std::uint64_t value_hash;
  FieldValue value;
};

std::vector<SortedEntry> sorted_entries(std::string_view arguments) {
  std::vector<SortedEntry> entries;
  for (const FieldEntry& entry : FieldTable{as_bytes(arguments)})
    entries.push_back({entry.name, hash_value(entry.value), entry.value});
  std::stable_sort(
      entries.begin(), entries.end(), [](const SortedEntry& left, const SortedEntry& right) {
        return std::tie(left.name, left.value_hash) < std::tie(right.name, right.value_hash);
      });
  return entries;
}

bool same_arguments(std::string_view left, std::string_view right) {
  if (left == right) return true;
  const std::vector<SortedEntry> a = sorted_entries(left);
  const std::vector<SortedEntry> b = sorted_entries(right);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const SortedEntry& entry, const SortedEntry& other) {
                      return entry.name == other.name && entry.value == other.value;
                    });
}

/// Does not depend on the order of the entries.
std::uint64_t hash_arguments(std::string_view arguments) {
  std::uint64_t sum = 0;
  for (const FieldEntry& entry : FieldTable{as_bytes(arguments)})
    sum += mix_hash(hash_text(entry.name), hash_value(entry.value));
  return sum;
}

std::uint64_t hash_identity(const BindingIdentity& identity) {
  const std::uint64_t ends =
      mix_hash(identity.source, identity.target + (identity.to_queue ? 1 : 0));
  const std::uint64_t conditions = hash_text(identity.key) + hash_arguments(identity.arguments);
  return mix_hash(ends, conditions);
}

}  // namespace

BindingSpec spec_of(const Binding& binding) {
  CHECK((binding.queue != nullptr) != (binding.exchange != nullptr));
  BindingSpec spec;
  spec.source = binding.source->id;
  if (binding.queue != nullptr) {
    spec.queue = binding.queue->id;
  } else {
    spec.exchange = binding.exchange->id;
  }
  spec.key = binding.key;
  spec.arguments = binding.arguments;
  return spec;
}

BindingIdentity identity_of(const BindingSpec& spec) {
  CHECK(static_cast<bool>(spec.queue) != static_cast<bool>(spec.exchange));
  const bool to_queue = static_cast<bool>(spec.queue);
  BindingIdentity identity{spec.source.value, to_queue ? spec.queue.value : spec.exchange.value,
                           to_queue,          spec.key,
                           spec.arguments,    0};
  identity.hash = hash_identity(identity);
  return identity;
}

BindingIdentity identity_of(const Binding& binding) {
  const bool to_queue = binding.queue != nullptr;
  return {binding.source->id.value,
          to_queue ? binding.queue->id.value : binding.exchange->id.value,
          to_queue,
          binding.key,
          binding.arguments,
          binding.identity_hash};
}

bool same_identity(const BindingIdentity& left, const BindingIdentity& right) {
  return left.hash == right.hash && left.source == right.source && left.target == right.target &&
         left.to_queue == right.to_queue && left.key == right.key &&
         same_arguments(left.arguments, right.arguments);
}

}  // namespace lepus::core
