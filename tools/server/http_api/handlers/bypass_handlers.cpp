// GET /nodes/:node/bypass, which RabbitMQ has not: the network device of the broker's own, and what
// the stack of each shard counts, since the start.
#include <string>

#include "tools/server/config/config.h"
#include "tools/server/http_api/handlers/families.h"

namespace lepus::server {

namespace {

void write_device(const BypassFacts& facts, JsonWriter& json) {
  json.key("device");
  json.begin_object();
  json.field("name", facts.device.name.data());
  json.field("driver", facts.device.driver.data());
  json.field("link", link_name(facts.stats));
  json.field("speed_mbps", facts.stats.speed_mbps);
  json.field("checksums_in", facts.device.offloads.in);
  json.field("checksums_out", facts.device.offloads.tcp_out);
  for (const DeviceCounter& one : device_counters) json.field(one.name, facts.stats.*one.value);
  json.end_object();
}

void show_bypass(ApiCall& call) {
  if (call.capture("node") != node_name(call.place().host.config())) return call.not_found();
  const BypassFacts facts = call.place().host.facts().bypass;
  JsonWriter json;
  json.begin_object();
  json.field("enabled", facts.is_on);
  if (facts.is_on) write_device(facts, json);
  json.key("shards");
  json.begin_array();
  for (std::size_t shard = 0; shard < facts.shards.size(); ++shard) {
    json.begin_object();
    json.field("name", "shard-" + std::to_string(shard));
    const auto& names = net::bypass::counter_facts();
    for (std::size_t i = 0; i < names.size(); ++i)
      json.field(names[i].name, facts.shards[shard][i]);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  call.reply(json.take());
}

constexpr ApiRoute bypass_table[] = {
    {"GET", "/nodes/:node/bypass", show_bypass, monitoring},
};

}  // namespace

std::span<const ApiRoute> api_bypass_routes() { return bypass_table; }

}  // namespace lepus::server
