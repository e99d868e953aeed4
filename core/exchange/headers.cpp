// Reading conditions, keeping the buckets, testing the rest of an `all` pattern.
#include "core/exchange/headers.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/exchange/text_hash.h"
#include "core/exchange/value_hash.h"
#include "core/exchange/value_text.h"

namespace lepus::core {

namespace {

/// Up to this many headers of a message are searched one by one; more are sorted first.
constexpr std::size_t linear_search_max = 16;

constexpr std::string_view match_key = "x-match";

struct MatchMode {
  bool needs_all;
  bool with_x;
};

std::optional<MatchMode> match_mode(std::string_view word) {
  if (word == "all") return MatchMode{true, false};
  if (word == "any") return MatchMode{false, false};
  if (word == "all-with-x") return MatchMode{true, true};
  if (word == "any-with-x") return MatchMode{false, true};
  return std::nullopt;
}

std::uint64_t presence_hash(std::uint64_t name_hash) { return mix_hash(name_hash, 0); }
bool is_bytes(const FieldValue& value) { return value.is_string() || value.is_binary(); }

std::uint64_t value_bucket_hash(std::uint64_t name_hash, const FieldValue& value) {
  return mix_hash(name_hash, is_bytes(value) ? hash_text(value.text()) : hash_value(value));
}

}  // namespace

std::optional<AmqpError> check_headers_arguments(Bytes arguments) {
  const std::optional<FieldValue> mode = FieldTable{arguments}.find(match_key);
  if (!mode) return std::nullopt;
  if (!mode->is_string()) {
    return AmqpError{ReplyCode::precondition_failed,
                     fmt::format("Invalid x-match field type {} (value {}); expected longstr",
                                 mode->type_name(), erlang_text(*mode))};
  }
  if (match_mode(mode->text())) return std::nullopt;
  return AmqpError{
      ReplyCode::precondition_failed,
      fmt::format("Invalid x-match field value {}; expected all, any, all-with-x, or any-with-x",
                  erlang_text(*mode))};
}

/// Text and binary are one: clients choose between the two by their own types.
bool HeadersRouter::matches(const Condition& condition, const Field& field) {
  if (condition.name_hash != field.name_hash || condition.name != field.name) return false;
  if (condition.value.is_void()) return true;
  if (is_bytes(condition.value) && is_bytes(field.value))
    return condition.value.text() == field.value.text();
  return condition.value == field.value;
}

HeadersRouter::HeadersRouter() = default;
HeadersRouter::~HeadersRouter() = default;
HeadersRouter::HeadersRouter(HeadersRouter&&) noexcept = default;
HeadersRouter& HeadersRouter::operator=(HeadersRouter&&) noexcept = default;

HeadersRouter::Pattern HeadersRouter::read_pattern(Binding& binding) {
  MatchMode mode{true, false};
  const FieldTable arguments{as_bytes(binding.arguments)};
  if (const std::optional<FieldValue> word = arguments.find(match_key)) {
    CHECK(word->is_string());
    const std::optional<MatchMode> known = match_mode(word->text());
    CHECK(known.has_value());
    mode = *known;
  }
  Pattern pattern{&binding, mode.needs_all, {}};
  for (const FieldEntry& entry : arguments) {
    if (entry.name == match_key) continue;
    if (!mode.with_x && entry.name.starts_with("x-")) continue;
    const std::uint64_t name_hash = hash_text(entry.name);
    const std::uint64_t bucket_hash = entry.value.is_void()
                                          ? presence_hash(name_hash)
                                          : value_bucket_hash(name_hash, entry.value);
    pattern.conditions.push_back({nullptr, entry.name, entry.value, name_hash, bucket_hash});
  }
  return pattern;
}

void HeadersRouter::add(Binding& binding) {
  std::uint32_t place = static_cast<std::uint32_t>(patterns_.size());
  if (free_.empty()) {
    patterns_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  patterns_[place] = std::make_unique<Pattern>(read_pattern(binding));
  binding.router_node = place;
  Pattern& pattern = *patterns_[place];
  for (Condition& condition : pattern.conditions) condition.pattern = &pattern;

  if (!pattern.needs_all) {
    for (Condition& condition : pattern.conditions) enter_bucket(condition);
  } else if (pattern.conditions.empty()) {
    always_.add(binding, &Binding::slot_router);
  } else {
    enter_bucket(*std::min_element(pattern.conditions.begin(), pattern.conditions.end(),
                                   [this](const Condition& left, const Condition& right) {
                                     return bucket_size(left) < bucket_size(right);
                                   }));
  }
}

void HeadersRouter::remove(Binding& binding) {
  CHECK(binding.router_node < patterns_.size());
  std::unique_ptr<Pattern>& pattern = patterns_[binding.router_node];
  CHECK(pattern != nullptr);
  CHECK(pattern->binding == &binding);
  if (pattern->needs_all && pattern->conditions.empty())
    always_.remove(binding, &Binding::slot_router);
  for (Condition& condition : pattern->conditions) {
    if (!condition.in_bucket) continue;
    const auto bucket = buckets_.find(condition.bucket_hash);
    CHECK(bucket != buckets_.end());
    bucket->second.remove(condition, &Condition::slot);
    if (bucket->second.empty()) buckets_.erase(bucket);
  }
  pattern.reset();
  free_.push_back(binding.router_node);
}

void HeadersRouter::enter_bucket(Condition& condition) {
  buckets_[condition.bucket_hash].add(condition, &Condition::slot);
  condition.in_bucket = true;
}

std::size_t HeadersRouter::bucket_size(const Condition& condition) const {
  const auto bucket = buckets_.find(condition.bucket_hash);
  return bucket == buckets_.end() ? 0 : bucket->second.size();
}

void HeadersRouter::read_fields(Bytes headers) const {
  fields_.clear();
  for (const FieldEntry& entry : FieldTable{headers}) {
    const std::uint64_t name_hash = hash_text(entry.name);
    fields_.push_back({entry.name, entry.value, name_hash,
                       value_bucket_hash(name_hash, entry.value), presence_hash(name_hash)});
  }
  if (fields_.size() <= linear_search_max) return;
  std::stable_sort(fields_.begin(), fields_.end(), [](const Field& left, const Field& right) {
    return left.name_hash < right.name_hash;
  });
}

/// `condition` holds; whether the binding matches then depends on its other conditions.
bool HeadersRouter::rest_matches(const Condition& condition) const {
  const Pattern& pattern = *condition.pattern;
  if (!pattern.needs_all) return true;
  return std::all_of(
      pattern.conditions.begin(), pattern.conditions.end(),
      [&](const Condition& other) { return &other == &condition || holds_somewhere(other); });
}

bool HeadersRouter::holds_somewhere(const Condition& condition) const {
  auto at = fields_.begin();
  auto end = fields_.end();
  if (fields_.size() > linear_search_max) {
    at = std::lower_bound(at, end, condition.name_hash, [](const Field& field, std::uint64_t hash) {
      return field.name_hash < hash;
    });
    end = std::upper_bound(
        at, end, condition.name_hash,
        [](std::uint64_t hash, const Field& field) { return hash < field.name_hash; });
  }
  return std::any_of(at, end, [&](const Field& field) { return matches(condition, field); });
}

}  // namespace lepus::core
