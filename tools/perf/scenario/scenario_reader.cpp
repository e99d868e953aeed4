// Reads from the outside in: queues first, since groups refer to them, then groups, then phases.
#include "tools/perf/scenario/scenario_reader.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "tools/perf/client/error.h"
#include "tools/perf/json_reader.h"
#include "tools/perf/scenario/group_reader.h"
#include "tools/perf/scenario/presets.h"

namespace lepus::perf {

namespace {

namespace dom = simdjson::dom;

constexpr double phase_s_max = 86400;
constexpr std::array<std::string_view, 5> exchange_choices{"default", "direct", "fanout", "topic",
                                                           "headers"};
constexpr std::array<std::string_view, 3> queue_types{"classic", "quorum", "stream"};

// Values as lepus-perf sends arguments: whole numbers as integers, all else as text.
void read_queue_arguments(JsonObject& json, Options& topology) {
  dom::element element;
  if (!json.get("arguments", element)) return;
  const JsonPlace place = json.place().below("arguments");
  for (const dom::key_value_pair pair : JsonObject(element, place).object()) {
    const bool is_text = pair.value.is_string();
    if (!is_text && !pair.value.is_int64())
      place.below(pair.key).fail("expected a text or a whole number, not " + describe(pair.value));
    topology.queue_arguments.emplace_back(
        pair.key, is_text ? std::string(std::string_view(pair.value.get_string().value_unsafe()))
                          : std::to_string(pair.value.get_int64().value_unsafe()));
  }
}

QueueSet read_queue_set(std::string_view name, dom::element element, const JsonPlace& place) {
  JsonObject json(element, place);
  QueueSet set;
  set.name = name;
  Options& topology = set.topology;
  json.small_count("count", topology.queues, 1, 100000);
  const size_t exchange = json.choice("exchange", exchange_choices);
  if (exchange != JsonObject::none) topology.exchange_type = static_cast<ExchangeType>(exchange);
  json.small_count("bindings", topology.bindings, 0, 1000000);
  json.flag("durable", topology.persistent);
  const size_t type = json.choice("type", queue_types);
  if (type != JsonObject::none && type > 0) {
    topology.queue_arguments.emplace_back("x-queue-type", queue_types[type]);
    topology.persistent = true;  // Quorum queues and streams are nothing else.
    set.is_stream = type == 2;
  }
  read_queue_arguments(json, topology);
  json.count("prefill", set.prefill, 0, 100000000);
  json.count("prefill_size", set.prefill_size, 8, uint64_t{1} << 24);
  json.finish();
  const bool binds = topology.exchange_type == ExchangeType::direct ||
                     topology.exchange_type == ExchangeType::topic ||
                     topology.exchange_type == ExchangeType::headers;
  if (topology.bindings > 0 && !binds)
    place.below("bindings").fail("goes with \"exchange\": direct, topic or headers");
  return set;
}

size_t index_of_group(const Scenario& scenario, std::string_view name, const JsonPlace& place) {
  std::vector<std::string_view> names;
  for (const Group& group : scenario.groups) names.push_back(group.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    place.fail(fmt::format("there are no clients \"{}\"{}", name, suggestion(name, names)));
  return static_cast<size_t>(found - names.begin());
}

void read_reconnects(JsonObject& json, const Scenario& scenario, Phase& phase) {
  dom::element element;
  if (!json.get("reconnect", element)) return;
  const JsonPlace place = json.place().below("reconnect");
  dom::array names;
  if (element.get(names) != simdjson::SUCCESS)
    place.fail("expected a list of names of clients, not " + describe(element));
  size_t at = 0;
  for (const dom::element item : names) {
    std::string_view name;
    const JsonPlace here = place.at(at++);
    if (item.get(name) != simdjson::SUCCESS)
      here.fail("expected the name of clients, not " + describe(item));
    const size_t index = index_of_group(scenario, name, here);
    if (scenario.groups[index].role == Role::churn)
      here.fail("clients with the role churn connect anew anyway");
    phase.reconnects[index] = true;
  }
}

Phase read_phase(dom::element element, const JsonPlace& place, const Scenario& scenario) {
  JsonObject json(element, place);
  Phase phase;
  phase.name = fmt::format("phase {}", scenario.phases.size() + 1);
  json.text("name", phase.name);
  json.number("seconds", phase.seconds, 0.1, phase_s_max);
  json.flag("warmup", phase.is_warmup);
  // What a phase does not say goes on as before; a ramp has arrived.
  for (size_t index = 0; index < scenario.groups.size(); ++index) {
    Pace pace =
        scenario.phases.empty() ? scenario.groups[index].pace : scenario.phases.back().paces[index];
    pace.rate_per_s = pace.rate_end_per_s;
    pace.steps = 0;
    phase.paces.push_back(pace);
  }
  phase.reconnects.resize(scenario.groups.size());
  read_reconnects(json, scenario, phase);
  if (dom::element changes; json.get("set", changes)) {
    const JsonPlace here = place.below("set");
    for (const dom::key_value_pair pair : JsonObject(changes, here).object()) {
      const size_t index = index_of_group(scenario, pair.key, here);
      JsonObject change(pair.value, here.below(pair.key));
      read_pace(change, scenario.groups[index], phase.paces[index]);
      finish_pace(change, scenario.groups[index], phase.paces[index]);
    }
  }
  json.finish();
  return phase;
}

void read_sweep(JsonObject& json, Scenario& scenario) {
  dom::element element;
  if (!json.get("sweep", element)) return;
  const JsonPlace place = json.place().below("sweep");
  for (const dom::key_value_pair pair : JsonObject(element, place).object()) {
    const JsonPlace here = place.below(pair.key);
    const size_t dot = pair.key.find('.');
    if (dot == std::string_view::npos)
      here.fail("expected clients and a key of theirs: \"producers.count\"");
    index_of_group(scenario, pair.key.substr(0, dot), here);
    dom::array values;
    if (pair.value.get(values) != simdjson::SUCCESS || values.size() == 0)
      here.fail("expected a list of values, not " + describe(pair.value));
    SweepAxis axis{std::string(pair.key), {}};
    for (const dom::element value : values) axis.values.push_back(simdjson::to_string(value));
    scenario.sweep.push_back(std::move(axis));
  }
}

void read_groups(dom::element element, const JsonPlace& place, const Overrides& overrides,
                 Scenario& scenario) {
  std::vector<std::string_view> sets;
  for (const QueueSet& set : scenario.queues) sets.push_back(set.name);
  for (const dom::key_value_pair pair : JsonObject(element, place).object()) {
    JsonObject json(pair.value, place.below(pair.key));
    scenario.groups.push_back(read_group(pair.key, json, sets));
  }
  if (scenario.groups.empty()) place.fail("there must be clients");
  for (const auto& [key, value] : overrides) {
    const size_t dot = std::min(key.find('.'), key.size());
    const size_t index = index_of_group(scenario, std::string_view(key).substr(0, dot), place);
    override_group(scenario.groups[index], key, value);
  }
  if (scenario.connection_count() > 100000) place.fail("more than 100000 connections in all");
}

void read_phases(JsonObject& root, Scenario& scenario, const ReadOptions& options) {
  const JsonPlace place = root.place().below("phases");
  dom::element element;
  dom::array phases;
  if (!root.get("phases", element)) root.place().fail("the key \"phases\" is missing");
  if (element.get(phases) != simdjson::SUCCESS || phases.size() == 0)
    place.fail("expected a list of phases, not " + describe(element));
  for (const dom::element item : phases) {
    scenario.phases.push_back(read_phase(item, place.at(scenario.phases.size()), scenario));
    scenario.phases.back().seconds *= options.time_scale;
  }
  if (std::all_of(scenario.phases.begin(), scenario.phases.end(),
                  [](const Phase& phase) { return phase.is_warmup; }))
    place.fail("all phases are warm-up: nothing would be measured");
}

}  // namespace

double Scenario::seconds() const {
  double sum = 0;
  for (const Phase& phase : phases) sum += phase.seconds;
  return sum;
}

unsigned Scenario::connection_count() const {
  unsigned sum = 0;
  for (const Group& group : groups) sum += group.count;
  return sum;
}

Scenario read_scenario(const std::string& file, const std::string& text,
                       const ReadOptions& options) {
  const JsonDocument document(file, text);
  JsonObject root(document.root(), {&document.name(), ""});
  Scenario scenario;
  scenario.name = file;
  root.text("name", scenario.name);
  root.text("description", scenario.description);
  if (dom::element queues; root.get("queues", queues)) {
    const JsonPlace place = root.place().below("queues");
    for (const dom::key_value_pair pair : JsonObject(queues, place).object()) {
      scenario.queues.push_back(read_queue_set(pair.key, pair.value, place.below(pair.key)));
      scenario.queues.back().topology.prefix = options.prefix + "." + std::string(pair.key);
    }
  }
  dom::element clients;
  if (!root.get("clients", clients)) root.place().fail("the key \"clients\" is missing");
  read_groups(clients, root.place().below("clients"), options.overrides, scenario);
  read_phases(root, scenario, options);
  read_sweep(root, scenario);
  root.finish();
  return scenario;
}

Scenario load_scenario(const std::string& file_or_name, const ReadOptions& options) {
  if (const Preset* preset = find_preset(file_or_name); preset != nullptr)
    return read_scenario(std::string(preset->name), std::string(preset->json), options);
  std::ifstream file(file_or_name, std::ios::binary);
  if (!file) {
    const std::vector<std::string_view> names = preset_names();
    throw PerfError(file_or_name, ": neither a file nor a scenario of this program",
                    suggestion(file_or_name, names), "; lepus-perf list shows them");
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return read_scenario(file_or_name, text, options);
}

}  // namespace lepus::perf
