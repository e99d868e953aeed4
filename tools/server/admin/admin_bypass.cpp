// bypass_status: what the stacks of the kernel bypass count, and their device.
#include <string>
#include <utility>

#include "tools/server/admin/admin_quick.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

namespace {

std::string as_json(std::string_view text) {
  JsonWriter json;
  json.text(text);
  return json.take();
}

/// A row whose value is of the device, not of shards.
std::vector<std::string> device_row(std::string_view name, std::string value, std::size_t shards) {
  std::vector<std::string> row{std::string{name}, std::move(value)};
  row.resize(2 + shards, as_json(""));
  return row;
}

}  // namespace

QuickAnswer bypass_status(const QuickPlace& place) {
  const BypassFacts facts = place.host.facts().bypass;
  if (!facts.is_on)
    return quick_error(AdminFault::unavailable,
                       "the broker has no network device of its own: set net.dpdk.enabled");
  const std::size_t shards = facts.shards.size();
  QuickTable table{{"name", "total"}, {}, {1}};
  for (std::size_t shard = 0; shard < shards; ++shard) {
    table.columns.push_back("shard-" + std::to_string(shard));
    table.numbers.push_back(2 + shard);
  }
  const auto add = [&](std::string_view name, std::string value) {
    table.rows.push_back(device_row(name, std::move(value), shards));
  };
  add("device", as_json(facts.device.name.data()));
  add("driver", as_json(facts.device.driver.data()));
  add("link", as_json(link_name(facts.stats)));
  add("speed_mbps", std::to_string(facts.stats.speed_mbps));
  for (const DeviceCounter& one : device_counters)
    add(one.name, std::to_string(facts.stats.*one.value));
  const auto& names = net::bypass::counter_facts();
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::uint64_t total = 0;
    std::vector<std::string> row{std::string{names[i].name}, {}};
    for (const net::bypass::CounterValues& values : facts.shards) {
      total += values[i];
      row.push_back(std::to_string(values[i]));
    }
    row[1] = std::to_string(total);
    table.rows.push_back(std::move(row));
  }
  return quick_table(std::move(table));
}

}  // namespace lepus::server
