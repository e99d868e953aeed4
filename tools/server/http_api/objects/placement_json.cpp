// See placement_json.h.
#include "tools/server/http_api/objects/placement_json.h"

#include <algorithm>

namespace lepus::server {

namespace {

bool has_cpu(const std::vector<unsigned>& cpus, unsigned number) {
  return std::find(cpus.begin(), cpus.end(), number) != cpus.end();
}

void write_cpus(const std::vector<unsigned>& cpus, JsonWriter& json) {
  json.key("cpus");
  json.begin_array();
  for (const unsigned cpu : cpus) json.number(cpu);
  json.end_array();
}

}  // namespace

void write_placement(const Placement& placement, const std::vector<NetworkCard>& cards,
                     JsonWriter& json) {
  json.begin_object();
  json.field("pinned", placement.pin);
  json.key("cpus");
  json.begin_array();
  for (std::size_t i = 0; i < placement.machine.cpus.size(); ++i) {
    const Cpu& cpu = placement.machine.cpus[i];
    json.begin_object();
    json.field("cpu", cpu.number);
    json.field("core", cpu.core);
    json.field("node", cpu.node);
    json.field("allowed", i < placement.machine.allowed.size() && placement.machine.allowed[i]);
    json.key("shards");
    json.begin_array();
    for (const ShardPlace& place : placement.shards)
      if (place.cpu.number == cpu.number) json.number(place.shard);
    json.end_array();
    json.field("helpers", has_cpu(placement.control_cpus, cpu.number));
    json.key("network");
    json.begin_array();
    for (const NetworkCard& card : cards)
      if (has_cpu(card.cpus, cpu.number)) json.text(card.name);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.key("network");
  json.begin_array();
  for (const NetworkCard& card : cards) {
    json.begin_object();
    json.field("name", card.name);
    json.field("irqs", card.irq_count);
    write_cpus(card.cpus, json);
    json.end_object();
  }
  json.end_array();
  json.key("warnings");
  json.begin_array();
  for (const std::string& warning : placement.warnings) json.text(warning);
  json.end_array();
  json.end_object();
}

}  // namespace lepus::server
