// Which keys a group has depends on its role: a key of another role is an unknown key.
#include "tools/perf/scenario/group_reader.h"

#include <algorithm>
#include <array>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

namespace dom = simdjson::dom;

constexpr std::array<std::string_view, 5> role_names{"producer", "consumer", "poller", "idle",
                                                     "churn"};
constexpr std::array<std::string_view, 4> churn_names{"connection", "channel", "queue", "publish"};
constexpr double rate_max = 1e9;
constexpr unsigned clients_max = 100000;
constexpr unsigned window_max = 1u << 24;
constexpr uint64_t body_size_max = uint64_t{1} << 27;
constexpr size_t sizes_max = 1000;

double read_rate(dom::element element, const JsonPlace& place) {
  double rate = 0;
  if (std::string_view text; element.get(text) == simdjson::SUCCESS && text == "unlimited")
    return rate_unlimited;
  if (element.get(rate) != simdjson::SUCCESS || rate < 0 || rate > rate_max)
    place.fail("expected a rate per second or \"unlimited\", not " + describe(element));
  return rate;
}

// A number, "unlimited", or a list of two: from, to.
void read_rates(JsonObject& json, Pace& pace) {
  dom::element element;
  if (!json.get("rate", element)) return;
  const JsonPlace place = json.place().below("rate");
  dom::array ends;
  if (element.get(ends) != simdjson::SUCCESS) {
    pace.rate_per_s = pace.rate_end_per_s = read_rate(element, place);
    return;
  }
  if (ends.size() != 2) place.fail("expected two rates, of the start and the end of the phase");
  pace.rate_per_s = read_rate(ends.at(0).value_unsafe(), place.at(0));
  pace.rate_end_per_s = read_rate(ends.at(1).value_unsafe(), place.at(1));
  if (pace.rate_per_s == rate_unlimited || pace.rate_end_per_s == rate_unlimited)
    place.fail("a rate that changes needs numbers, not \"unlimited\"");
}

// "size": 128, or "sizes": [128, 1024], used in turn.
void read_sizes(JsonObject& json, std::vector<uint64_t>& sizes) {
  json.count("size", sizes[0], 0, body_size_max);
  dom::element element;
  if (!json.get("sizes", element)) return;
  const JsonPlace place = json.place().below("sizes");
  dom::array list;
  if (element.get(list) != simdjson::SUCCESS || list.size() == 0 || list.size() > sizes_max)
    place.fail(fmt::format("expected a list of 1 to {} sizes in bytes", sizes_max));
  sizes.clear();
  for (const dom::element item : list) {
    uint64_t size = 0;
    if (item.get(size) != simdjson::SUCCESS || size > body_size_max)
      place.at(sizes.size()).fail("expected bytes up to 134217728, not " + describe(item));
    sizes.push_back(size);
  }
}

void read_publish_plan(JsonObject& json, PublishPlan& plan) {
  read_sizes(json, plan.sizes);
  json.small_count("confirm", plan.confirm_window, 0, window_max);
  json.flag("persistent", plan.is_persistent);
  json.flag("mandatory", plan.is_mandatory);
}

void read_consume_plan(JsonObject& json, ConsumePlan& plan) {
  unsigned prefetch = plan.prefetch;
  json.small_count("prefetch", prefetch, 0, 65535);
  plan.prefetch = static_cast<uint16_t>(prefetch);
  json.small_count("ack_batch", plan.ack_batch, 1, 65535);
  json.flag("auto_ack", plan.auto_ack);
  std::string offset;
  json.text("stream_offset", offset);
  if (!offset.empty()) plan.arguments.emplace_back("x-stream-offset", offset);
}

void check_consumer(const Group& group, const JsonPlace& place) {
  const ConsumePlan& plan = group.consume;
  if (plan.auto_ack && (plan.prefetch > 0 || group.pace.delay_ms > 0 || group.pace.nack > 0))
    place.below("auto_ack").fail("goes with neither prefetch nor delay_ms nor nack");
  if (!plan.auto_ack && plan.prefetch > 0 && plan.ack_batch > plan.prefetch)
    place.below("ack_batch").fail("is larger than prefetch: the consumer would wait for ever");
  if (group.pace.delay_ms > 0 && plan.prefetch == 0)
    place.below("delay_ms").fail("needs a prefetch, else the messages pile up in the consumer");
}

bool needs_queues(const Group& group) {
  return group.role != Role::idle &&
         (group.role != Role::churn || group.churn == ChurnKind::publish);
}

void read_queue_set_of(JsonObject& json, std::span<const std::string_view> sets, Group& group) {
  const size_t index = json.choice("queues", sets);
  if (index != JsonObject::none) {
    group.queue_set = index;
    return;
  }
  if (sets.empty()) json.place().fail("needs queues: the file has no \"queues\"");
  if (sets.size() > 1)
    json.place().fail("the key \"queues\" is missing, and there are several sets of queues");
}

void read_role_keys(JsonObject& json, Group& group) {
  const bool publishes = group.role == Role::producer ||
                         (group.role == Role::churn && group.churn == ChurnKind::publish);
  if (publishes) read_publish_plan(json, group.publish);
  if (group.role == Role::consumer) read_consume_plan(json, group.consume);
  if (group.role == Role::poller) {
    json.number("interval_ms", group.interval_ms, 0, 3600000);
    json.flag("auto_ack", group.consume.auto_ack);
  }
  if (group.role == Role::idle) {
    unsigned channels = group.channels;
    json.small_count("channels", channels, 1, 2047);
    group.channels = static_cast<uint16_t>(channels);
  }
  if (group.role != Role::churn) {
    json.number("connects_per_s", group.connects_per_s, 1, 1000000);
    json.flag("reconnect", group.reconnects);
  }
}

}  // namespace

void read_pace(JsonObject& json, const Group& group, Pace& pace) {
  const bool is_paced = group.role == Role::producer || group.role == Role::churn;
  if (is_paced) {
    read_rates(json, pace);
    json.small_count("steps", pace.steps, 2, 10000);
    if (pace.steps > 0 && pace.rate_per_s == pace.rate_end_per_s)
      json.place().below("steps").fail("goes with a rate that changes: [from, to]");
  }
  if (group.role != Role::churn) json.small_count("active", pace.active, 0, group.count);
  if (group.role != Role::consumer) return;
  json.number("delay_ms", pace.delay_ms, 0, 3600000);
  json.number("nack", pace.nack, 0, 1);
  json.number("requeue", pace.requeue, 0, 1);
}

void finish_pace(const JsonObject& json, const Group& group, const Pace& pace) {
  json.finish();
  if (group.role != Role::consumer) return;
  Group changed = group;
  changed.pace = pace;
  check_consumer(changed, json.place());
}

Group read_group(std::string_view name, JsonObject& json,
                 std::span<const std::string_view> queue_sets) {
  Group group;
  group.name = name;
  const size_t role = json.choice("role", role_names);
  if (role == JsonObject::none) json.place().fail("the key \"role\" is missing");
  group.role = static_cast<Role>(role);
  json.small_count("count", group.count, 1, clients_max);
  group.pace.active = group.count;
  if (group.role == Role::churn) {
    const size_t kind = json.choice("what", churn_names);
    if (kind != JsonObject::none) group.churn = static_cast<ChurnKind>(kind);
  }
  if (needs_queues(group)) read_queue_set_of(json, queue_sets, group);
  read_role_keys(json, group);
  read_pace(json, group, group.pace);
  finish_pace(json, group, group.pace);
  return group;
}

void override_group(Group& group, const std::string& key, const std::string& value) {
  const std::string file = "sweep";
  const std::string name = key.substr(std::min(key.find('.'), key.size() - 1) + 1);
  const JsonDocument document(file, "{\"" + name + "\": " + value + "}");
  JsonObject json(document.root(), {&document.name(), group.name});
  const bool had_all_active = group.pace.active == group.count;
  json.small_count("count", group.count, 1, clients_max);
  group.pace.active = had_all_active ? group.count : std::min(group.pace.active, group.count);
  if (group.role == Role::producer) group.publish.sizes.resize(1);
  read_role_keys(json, group);
  read_pace(json, group, group.pace);
  finish_pace(json, group, group.pace);
}

}  // namespace lepus::perf
