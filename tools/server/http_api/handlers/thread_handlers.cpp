// What RabbitMQ has not: GET /nodes/:node/threads, how busy each thread with a loop is, how long
// its turns and syncs take, what waits for it, as counters since the start, for callers that
// compare; and GET /nodes/:node/placement, which CPUs they have.
#include <algorithm>
#include <array>
#include <string>

#include "core/broker/stats.h"
#include "tools/server/config/config.h"
#include "tools/server/http_api/fresh_samples.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/http_api/objects/placement_json.h"

namespace lepus::server {

namespace {

/// {"bounds":[2^first,...],"counts":[...]}: counts[i] is of what is at most bounds[i], and the last
/// one of what is above all of them.
template <std::size_t size>
void write_histogram(std::string_view name, const std::array<std::uint64_t, size>& counts,
                     unsigned first, JsonWriter& json) {
  json.key(name);
  json.begin_object();
  json.key("bounds");
  json.begin_array();
  for (std::size_t i = 0; i + 1 < size; ++i) json.number(std::uint64_t{1} << (first + i));
  json.end_array();
  json.key("counts");
  json.begin_array();
  for (const std::uint64_t count : counts) json.number(count);
  json.end_array();
  json.end_object();
}

void write_turns(const core::TurnProfile::Totals& turns, JsonWriter& json) {
  json.field("busy_us", turns.busy / core::nanos_per_us);
  json.field("turns", turns.turns);
  json.field("turn_sleeps", turns.sleeps);
  json.field("turn_stalls", turns.stalls);
  json.field("longest_turn_us", turns.longest.length / core::nanos_per_us);
  json.field("longest_turn_job", core::name_of(turns.longest.job));
  write_histogram("turn_us", turns.buckets, 0, json);
}

void write_work(const core::ShardCounts& counts, JsonWriter& json) {
  json.field("journal_bytes", counts.journal_bytes);
  json.field("journal_rewritten_bytes", counts.journal_rewritten_bytes);
  json.field("journal_syncs", counts.journal_syncs);
  json.field("publishers_waiting", counts.publishers_waiting);
  json.field("memory_messages", counts.memory_messages);
  write_histogram("sync_us", counts.sync_latency_us.buckets, 4, json);
  write_histogram("mailbox_commands", counts.mailbox_depth.buckets, 0, json);
}

/// One that has turns and nothing else.
void write_thread(std::string_view name, const core::TurnProfile::Totals& turns, JsonWriter& json) {
  json.begin_object();
  json.field("name", name);
  write_turns(turns, json);
  json.end_object();
}

void list_threads(ApiCall& call) {
  if (call.capture("node") != node_name(call.place().host.config())) return call.not_found();
  JsonWriter json;
  json.begin_array();
  std::size_t shard = 0;
  for (const core::ThreadStats& thread : call.place().sampler.store().threads()) {
    json.begin_object();
    json.field("name", "shard-" + std::to_string(shard++));
    write_turns(thread.turns, json);
    write_work(thread.counts, json);
    json.end_object();
  }
  write_thread("control", call.place().sampler.store().control_thread().turns, json);
  write_thread("admin", call.place().broker.turns(), json);
  json.end_array();
  call.reply(json.take());
}

void show_placement(ApiCall& call) {
  if (call.capture("node") != node_name(call.place().host.config())) return call.not_found();
  const Placement* placement = call.place().host.facts().placement;
  if (placement == nullptr) return call.not_found();
  unsigned cpu_end = 0;
  for (const Cpu& cpu : placement->machine.cpus) cpu_end = std::max(cpu_end, cpu.number + 1);
  JsonWriter json;
  write_placement(*placement, read_network_cards("", cpu_end), json);
  call.reply(json.take());
}

constexpr ApiRoute thread_table[] = {
    {"GET", "/nodes/:node/placement", show_placement, monitoring},
    {"GET", "/nodes/:node/threads", fresh<list_threads>, monitoring},
};

}  // namespace

std::span<const ApiRoute> api_thread_routes() { return thread_table; }

}  // namespace lepus::server
