// The steps of the preset, on one thread: the event loop turns, calls are begun when they are due.
#include "tools/perf/openstack/openstack_run.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/perf/client/error.h"
#include "tools/perf/client/methods.h"
#include "tools/perf/modes/control.h"
#include "tools/perf/openstack/fleet.h"
#include "tools/perf/progress.h"
#include "tools/perf/report_parts.h"

extern char** environ;

namespace lepus::perf {

namespace {

constexpr uint64_t tick_ns = 1000000000;  // between two looks at the counters

double seconds_from(uint64_t from_ns, uint64_t to_ns) {
  return static_cast<double>(to_ns - from_ns) / 1e9;
}

HistogramCounts counts_of(const Histogram& histogram) {
  HistogramCounts counts;
  histogram.add_to(counts);
  return counts;
}

FleetPlan plan_of(const OpenstackOptions& options) {
  FleetPlan plan;
  plan.uri = &options.common.uri;
  plan.prefix = options.common.prefix;
  plan.agents = options.agents;
  plan.body_size = options.common.body_size;
  plan.call_patience_ns = static_cast<uint64_t>(options.call_timeout_s * 1e9);
  plan.connects_per_s = options.connects_per_s;
  return plan;
}

// A shell command that runs beside us.
class ShellCommand {
 public:
  explicit ShellCommand(const std::string& command) {
    std::string text = command;
    std::string shell = "sh";
    std::string option = "-c";
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    const int error = posix_spawn(&pid_, "/bin/sh", nullptr, nullptr, arguments.data(), environ);
    if (error != 0) throw PerfError("--restart-command: cannot run /bin/sh, errno ", error);
  }
  // True when it has ended.
  bool has_ended() {
    int status = 0;
    if (!is_over_ && waitpid(pid_, &status, WNOHANG) == pid_) {
      is_over_ = true;
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return is_over_;
  }
  int exit_code() const { return exit_code_; }

 private:
  pid_t pid_ = 0;
  bool is_over_ = false;
  int exit_code_ = 0;
};

class OpenstackRun {
 public:
  explicit OpenstackRun(const OpenstackOptions& options)
      : options_(options),
        loop_(options.common.spin),
        fleet_(plan_of(options), loop_),
        progress_(options.common.output.quiet),
        pid_(options.common.pid) {}

  OpenstackResult run() {
    ask_broker();
    result_.broker_before = sample_process(pid_);
    const double own_cpu_before_us = own_cpu_us();
    start_ns_ = last_tick_ns_ = now_ns();
    connect();
    call_for("calls", options_.common.duration_s);
    if (!options_.restart_command.empty()) restart();
    collect_last_answers();
    finish(own_cpu_before_us);
    clean_up();
    return std::move(result_);
  }

 private:
  FleetState& state() { return fleet_.state(); }

  void ask_broker() {
    Connection connection;
    ConnectionConfig config;
    config.uri = &options_.common.uri;
    connection.open_and_wait(config);
    result_.broker = {connection.product(), connection.version()};
    connection.close_and_wait();
  }

  void connect() {
    fleet_.start(start_ns_);
    wait_until_ready(start_ns_, "connecting");
    note_connected(start_ns_, 0, {}, result_.connect);
  }

  void note_connected(uint64_t from_ns, uint64_t declares_before, const HistogramCounts& before,
                      ConnectPhase& phase) {
    phase.seconds = seconds_from(from_ns, now_ns());
    phase.declares = state().declared_count - declares_before;
    phase.connect_latency = counts_of(state().connect_latency).since(before);
    phase.broker = sample_process(pid_);
  }

  // Turns the loop until all links are ready. PerfError when nothing moves for a minute.
  void wait_until_ready(uint64_t from_ns, const char* what) {
    constexpr uint64_t patience_ns = 60 * tick_ns;
    constexpr uint64_t turn_ns = 10000000;
    StallWatch stall(patience_ns, now_ns());
    while (!fleet_.all_ready()) {
      if (interrupted()) throw PerfError("interrupted while ", what, ": nothing was measured");
      loop_.turn(turn_ns);
      state().calls.expire(now_ns());
      if (stall.stalled({state().ready_count, state().declared_count, 0}, now_ns())) {
        throw PerfError(what, ": nothing has moved for 60 s; ", state().ready_count, " of ",
                        fleet_.link_count(), " connections have declared all; last error: ",
                        state().last_error.empty() ? "none" : state().last_error);
      }
      tick(what, from_ns);
    }
  }

  void call_for(const char* name, double seconds) {
    CallPhase phase;
    const uint64_t begin_ns = now_ns();
    const uint64_t end_ns = begin_ns + static_cast<uint64_t>(seconds * 1e9);
    const CallCounts before = state().calls.counts();
    const uint64_t unsent_before = state().unsent_count;
    const uint64_t lost_before = state().lost_count;
    const HistogramCounts latency_before = counts_of(state().call_latency);
    state().call_latency.reset_max();
    make_calls(name, begin_ns, end_ns);
    phase.name = name;
    phase.begin_s = seconds_from(start_ns_, begin_ns);
    phase.seconds = seconds_from(begin_ns, now_ns());
    const CallCounts& after = state().calls.counts();
    phase.calls = {after.sent - before.sent, after.answered - before.answered,
                   after.lost - before.lost, after.late - before.late,
                   after.duplicates - before.duplicates};
    phase.unsent = state().unsent_count - unsent_before;
    phase.lost_connections = state().lost_count - lost_before;
    phase.latency = counts_of(state().call_latency).since(latency_before);
    result_.phases.push_back(std::move(phase));
  }

  void make_calls(const char* name, uint64_t begin_ns, uint64_t end_ns) {
    const double call_gap_ns = 1e9 / options_.common.rate_per_s;
    const double cast_gap_ns =
        options_.cast_rate_per_s > 0 ? 1e9 / options_.cast_rate_per_s : HUGE_VAL;
    double call_at = static_cast<double>(begin_ns);
    double cast_at = static_cast<double>(begin_ns) + cast_gap_ns;
    constexpr unsigned calls_per_turn = 200;
    for (uint64_t now = now_ns(); now < end_ns && !interrupted(); now = now_ns()) {
      for (unsigned count = 0; count < calls_per_turn && call_at <= static_cast<double>(now);
           ++count) {
        // The time it was due: a stall is charged to the calls that had to wait.
        fleet_.call(static_cast<uint64_t>(call_at));
        call_at += call_gap_ns;
      }
      if (cast_at <= static_cast<double>(now)) {
        fleet_.cast(now);
        cast_at += cast_gap_ns;
      }
      const double wait_ns = std::max(0.0, call_at - static_cast<double>(now_ns()));
      constexpr double wait_ns_max = 1e6;
      loop_.turn(static_cast<uint64_t>(std::min(wait_ns, wait_ns_max)));
      state().calls.expire(now_ns());
      tick(name, begin_ns);
    }
  }

  void restart() {
    progress_.end();
    const uint64_t begin_ns = now_ns();
    const uint64_t declares_before = state().declared_count;
    const uint64_t lost_before = state().lost_count;
    const HistogramCounts connects_before = counts_of(state().connect_latency);
    state().connect_latency.reset_max();
    ShellCommand command(options_.restart_command);
    constexpr uint64_t turn_ns = 10000000;
    // Until the first connection breaks nothing has been restarted.
    while (!command.has_ended() ||
           (state().lost_count == lost_before && command.exit_code() == 0)) {
      loop_.turn(turn_ns);
      state().calls.expire(now_ns());
      tick("restart", begin_ns);
      constexpr uint64_t restart_ns_max = 300 * tick_ns;
      if (interrupted()) throw PerfError("interrupted while the broker restarted");
      if (now_ns() - begin_ns > restart_ns_max)
        throw PerfError("--restart-command: the broker was not restarted within 300 s; ",
                        state().lost_count - lost_before, " connections were lost");
    }
    result_.restart_exit_code = command.exit_code();
    if (command.exit_code() != 0)
      throw PerfError("--restart-command ended with exit code ", command.exit_code());
    wait_until_ready(begin_ns, "coming back");
    pid_ = options_.common.pid == 0 ? 0 : find_listener(options_.common.uri.port);
    result_.has_restarted = true;
    note_connected(begin_ns, declares_before, connects_before, result_.reconnect);
    call_for("calls after the restart", options_.common.duration_s);
  }

  // Every call is answered or given up when this returns.
  void collect_last_answers() {
    constexpr uint64_t turn_ns = 1000000;
    while (state().calls.waiting_count() > 0 && !interrupted()) {
      loop_.turn(turn_ns);
      state().calls.expire(now_ns());
    }
  }

  void finish(double own_cpu_before_us) {
    result_.calls = state().calls.counts();
    result_.fanout_received = state().fanout_count;
    result_.returned = state().returned_count;
    result_.nacked = state().nacked_count;
    result_.lost_connections = state().lost_count;
    result_.last_error = state().last_error;
    result_.broker_end = sample_process(pid_);
    result_.own_cpu_us = own_cpu_us() - own_cpu_before_us;
  }

  void clean_up() {
    progress_.show("closing and deleting", std::nullopt);
    fleet_.close();
    if (options_.keep) return;
    Connection control;
    ConnectionConfig config;
    config.uri = &options_.common.uri;
    control.open_and_wait(config);
    remove(control, fleet_.queue_names(), method::queue_delete_ok, write_queue_delete);
    remove(control, fleet_.exchange_names(), method::exchange_delete_ok, write_exchange_delete);
    control.close_and_wait();
  }

  static void remove(Connection& control, const std::vector<std::string>& names, MethodId answer,
                     void (*write)(Bytes&, std::string_view)) {
    constexpr size_t block_size = 200;
    // A second Ctrl-C would end us at once; what is left expires, or goes with the next run.
    for (size_t index = 0; index < names.size() && !interrupted();) {
      const size_t end = std::min(names.size(), index + block_size);
      const size_t count = end - index;
      for (; index < end; ++index) write(control.output(), names[index]);
      call(control, answer, count);
    }
  }

  // Once a second: an interval for the report, a line for the user.
  void tick(const char* what, uint64_t from_ns) {
    const uint64_t now = now_ns();
    if (now - last_tick_ns_ < tick_ns) return;
    Interval interval;
    interval.end_s = seconds_from(start_ns_, now);
    interval.seconds = seconds_from(last_tick_ns_, now);
    const CallCounts& counts = state().calls.counts();
    interval.stats.published = counts.sent - last_counts_.sent;
    interval.stats.delivered = counts.answered - last_counts_.answered;
    HistogramCounts latency = counts_of(state().call_latency);
    interval.stats.latency = latency.since(last_latency_);
    interval.broker_rss_kib = sample_broker_kib();
    last_latency_ = std::move(latency);
    last_counts_ = counts;
    last_tick_ns_ = now;
    progress_.show(line(what, interval), left_s(what, from_ns, now));
    result_.intervals.push_back(std::move(interval));
  }

  // While a broker restarts its process is gone.
  uint64_t sample_broker_kib() const {
    try {
      return sample_process(pid_).rss_kib;
    } catch (const PerfError&) {
      return 0;
    }
  }

  std::string line(const char* what, const Interval& interval) {
    std::string text =
        fmt::format("{:6.1f} s  {}: {} of {} connections ready, {} declares", interval.end_s, what,
                    state().ready_count, fleet_.link_count(), state().declared_count);
    if (interval.stats.published > 0) {
      text =
          fmt::format("{:6.1f} s  {}: {:.0f}/s called, {:.0f}/s answered, p50 {:.0f} p99 {:.0f} us",
                      interval.end_s, what, per_second(interval.stats.published, interval.seconds),
                      per_second(interval.stats.delivered, interval.seconds),
                      us_of(interval.stats.latency.percentile(0.5)),
                      us_of(interval.stats.latency.percentile(0.99)));
    }
    if (state().lost_count > 0) text += fmt::format(", {} connections lost", state().lost_count);
    return text;
  }

  // Of the present step and the calls that follow it.
  std::optional<double> left_s(const char* what, uint64_t from_ns, uint64_t now) {
    const double passed_s = seconds_from(from_ns, now);
    if (std::string_view(what).starts_with("calls"))
      return std::max(0.0, options_.common.duration_s - passed_s);
    const double share =
        static_cast<double>(state().ready_count) / static_cast<double>(fleet_.link_count());
    if (share < 0.02) return std::nullopt;
    return passed_s / share - passed_s + options_.common.duration_s;
  }

  const OpenstackOptions& options_;
  EventLoop loop_;
  Fleet fleet_;
  ProgressLine progress_;
  int pid_;
  OpenstackResult result_;
  uint64_t start_ns_ = 0;
  uint64_t last_tick_ns_ = 0;
  CallCounts last_counts_;
  HistogramCounts last_latency_;
};

}  // namespace

OpenstackResult run_openstack(const OpenstackOptions& options) {
  constexpr unsigned descriptors_spare = 64;
  require_descriptors(uint64_t{options.agents} * connections_per_agent + descriptors_spare);
  return OpenstackRun(options).run();
}

}  // namespace lepus::perf
