// The x-death header, rewritten.
#include "core/queue/dead_letter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/message/message_rewrite.h"

namespace lepus::core {

namespace {

std::optional<FieldArray> x_death(const PropertiesView& view) {
  if (view.headers.empty()) return std::nullopt;
  const auto value = view.header_table().find("x-death");
  if (!value || !value->is_array()) return std::nullopt;
  return value->array();
}

/// Empty: it is none.
std::string_view text_of(const FieldTable& death, std::string_view field) {
  const auto value = death.find(field);
  return value && value->is_string() ? value->text() : std::string_view{};
}

bool names(const FieldTable& death, std::string_view field, std::string_view text) {
  const auto value = death.find(field);
  return value && value->is_string() && value->text() == text;
}

/// An entry of the header as it came.
struct OldDeath {
  FieldValue value;
  std::int64_t count = 0;  ///< 0: it says nothing of the kind, and stays as it is.

  bool is_of(const Death& death) const {
    return count != 0 && names(value.table(), "queue", death.queue->name) &&
           names(value.table(), "reason", death_reason_name(death.reason));
  }
};

/// Clients may send anything, and did so for brokers that wrote an entry for each death: of those
/// that are alike the first one stays, and without a count of its own it counts them.
std::vector<OldDeath> old_deaths(const PropertiesView& view) {
  std::vector<OldDeath> deaths;
  const auto header = x_death(view);
  if (!header) return deaths;
  struct Known {
    std::size_t at;
    bool counts_itself;
  };
  std::map<std::pair<std::string_view, std::string_view>, Known> known;
  for (const FieldValue& value : *header) {
    const std::string_view queue = value.is_table() ? text_of(value.table(), "queue") : "";
    const std::string_view reason = value.is_table() ? text_of(value.table(), "reason") : "";
    if (reason.empty()) {
      deaths.push_back({value});
      continue;
    }
    const auto count = value.table().find("count");
    const bool counts_itself = count && count->is_integer() && count->as_int64() > 0;
    const auto [there, is_new] =
        known.try_emplace({queue, reason}, Known{deaths.size(), counts_itself});
    if (is_new) {
      deaths.push_back({value, counts_itself ? count->as_int64() : 1});
    } else if (!there->second.counts_itself) {
      ++deaths[there->second.at].count;
    }
  }
  return deaths;
}

void write_first_death(FieldTableWriter& out, const Message& message, const PropertiesView& view,
                       const Death& death) {
  out.begin_table({});
  out.int64("count", 1);
  out.text("reason", death_reason_name(death.reason));
  out.text("queue", death.queue->name);
  out.timestamp_s("time", death.time_s);
  out.text("exchange", message.exchange());
  if (view.has(Property::expiration)) out.text("original-expiration", view.expiration);
  out.begin_array("routing-keys");
  out.text({}, message.routing_key());
  for (const std::string_view key : cc_keys(view)) out.text({}, key);
  out.end();
  out.end();
}

/// With this count; the rest stays as it was the first time, as in RabbitMQ.
void write_old_death(FieldTableWriter& out, const OldDeath& death, std::int64_t count) {
  if (death.count == 0) return out.value({}, death.value);
  out.begin_table({});
  out.int64("count", count);
  for (const FieldEntry& entry : death.value.table())
    if (entry.name != "count") out.value(entry.name, entry.value);
  out.end();
}

void write_deaths(FieldTableWriter& out, const Message& message, const PropertiesView& view,
                  const Death& death) {
  const std::vector<OldDeath> deaths = old_deaths(view);
  const auto again = std::find_if(deaths.begin(), deaths.end(),
                                  [&](const OldDeath& old) { return old.is_of(death); });
  out.begin_array("x-death");
  if (again == deaths.end()) {
    write_first_death(out, message, view, death);
  } else {
    write_old_death(out, *again, again->count == INT64_MAX ? INT64_MAX : again->count + 1);
  }
  std::size_t left = limits::deaths_max - 1;
  for (auto old = deaths.begin(); old != deaths.end() && left > 0; ++old) {
    if (old == again) continue;
    write_old_death(out, *old, old->count);
    --left;
  }
  out.end();
}

/// The headers with the new death in front of the old ones.
std::string rewrite_headers(const Message& message, const PropertiesView& view,
                            const Death& death) {
  FieldTableWriter out;
  bool is_first = true;
  // RabbitMQ drops CC when the queue has a dead letter routing key of its own.
  const bool keeps_cc = !death.queue->effective->dead_letter_routing_key.has_value();
  for (const FieldEntry& entry : view.header_table()) {
    if (entry.name == "x-death" || entry.name == "x-first-death-queue") is_first = false;
    if (entry.name == "x-death" || entry.name.starts_with("x-last-death-")) continue;
    if (entry.name == "CC" && !keeps_cc) continue;
    out.value(entry.name, entry.value);
  }
  write_deaths(out, message, view, death);
  const std::string_view reason = death_reason_name(death.reason);
  for (const std::string prefix : {"x-first-death-", "x-last-death-"}) {
    if (!is_first && prefix == "x-first-death-") continue;
    out.text(prefix + "exchange", message.exchange());
    out.text(prefix + "queue", death.queue->name);
    out.text(prefix + "reason", reason);
  }
  return out.take();
}

}  // namespace

std::string_view death_reason_name(DeathReason reason) {
  switch (reason) {
    case DeathReason::rejected:
      return "rejected";
    case DeathReason::expired:
      return "expired";
    case DeathReason::maxlen:
      return "maxlen";
    case DeathReason::delivery_limit:
      return "delivery_limit";
  }
  CHECK(false);
  return {};
}

MessageRef make_dead_letter(const Message& message, const Death& death, MemoryAccount& account) {
  const QueueArguments& arguments = *death.queue->effective;
  CHECK(arguments.dead_letter_exchange.has_value());
  PropertiesView view = properties_of(message);
  const std::string headers = rewrite_headers(message, view, death);
  view.headers = as_bytes(headers);
  view.set(Property::headers);
  view.clear(Property::expiration);
  const std::vector<std::uint8_t> properties = encode_properties(view);
  Message::Parts parts;
  parts.exchange = *arguments.dead_letter_exchange;
  parts.routing_key = arguments.dead_letter_routing_key ? *arguments.dead_letter_routing_key
                                                        : message.routing_key();
  parts.properties = properties;
  return rewrite(message, parts, account);
}

bool is_cycle(const Message& dead_letter, std::string_view queue) {
  const PropertiesView view = properties_of(dead_letter);
  const auto deaths = x_death(view);
  if (!deaths) return false;
  std::size_t count = 0;
  for (const FieldValue& value : *deaths) {
    if (!value.is_table()) return false;
    if (names(value.table(), "reason", "rejected")) return false;
    if (names(value.table(), "queue", queue)) return true;
    ++count;
  }
  return count >= limits::deaths_max;
}

std::size_t deaths_in_a_row(const Message& dead_letter) {
  std::size_t count = 0;
  const auto deaths = x_death(properties_of(dead_letter));
  if (!deaths) return count;
  for (const FieldValue& value : *deaths) {
    if (!value.is_table() || names(value.table(), "reason", "rejected")) break;
    ++count;
  }
  return count;
}

bool has_died_after(const Message& message, std::string_view exchange) {
  const auto deaths = x_death(properties_of(message));
  if (!deaths) return false;
  for (const FieldValue& value : *deaths)
    if (value.is_table() && names(value.table(), "exchange", exchange)) return true;
  return false;
}

}  // namespace lepus::core
