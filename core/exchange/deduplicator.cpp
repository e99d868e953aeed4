// Ids by value, tag included: the text "1" and the number 1 are two.
#include "core/exchange/deduplicator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/limits.h"
#include "core/message/field_table.h"
#include "core/message/message_rewrite.h"

namespace lepus::core {

namespace {

std::string unacceptable(const FieldValue& value) {
  return fmt::format("{{unacceptable_type,{}}}", value.type_name());
}

FieldTable headers_of(const Message& message) { return properties_of(message).header_table(); }

/// Empty: it has none.
std::string id_of(const FieldTable& headers, std::string_view header) {
  const std::optional<FieldValue> value = headers.find(header);
  if (!value || value->is_void()) return {};
  std::string id{value->tag};
  id.append(as_text(value->data));
  return id;
}

}  // namespace

std::string read_deduplication(std::string_view key, const FieldValue& value, Deduplication& out) {
  if (key == "x-message-deduplication") {
    if (!value.is_bool()) return unacceptable(value);
    out.is_on = value.as_bool();
  } else if (key == "x-deduplication-header") {
    if (!value.is_string()) return unacceptable(value);
    out.header = value.text();
  } else {
    CHECK(key == "x-cache-size" || key == "x-cache-ttl");
    if (!value.is_integer()) return unacceptable(value);
    const std::int64_t number = value.as_int64();
    if (number < 0) return fmt::format("{{value_negative,{}}}", number);
    if (key == "x-cache-size" && number == 0) return "{value_zero,0}";
    if (key == "x-cache-size") out.cache_size = static_cast<std::uint64_t>(number);
    if (key == "x-cache-ttl")
      out.cache_ttl_ms = std::min(static_cast<std::uint64_t>(number), limits::duration_ms_max);
  }
  return {};
}

bool Deduplicator::is_duplicate(const Message& message, Nanos now) const {
  const std::string id = id_of(headers_of(message), rules_.header);
  if (id.empty()) return false;
  const auto found = seen_.find(id);
  return found != seen_.end() && now < found->second.until;
}

void Deduplicator::remember(const Message& message, Nanos now) {
  const FieldTable headers = headers_of(message);
  std::string id = id_of(headers, rules_.header);
  if (id.empty()) return;
  std::optional<std::uint64_t> ttl_ms = rules_.cache_ttl_ms;
  const std::optional<FieldValue> own = headers.find("x-cache-ttl");
  if (own && own->is_integer() && own->as_int64() >= 0)
    ttl_ms = std::min(static_cast<std::uint64_t>(own->as_int64()), limits::duration_ms_max);
  const Nanos until = ttl_ms ? now + static_cast<Nanos>(*ttl_ms) * nanos_per_ms : never;
  const auto [found, is_new] = seen_.insert_or_assign(std::move(id), Seen{until, ++last_number_});
  order_.push_back({last_number_, &found->first});
  count(sizeof(Entry) + (is_new ? size_of(found->first) : 0), 0);
  while (seen_.size() > rules_.cache_size || order_.size() > 2 * rules_.cache_size ||
         bytes_ > limits::deduplication_bytes_max)
    forget_oldest();
}

void Deduplicator::forget_oldest() {
  const auto oldest = seen_.find(*order_.front().id);
  CHECK(oldest != seen_.end());
  const bool is_latest = oldest->second.number == order_.front().number;
  order_.pop_front();
  count(0, sizeof(Entry) + (is_latest ? size_of(oldest->first) : 0));
  if (is_latest) seen_.erase(oldest);
}

std::uint64_t Deduplicator::size_of(const std::string& id) {
  constexpr std::uint64_t node_size = sizeof(std::string) + sizeof(Seen) + 4 * sizeof(void*);
  return node_size + id.size();
}

void Deduplicator::count(std::uint64_t added, std::uint64_t removed) {
  CHECK(bytes_ + added >= removed);
  bytes_ += added - removed;
  account_.index_bytes += added - removed;
}

}  // namespace lepus::core
