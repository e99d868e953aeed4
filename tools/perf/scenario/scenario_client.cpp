// Following the timeline, and coming back after a loss.
#include "tools/perf/scenario/scenario_client.h"

#include <algorithm>
#include <cmath>

namespace lepus::perf {

namespace {

constexpr uint64_t look_ns = 1000000;  // how late a client may notice the start

ConnectionConfig config_of(const ClientPlace& place) {
  const Group& group = place.scenario->groups[place.group];
  ConnectionConfig config;
  config.uri = place.uri;
  config.channels = group.role == Role::idle ? group.channels : uint16_t{1};
  // There may be many of them; the buffer grows when it must.
  config.receive_size = group.role == Role::consumer ? size_t{1} << 16 : size_t{1} << 12;
  config.number = place.serial;
  return config;
}

// Whether a group only ever has the connections it starts with and nothing to do at times: then a
// client of it need not look at the timeline at all.
bool only_holds(const Scenario& scenario, size_t group) {
  return scenario.groups[group].role == Role::idle &&
         std::all_of(scenario.phases.begin(), scenario.phases.end(), [&](const Phase& phase) {
           return !phase.reconnects[group] &&
                  phase.paces[group].active == scenario.groups[group].pace.active;
         });
}

}  // namespace

ScenarioClient::ScenarioClient(const ClientPlace& place, Stats& stats)
    : Session(config_of(place)),
      place_(place),
      stats_(stats),
      phase_(place.timeline->phase_count()),
      is_steady_(only_holds(*place.scenario, place.group)) {}

double ScenarioClient::interval_ns(uint64_t now) const {
  if (!in_phase()) return HUGE_VAL;
  const double rate = timeline().rate(phase_, place_.group, now);
  if (rate == rate_unlimited) return 0;
  return rate <= 0 ? HUGE_VAL : 1e9 * std::max(1u, pace().active) / rate;
}

void ScenarioClient::on_open(uint64_t now) {
  failures_ = 0;
  stats_.connected.add(1);
  stats_.connect_latency.record(now_ns() - connect_started_ns());
  static_cast<void>(now);
}

void ScenarioClient::on_closed(uint64_t now) {
  if (is_wanted()) connect_at(now);
}

void ScenarioClient::on_lost(const PerfError& why, uint64_t now) {
  constexpr uint64_t pause_ns = 50000000;
  constexpr unsigned pause_doublings_max = 6;
  if (!group().reconnects) throw PerfError("clients \"", group().name, "\": ", why.what());
  stats_.lost.add(1);
  // Spread by number, so that not all of a group come back in the same instant.
  const uint64_t pause = pause_ns << std::min(failures_++, pause_doublings_max);
  if (is_wanted()) connect_at(now + pause + pause * (place_.number % 16) / 16);
}

void ScenarioClient::work(uint64_t now) {
  if (!is_steady_ && now >= next_look_ns_) follow(now);
  if (due_ns() <= now) act(now);
}

uint64_t ScenarioClient::work_ns() const {
  return std::min(is_steady_ ? never : next_look_ns_, due_ns());
}

void ScenarioClient::follow(uint64_t now) {
  if (!timeline().started()) {
    next_look_ns_ = now + look_ns;
    return;
  }
  if (now < timeline().start_ns()) {
    next_look_ns_ = timeline().start_ns();
    return;
  }
  const size_t current = timeline().phase_at(now);
  next_look_ns_ = current < timeline().phase_count() ? timeline().end_ns(current) : never;
  if (has_begun_ && current == phase_) return;
  has_begun_ = true;
  phase_ = current;
  if (!in_phase()) return;
  const bool is_cut = place_.scenario->phases[phase_].reconnects[place_.group];
  if (is_cut && state() != State::idle) drop();
  if (is_cut && is_wanted()) connect_at(now);
  if (group().role != Role::churn) {
    if (is_wanted() && state() == State::idle) connect_at(now);
    if (!is_wanted() && is_open()) close_in_order();
    if (!is_wanted() && state() == State::idle) connect_at(never);
  }
  on_phase(now);
}

}  // namespace lepus::perf
