// Weights, hashes and draws. See hash.h.
#include "core/exchange/hash.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/base/assert.h"
#include "core/exchange/text_hash.h"
#include "core/exchange/value_hash.h"
#include "core/message/field_table.h"
#include "core/message/properties.h"
#include "core/topology/topology.h"

namespace lepus::core {

namespace {

AmqpError refused(std::string detail) {
  return AmqpError{ReplyCode::precondition_failed, std::move(detail)};
}

/// More than fits in an integer is not worth telling apart: the largest then. Nullopt: no integer.
std::optional<std::int64_t> parse_weight(std::string_view key) {
  const bool has_plus = key.size() > 1 && key[0] == '+' && key[1] != '-';
  if (has_plus) key.remove_prefix(1);
  std::int64_t weight = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), weight);
  if (error == std::errc::invalid_argument || end != key.data() + key.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return key[0] == '-' ? INT64_MIN : INT64_MAX;
  return weight;
}

/// Above 0 and below 1, from the upper bits.
double fraction(std::uint64_t number) {
  return (static_cast<double>(number >> 11) + 0.5) * 0x1p-53;
}

std::uint64_t hash_property(const HashSource& source, const PropertiesView& view) {
  switch (source.kind) {
    case HashSource::Kind::correlation_id:
      return hash_text(view.correlation_id);
    case HashSource::Kind::message_id:
      return hash_text(view.message_id);
    case HashSource::Kind::timestamp:
      return view.has(Property::timestamp) ? mix_hash(1, view.timestamp_s) : 0;
    case HashSource::Kind::routing_key:
    case HashSource::Kind::header:
      break;
  }
  CHECK(false);
  return 0;
}

}  // namespace

Result<HashSource> parse_hash_source(Bytes arguments) {
  const FieldTable table{arguments};
  const std::optional<FieldValue> header = table.find("hash-header");
  const std::optional<FieldValue> property = table.find("hash-property");
  if (header && property) return refused("hash-header and hash-property are mutually exclusive");
  HashSource source;
  if (!header && !property) return source;
  const FieldValue& value = header ? *header : *property;
  if (!value.is_string()) {
    return refused(fmt::format("invalid type '{}' for arg '{}'", value.type_name(),
                               header ? "hash-header" : "hash-property"));
  }
  if (header) {
    source.kind = HashSource::Kind::header;
    source.header = value.text();
  } else if (value.text() == "correlation_id") {
    source.kind = HashSource::Kind::correlation_id;
  } else if (value.text() == "message_id") {
    source.kind = HashSource::Kind::message_id;
  } else if (value.text() == "timestamp") {
    source.kind = HashSource::Kind::timestamp;
  } else {
    return refused(fmt::format("Unsupported property: {}", value.text()));
  }
  return source;
}

std::optional<AmqpError> check_hash_weight(std::string_view key) {
  const std::optional<std::int64_t> weight = parse_weight(key);
  if (!weight) return refused(fmt::format("The binding key must be an integer: <<\"{}\">>", key));
  if (*weight < 1) return refused("The binding key must be greater than 0");
  return std::nullopt;
}

std::uint64_t hash_message(const HashSource& source, const HashInput& input) {
  if (source.kind == HashSource::Kind::routing_key) return hash_text(input.key);
  if (source.kind != HashSource::Kind::header)
    return input.properties == nullptr ? 0 : hash_property(source, *input.properties);
  if (input.headers.empty()) return 0;
  const std::optional<FieldValue> value = FieldTable{input.headers}.find(source.header);
  return value ? hash_value(*value) : 0;
}

/// A weight that is none comes from a catalog that somebody edited.
void HashRouter::add(Binding& binding) {
  CHECK((binding.queue != nullptr) != (binding.exchange != nullptr));
  const bool to_queue = binding.queue != nullptr;
  const std::string_view name = to_queue ? binding.queue->name : binding.exchange->name;
  const std::uint64_t hash = mix_hash(hash_text(name), to_queue ? 1 : 2);
  const std::int64_t weight = std::max<std::int64_t>(parse_weight(binding.key).value_or(1), 1);
  CHECK(entries_.size() < UINT32_MAX);
  binding.slot_router = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({&binding, mix_hash(hash, hash_text(binding.key)),
                      by_weight_ ? static_cast<double>(weight) : 1.0});
}

void HashRouter::remove(Binding& binding) {
  CHECK(binding.slot_router < entries_.size());
  Entry& entry = entries_[binding.slot_router];
  CHECK(entry.binding == &binding);
  entry.binding = nullptr;
  if (++hole_count_ > entries_.size() / 2) squeeze();
}

void HashRouter::squeeze() const {
  std::erase_if(entries_, [](const Entry& entry) { return entry.binding == nullptr; });
  for (std::size_t index = 0; index < entries_.size(); ++index)
    entries_[index].binding->slot_router = static_cast<std::uint32_t>(index);
  hole_count_ = 0;
}

/// The least of independent exponential draws: its chance is its weight's share.
const HashRouter::Entry& HashRouter::best(std::uint64_t number) const {
  CHECK(!entries_.empty());
  const Entry* found = nullptr;
  double least = 0;
  for (const Entry& entry : entries_) {
    const std::uint64_t draw = mix_hash(mix_hash(number, entry.name_hash), entry.name_hash);
    const double time = -std::log(fraction(draw)) / entry.weight;
    if (found != nullptr && time >= least) continue;
    found = &entry;
    least = time;
  }
  return *found;
}

}  // namespace lepus::core
