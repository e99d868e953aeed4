// Counters are never reset: warm-up and intervals are differences of snapshots, so the workers are
// not disturbed.
#include "tools/perf/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tools/perf/client/error.h"
#include "tools/perf/client/event_loop.h"
#include "tools/perf/progress.h"

namespace lepus::perf {

namespace {

double seconds_between(uint64_t from_ns, uint64_t to_ns) {
  return static_cast<double>(to_ns - from_ns) / 1e9;
}

constexpr uint64_t second_ns = 1000000000;

std::string progress_text(const Interval& interval, const ReportText& wording) {
  const StatsSnapshot& stats = interval.stats;
  const auto rate = [&](uint64_t count) { return static_cast<double>(count) / interval.seconds; };
  const auto us = [](uint64_t ns) { return static_cast<double>(ns) / 1000; };
  std::string line = fmt::format("{:6.1f} s ", interval.end_s);
  if (wording.publishes) line += fmt::format(" sent {:>9.0f}/s", rate(stats.published));
  line += fmt::format(" {} {:>9.0f}/s", wording.publishes ? "received" : wording.unit,
                      rate(stats.delivered));
  if (stats.confirmed > 0) line += fmt::format(" confirmed {:>9.0f}/s", rate(stats.confirmed));
  if (stats.latency.count() > 0) {
    line += fmt::format("  latency p50 {:.0f} p99 {:.0f} us", us(stats.latency.percentile(0.5)),
                        us(stats.latency.percentile(0.99)));
  }
  if (stats.blocked > 0) line += "  [broker blocks publishers]";
  if (interval.end_s <= 0) line += "  (warm-up)";
  return line;
}

// Seconds until the goal is reached when all goes on as it did since the start.
std::optional<double> seconds_left(const Goal& goal, const StatsSnapshot& done, double passed_s) {
  double left_s = 0;
  const auto consider = [&](uint64_t wanted, uint64_t count) {
    if (count >= wanted) return;
    const double rate = static_cast<double>(count) / passed_s;
    left_s = std::max(left_s, rate > 0 ? static_cast<double>(wanted - count) / rate : 1e9);
  };
  consider(goal.published, done.published);
  consider(goal.settled, done.confirmed + done.nacked);
  consider(goal.delivered, done.delivered);
  if (left_s >= 1e9 || passed_s <= 0) return std::nullopt;
  return left_s;
}

// Follows the run in steps of a second and keeps the previous snapshot.
class Stopwatch {
 public:
  Stopwatch(const Options& options, Workers& workers, const ReportText& wording)
      : options_(options),
        workers_(workers),
        wording_(wording),
        progress_(options.output.quiet),
        last_(workers.snapshot()),
        last_ns_(now_ns()) {}
  // Counts from nothing, which was so at that time.
  Stopwatch(const Options& options, Workers& workers, const ReportText& wording, uint64_t start_ns)
      : options_(options),
        workers_(workers),
        wording_(wording),
        progress_(options.output.quiet),
        last_ns_(start_ns) {}

  // Runs for that long; false when interrupted. Times are shown relative to `zero_ns`.
  bool run(double seconds, uint64_t zero_ns, Measurement& result) {
    const uint64_t end_ns = last_ns_ + static_cast<uint64_t>(seconds * 1e9);
    bool going_on = true;
    while (going_on && last_ns_ < end_ns) {
      const uint64_t next_ns =
          end_ns - last_ns_ < second_ns * 3 / 2 ? end_ns : last_ns_ + second_ns;
      going_on = wait_until(next_ns, workers_);
      step(zero_ns, result);
      const double measured_s = now_ns() > zero_ns ? seconds_between(zero_ns, now_ns()) : 0;
      const double ahead_s = now_ns() < zero_ns ? seconds_between(now_ns(), zero_ns) : 0;
      show(result, std::max(0.0, options_.duration_s + ahead_s - measured_s));
    }
    return going_on;
  }
  // Runs until the goal is reached; stops early when interrupted.
  void run(const Goal& goal, Measurement& result) {
    constexpr uint64_t patience_ns = 30 * second_ns;
    const uint64_t zero_ns = last_ns_;
    StallWatch stall(patience_ns, now_ns());
    bool going_on = true;
    while (going_on) {
      const uint64_t next_ns = last_ns_ + second_ns;
      while (going_on && now_ns() < next_ns) going_on = wait_briefly(goal, stall);
      step(zero_ns, result);
      show(result, seconds_left(goal, last_, seconds_between(zero_ns, last_ns_)));
    }
  }
  const StatsSnapshot& last() const { return last_; }
  uint64_t last_ns() const { return last_ns_; }

 private:
  // The rate of a short run depends on when its end is noticed, hence a millisecond.
  bool wait_briefly(const Goal& goal, StallWatch& stall) {
    constexpr auto step_time = std::chrono::milliseconds(1);
    workers_.check();
    const Progress now = workers_.progress();
    if (reached(goal, now) || interrupted()) return false;
    if (stall.stalled(now, now_ns())) {
      throw PerfError("nothing has moved for 30 s: sent ", now.published, " of ", goal.published,
                      ", confirmed ", now.settled, " of ", goal.settled, ", received ",
                      now.delivered, " of ", goal.delivered);
    }
    std::this_thread::sleep_for(step_time);
    return true;
  }

  void show(const Measurement& result, std::optional<double> left_s) {
    if (options_.output.quiet) return;
    progress_.show(progress_text(result.intervals.back(), wording_), left_s);
  }

  void step(uint64_t zero_ns, Measurement& result) {
    StatsSnapshot current = workers_.snapshot();
    const uint64_t current_ns = now_ns();
    Interval interval;
    const double sign = current_ns >= zero_ns ? 1 : -1;
    interval.end_s =
        sign * seconds_between(std::min(zero_ns, current_ns), std::max(zero_ns, current_ns));
    interval.seconds = std::max(1e-9, seconds_between(last_ns_, current_ns));
    interval.stats = current.since(last_);
    const uint64_t rss_kib = sample_process(options_.pid).rss_kib;
    result.broker_rss_kib_max = std::max(result.broker_rss_kib_max, rss_kib);
    interval.broker_rss_kib = rss_kib;
    result.intervals.push_back(std::move(interval));
    last_ = std::move(current);
    last_ns_ = current_ns;
  }

  const Options& options_;
  Workers& workers_;
  const ReportText& wording_;
  ProgressLine progress_;
  StatsSnapshot last_;
  uint64_t last_ns_;
};

}  // namespace

bool wait_until(uint64_t time_ns, Workers& workers) {
  constexpr uint64_t step_ns_max = 50000000;
  for (uint64_t now = now_ns(); now < time_ns; now = now_ns()) {
    workers.check();
    if (interrupted()) return false;
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(step_ns_max, time_ns - now)));
  }
  workers.check();
  return true;
}

Measurement measure(const Options& options, Workers& workers, const ReportText& wording) {
  Measurement result;
  Stopwatch watch(options, workers, wording);
  const uint64_t zero_ns = watch.last_ns() + static_cast<uint64_t>(options.warmup_s * 1e9);
  bool going_on = watch.run(options.warmup_s, zero_ns + 100000000, result);
  result.intervals.clear();
  workers.reset_max();
  const StatsSnapshot baseline = watch.last();
  const uint64_t baseline_ns = watch.last_ns();
  const double own_cpu_before_us = own_cpu_us();
  result.broker_start = sample_process(options.pid);
  if (going_on) watch.run(options.duration_s, baseline_ns, result);
  result.broker_end = sample_process(options.pid);
  result.own_cpu_us = own_cpu_us() - own_cpu_before_us;
  result.seconds = seconds_between(baseline_ns, watch.last_ns());
  result.total = watch.last().since(baseline);
  if (result.seconds <= 0) throw PerfError("interrupted during the warm-up: nothing was measured");
  return result;
}

Measurement measure_until(const Options& options, Workers& workers, const ReportText& wording,
                          const GoalRun& run) {
  Measurement result;
  Stopwatch watch(options, workers, wording, run.start_ns);
  const double own_cpu_before_us = own_cpu_us();
  result.broker_start = sample_process(options.pid);
  watch.run(run.goal, result);
  result.broker_end = sample_process(options.pid);
  result.own_cpu_us = own_cpu_us() - own_cpu_before_us;
  result.seconds = seconds_between(run.start_ns, watch.last_ns());
  result.total = watch.last();
  return result;
}

}  // namespace lepus::perf
