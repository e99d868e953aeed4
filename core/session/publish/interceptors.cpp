// The header table is written anew, what is added behind the rest.
#include "core/session/publish/interceptors.h"

#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {

namespace {

constexpr std::string_view timestamp_header = "timestamp_in_ms";
constexpr std::string_view node_header = "x-routed-by";

}  // namespace

void intercept(const Interceptors& rules, const ArrivedAt& arrival, PropertiesView& view,
               std::string& headers) {
  using Mode = Interceptors::Mode;
  const FieldTable table = view.header_table();
  const auto adds = [&](Mode mode, std::string_view name) {
    return mode == Mode::overwrite || (mode == Mode::keep && !table.find(name));
  };
  const bool adds_timestamp = adds(rules.timestamp, timestamp_header);
  const bool adds_node = adds(rules.routing_node, node_header);
  FieldTableWriter writer;
  for (const FieldEntry& entry : table) {
    const bool is_replaced = (adds_timestamp && entry.name == timestamp_header) ||
                             (adds_node && entry.name == node_header);
    if (!is_replaced) writer.value(entry.name, entry.value);
  }
  if (adds_timestamp) writer.int64(timestamp_header, static_cast<std::int64_t>(arrival.time_ms));
  if (adds_node) writer.text(node_header, arrival.node);
  headers = writer.take();
  view.headers = as_bytes(headers);
  if (!headers.empty()) view.set(Property::headers);
  const bool stamps = rules.timestamp == Mode::overwrite ||
                      (rules.timestamp == Mode::keep && !view.has(Property::timestamp));
  if (!stamps) return;
  view.timestamp_s = arrival.time_ms / 1000;
  view.set(Property::timestamp);
}

}  // namespace lepus::core
