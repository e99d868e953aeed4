// The main thread's part: it prepares, looks at the counters every second, and cleans up.
#include "tools/perf/scenario/scenario_run.h"

#include <algorithm>
#include <memory>

#include "tools/perf/client/error.h"
#include "tools/perf/client/methods.h"
#include "tools/perf/modes/control.h"
#include "tools/perf/modes/workers.h"
#include "tools/perf/process.h"
#include "tools/perf/progress.h"
#include "tools/perf/report_parts.h"
#include "tools/perf/scenario/message_maker.h"
#include "tools/perf/scenario/scenario_client.h"

namespace lepus::perf {

namespace {

constexpr uint64_t one_second_ns = 1000000000;
constexpr uint64_t two_ms_ns = 2000000;

// The queues of a scenario: there from construction to destruction, so that a failed run leaves
// nothing behind either.
class Stage {
 public:
  Stage(const Scenario& scenario, const Options& options) : scenario_(scenario) {
    config_.uri = &options.uri;
    control_.open_and_wait(config_);
    for (const QueueSet& set : scenario.queues) {
      topology_options_.push_back(std::make_unique<Options>(set.topology));
      topology_options_.back()->keep = options.keep;
      topologies_.push_back(std::make_unique<Topology>(*topology_options_.back()));
    }
    try {
      for (const auto& topology : topologies_) topology->declare(control_);
      for (size_t index = 0; index < topologies_.size(); ++index) fill(index);
    } catch (const PerfError&) {
      control_.close_and_wait();
      throw;
    }
  }
  ~Stage() {
    try {
      // The run may have taken the connection with it: a storm, a broker that was restarted.
      if (control_.state() != Connection::State::open) control_.open_and_wait(config_);
    } catch (const PerfError&) {
      return;
    }
    for (const auto& topology : topologies_) topology->remove(control_);
    control_.close_and_wait();
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  const Topology* topology(size_t set) const {
    return set < topologies_.size() ? topologies_[set].get() : nullptr;
  }
  BrokerInfo broker() const { return {control_.product(), control_.version()}; }
  uint64_t left_count() {
    uint64_t sum = 0;
    for (const auto& topology : topologies_) sum += topology->waiting_count(control_);
    return sum;
  }

 private:
  // Publishes the messages that are to be there before the clients start, and waits for them.
  void fill(size_t index) {
    const QueueSet& set = scenario_.queues[index];
    const Topology& topology = *topologies_[index];
    const uint64_t each = set.prefill * topology.targets().size();
    if (each == 0) return;
    PublishPlan plan;
    plan.sizes = {set.prefill_size};
    plan.is_persistent = set.topology.persistent;
    MessageMaker messages(
        {&plan, topology.exchange(), topology.targets(), control_.frame_size_max()});
    constexpr size_t piece_size = size_t{1} << 18;
    for (uint64_t count = 0; count < each; ++count) {
      messages.append(control_.output(), 0);
      if (control_.output_size() >= piece_size) control_.flush_and_wait();
    }
    control_.flush_and_wait();
    // The broker answers in order: behind this all of them are in the queues.
    topology.waiting_count(control_);
  }

  const Scenario& scenario_;
  ConnectionConfig config_;
  Connection control_;
  std::vector<std::unique_ptr<Options>> topology_options_;
  std::vector<std::unique_ptr<Topology>> topologies_;
};

// All clients and their counters: one set for each group and thread.
class Cast {
 public:
  Cast(const Scenario& scenario, const Options& options, const Timeline& timeline)
      : scenario_(scenario), options_(options), timeline_(timeline), workers_(options) {
    stats_.resize(scenario.groups.size() * options.threads);
    for (auto& stats : stats_) stats = std::make_unique<Stats>();
  }
  ~Cast() {
    workers_.stop();
    close_all();
  }
  Cast(const Cast&) = delete;
  Cast& operator=(const Cast&) = delete;

  void engage(const Stage& stage) {
    const uint64_t start_ns = now_ns();
    for (size_t group = 0; group < scenario_.groups.size(); ++group) {
      const double gap_ns = 1e9 / scenario_.groups[group].connects_per_s;
      for (unsigned number = 0; number < scenario_.groups[group].count; ++number) {
        const auto serial = static_cast<unsigned>(clients_.size());
        ClientPlace place{
            &scenario_,    &timeline_, stage.topology(scenario_.groups[group].queue_set),
            &options_.uri, group,      number,
            serial};
        Stats& stats = *stats_[group * options_.threads + serial % options_.threads];
        clients_.push_back(make_client(place, stats));
        if (clients_.back()->opens_at_start()) {
          clients_.back()->connect_at(start_ns + static_cast<uint64_t>(gap_ns * number));
          ++opening_count_;
        }
        workers_.add(*clients_.back());
      }
    }
    workers_.start();
  }

  // Throws when nothing has moved for 30 s.
  void wait_until_open(ProgressLine& progress) {
    constexpr uint64_t patience_ns = 30 * one_second_ns;
    constexpr uint64_t look_ns = one_second_ns / 100;
    StallWatch stall(patience_ns, now_ns());
    uint64_t report_ns = now_ns() + one_second_ns;
    for (;;) {
      uint64_t open = 0;
      for (size_t group = 0; group < scenario_.groups.size(); ++group)
        open += snapshot(group).connected;
      if (open >= opening_count_) return;
      if (stall.stalled({open, 0, 0}, now_ns()))
        throw PerfError("no client could connect for 30 s; ", open, " of ", opening_count_,
                        " are open");
      if (!wait_until(now_ns() + look_ns, workers_))
        throw PerfError("interrupted while the clients connected: nothing was measured");
      if (now_ns() < report_ns) continue;
      progress.show(fmt::format("{} of {} clients connected", open, opening_count_), std::nullopt);
      report_ns += one_second_ns;
    }
  }

  StatsSnapshot snapshot(size_t group) const {
    StatsSnapshot sum;
    for (unsigned thread = 0; thread < options_.threads; ++thread)
      sum.add(*stats_[group * options_.threads + thread]);
    return sum;
  }
  // Maxima of warm-up and of connecting are forgotten.
  void reset_max() {
    for (const auto& stats : stats_) {
      stats->latency.reset_max();
      stats->confirm_latency.reset_max();
      stats->send_lag.reset_max();
    }
  }
  Workers& workers() { return workers_; }

  // All say goodbye first, so that the waiting is done once.
  void close_all() noexcept {
    constexpr uint64_t close_patience_ns = 3 * one_second_ns;
    for (const auto& client : clients_) say_goodbye(*client);
    const uint64_t start_ns = now_ns();
    for (const auto& client : clients_) {
      if (now_ns() - start_ns > close_patience_ns) break;
      client->connection().close_and_wait();
    }
    clients_.clear();
  }

 private:
  static void say_goodbye(ScenarioClient& client) noexcept {
    Connection& connection = client.connection();
    try {
      if (connection.state() != Connection::State::open) return;
      client.settle_all();
      connection.start_close();
      connection.flush();
    } catch (const PerfError&) {
      connection.close_socket();
    }
  }

  const Scenario& scenario_;
  const Options& options_;
  const Timeline& timeline_;
  std::vector<std::unique_ptr<Stats>> stats_;  // [group * threads + thread]
  std::vector<std::unique_ptr<ScenarioClient>> clients_;
  Workers workers_;
  uint64_t opening_count_ = 0;
};

// Follows the phases and keeps the differences.
class Observer {
 public:
  Observer(const Scenario& scenario, const Options& options, Cast& cast)
      : scenario_(scenario), options_(options), cast_(cast), last_(scenario.groups.size()) {}

  void run(const Timeline& timeline, ScenarioResult& result, ProgressLine& progress) {
    result.groups.resize(scenario_.groups.size());
    last_ns_ = timeline.start_ns();
    for (size_t group = 0; group < last_.size(); ++group) last_[group] = cast_.snapshot(group);
    bool going_on = wait_until(timeline.start_ns(), cast_.workers());
    for (size_t phase = 0; going_on && phase < timeline.phase_count(); ++phase) {
      if (!scenario_.phases[phase].is_warmup && !has_measured_) begin_measuring(result);
      going_on = run_phase(timeline, phase, result, progress);
    }
    for (size_t group = 0; group < last_.size(); ++group) result.groups[group].all = last_[group];
    if (!has_measured_ || result.measurement.seconds <= 0)
      throw PerfError("interrupted before anything was measured");
    result.measurement.own_cpu_us = own_cpu_us() - own_cpu_before_us_;
    result.measurement.broker_end = sample_process(options_.pid);
  }

 private:
  void begin_measuring(ScenarioResult& result) {
    has_measured_ = true;
    cast_.reset_max();
    own_cpu_before_us_ = own_cpu_us();
    result.measurement.broker_start = sample_process(options_.pid);
  }

  bool run_phase(const Timeline& timeline, size_t phase, ScenarioResult& result,
                 ProgressLine& progress) {
    PhaseResult found;
    found.begin_s = static_cast<double>(timeline.begin_ns(phase) - timeline.start_ns()) / 1e9;
    found.groups.resize(last_.size());
    // A little early, so that nothing of the next phase is counted.
    const uint64_t end_ns = timeline.end_ns(phase) - two_ms_ns;
    bool going_on = true;
    while (going_on && last_ns_ < end_ns) {
      const uint64_t next_ns =
          end_ns - last_ns_ < one_second_ns * 3 / 2 ? end_ns : last_ns_ + one_second_ns;
      going_on = wait_until(next_ns, cast_.workers());
      step(timeline.start_ns(), phase, found, result);
      const double passed_s = static_cast<double>(last_ns_ - timeline.start_ns()) / 1e9;
      progress.show(line(phase, passed_s), std::max(0.0, scenario_.seconds() - passed_s));
    }
    result.phases.push_back(std::move(found));
    return going_on;
  }

  void step(uint64_t zero_ns, size_t phase, PhaseResult& found, ScenarioResult& result) {
    const uint64_t now = now_ns();
    Interval sum;
    sum.end_s = static_cast<double>(now - zero_ns) / 1e9;
    sum.seconds = std::max(1e-9, static_cast<double>(now - last_ns_) / 1e9);
    sum.broker_rss_kib = sample_process(options_.pid).rss_kib;
    const bool is_measured = !scenario_.phases[phase].is_warmup;
    for (size_t group = 0; group < last_.size(); ++group) {
      StatsSnapshot current = cast_.snapshot(group);
      Interval own = {sum.end_s, sum.seconds, current.since(last_[group]), 0};
      last_[group] = std::move(current);
      found.groups[group].add(own.stats);
      sum.stats.add(own.stats);
      if (!is_measured) continue;
      result.groups[group].total.add(own.stats);
      result.groups[group].intervals.push_back(std::move(own));
    }
    found.seconds += sum.seconds;
    last_ns_ = now;
    latest_ = sum;
    Measurement& measurement = result.measurement;
    measurement.broker_rss_kib_max = std::max(measurement.broker_rss_kib_max, sum.broker_rss_kib);
    if (!is_measured) return;
    measurement.seconds += sum.seconds;
    measurement.total.add(sum.stats);
    measurement.intervals.push_back(std::move(sum));
  }

  std::string line(size_t phase, double passed_s) const {
    const StatsSnapshot& stats = latest_.stats;
    std::string text =
        fmt::format("{:6.1f} s  {:<12} sent {:>9.0f}/s received {:>9.0f}/s", passed_s,
                    scenario_.phases[phase].name, per_second(stats.published, latest_.seconds),
                    per_second(stats.delivered, latest_.seconds));
    if (stats.operations > 0)
      text += fmt::format(" churned {:.0f}/s", per_second(stats.operations, latest_.seconds));
    if (stats.connected > 0) text += fmt::format(" connected {}", stats.connected);
    if (stats.latency.count() > 0) {
      text +=
          fmt::format("  latency p50 {:.0f} p99 {:.0f} us", us_of(stats.latency.percentile(0.5)),
                      us_of(stats.latency.percentile(0.99)));
    }
    if (stats.blocked > 0) text += "  [broker blocks publishers]";
    return text + (scenario_.phases[phase].is_warmup ? "  (warm-up)" : "");
  }

  const Scenario& scenario_;
  const Options& options_;
  Cast& cast_;
  std::vector<StatsSnapshot> last_;  // by group
  uint64_t last_ns_ = 0;
  Interval latest_;
  bool has_measured_ = false;
  double own_cpu_before_us_ = 0;
};

}  // namespace

ScenarioResult run_scenario(const Scenario& scenario, const Options& options) {
  constexpr unsigned descriptors_spare = 64;
  require_descriptors(scenario.connection_count() + descriptors_spare);
  ScenarioResult result;
  ProgressLine progress(options.output.quiet);
  Stage stage(scenario, options);
  result.broker = stage.broker();
  Timeline timeline(scenario);
  {
    Cast cast(scenario, options, timeline);
    const uint64_t connect_ns = now_ns();
    cast.engage(stage);
    cast.wait_until_open(progress);
    result.connect_s = static_cast<double>(now_ns() - connect_ns) / 1e9;
    constexpr uint64_t settle_ns = 20000000;
    timeline.start(now_ns() + settle_ns);
    Observer(scenario, options, cast).run(timeline, result, progress);
  }
  result.left = stage.left_count();
  return result;
}

}  // namespace lepus::perf
