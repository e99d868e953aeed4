// What all clients of a scenario have in common: they follow the timeline. When a phase begins that
// cuts their group's connections, or that has fewer or more clients connected, each does its part.
#pragma once

#include "tools/perf/client/session.h"
#include "tools/perf/modes/topology.h"
#include "tools/perf/scenario/scenario.h"
#include "tools/perf/scenario/timeline.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

// Where a client belongs. All outlive it.
struct ClientPlace {
  const Scenario* scenario = nullptr;
  const Timeline* timeline = nullptr;
  const Topology* topology = nullptr;  // of its queues; null when it has none
  const Uri* uri = nullptr;
  size_t group = 0;     // index
  unsigned number = 0;  // of this client in its group
  unsigned serial = 0;  // of this client among all
};

class ScenarioClient : public Session {
 public:
  ScenarioClient(const ClientPlace& place, Stats& stats);

  // Whether it has to be open before the scenario starts.
  virtual bool opens_at_start() const { return place_.number < group().pace.active; }
  // The run is over: tells the broker what it has not been told yet.
  virtual void settle_all() {}

 protected:
  const Group& group() const { return place_.scenario->groups[place_.group]; }
  const ClientPlace& place() const { return place_; }
  const Timeline& timeline() const { return *place_.timeline; }
  Stats& stats() { return stats_; }
  // The current phase, or the number of phases when none is on.
  size_t phase() const { return phase_; }
  bool in_phase() const { return phase_ < timeline().phase_count(); }
  const Pace& pace() const {
    return in_phase() ? timeline().pace(phase_, place_.group) : group().pace;
  }
  // Between two messages of this client at that time; infinity when it has to be silent.
  double interval_ns(uint64_t now) const;

  void on_open(uint64_t now) override;
  void on_closed(uint64_t now) override;
  void on_lost(const PerfError& why, uint64_t now) override;
  void work(uint64_t now) override;
  uint64_t work_ns() const override;

  // What the role does; called with work() when due_ns() has come.
  virtual void act(uint64_t) {}
  virtual uint64_t due_ns() const { return never; }
  virtual void on_phase(uint64_t) {}

 private:
  void follow(uint64_t now);
  bool is_wanted() const { return place_.number < pace().active; }

  const ClientPlace place_;
  Stats& stats_;
  size_t phase_;
  bool has_begun_ = false;     // has seen the start of the timeline
  bool is_steady_ = false;     // no phase asks anything else of the group's connections
  uint64_t next_look_ns_ = 0;  // at the timeline
  unsigned failures_ = 0;      // to connect, in a row
};

// A client for the group's role.
std::unique_ptr<ScenarioClient> make_client(const ClientPlace& place, Stats& stats);

}  // namespace lepus::perf
