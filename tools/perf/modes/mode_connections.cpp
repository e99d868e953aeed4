// Modes connections and churn: many handshakes at a time through one event loop.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "tools/perf/client/handshaker.h"
#include "tools/perf/measure.h"
#include "tools/perf/modes/modes.h"
#include "tools/perf/modes/workers.h"
#include "tools/perf/progress.h"
#include "tools/perf/report.h"

namespace lepus::perf {

namespace {

constexpr uint64_t round_ns = 1000000000;
using Handshakers = std::vector<std::unique_ptr<Handshaker>>;

double seconds(uint64_t from_ns, uint64_t to_ns) {
  return static_cast<double>(to_ns - from_ns) / 1e9;
}

// Opens --count connections, --window handshakes at a time; stops early when interrupted.
void open_all(const Options& options, EventLoop& loop, Stats& stats, Handshakers& opened) {
  constexpr uint64_t wait_ns_max = round_ns / 20;
  const unsigned window = options.window > 0 ? options.window : 64;
  const uint64_t start_ns = now_ns();
  uint64_t report_ns = start_ns + round_ns;
  ProgressLine progress(options.output.quiet);
  uint64_t stalled_ns = start_ns;
  uint64_t done_before = 0;
  while (stats.delivered.get() < options.count && !interrupted()) {
    const uint64_t done = stats.delivered.get();
    while (opened.size() < options.count && opened.size() - done < window) {
      const Handshaker::Config config{&options, static_cast<unsigned>(opened.size()), false};
      opened.push_back(std::make_unique<Handshaker>(config, stats));
      opened.back()->connect();
      loop.watch(*opened.back());
    }
    loop.turn(wait_ns_max);
    const uint64_t now = now_ns();
    if (done != done_before) stalled_ns = now;
    done_before = done;
    if (now - stalled_ns > 30 * round_ns) {
      throw PerfError("no handshake was finished for 30 s; ", done, " connections are open");
    }
    if (now < report_ns) continue;
    const double passed_s = seconds(start_ns, now);
    progress.show(
        fmt::format("{:6.1f} s  {} of {} connections open", passed_s, done, options.count),
        seconds_left_at(done, options.count, passed_s));
    report_ns += round_ns;
  }
}

// Keeps the loop turning, so that a close by the broker is noticed.
void hold_open(const Options& options, EventLoop& loop) {
  const uint64_t start_ns = now_ns();
  while (seconds(start_ns, now_ns()) < options.duration_s && !interrupted())
    loop.turn(round_ns / 20);
}

// All say goodbye first, so that the waiting is done once; a broker that does not answer is not
// waited for again.
void close_all(const Handshakers& opened) {
  constexpr uint64_t patience_ns = 2 * round_ns;
  for (const std::unique_ptr<Handshaker>& handshaker : opened) {
    if (!handshaker->open()) continue;
    handshaker->connection().start_close();
    handshaker->connection().flush();
  }
  const uint64_t start_ns = now_ns();
  for (const std::unique_ptr<Handshaker>& one : opened) {
    if (now_ns() - start_ns > patience_ns) return;
    one->connection().close_and_wait();
  }
}

// What the broker calls itself, from a connection of its own, which also warms its code for a fair
// "before".
BrokerInfo ask_broker(const Options& options) {
  Connection connection;
  ConnectionConfig config;
  config.uri = &options.uri;
  connection.open_and_wait(config);
  BrokerInfo broker{connection.product(), connection.version()};
  connection.close_and_wait();
  return broker;
}

}  // namespace

RunReport run_connections(const Options& options) {
  const BrokerInfo broker = ask_broker(options);
  Stats stats;
  Handshakers opened;
  ObjectsResult result;
  result.unit = "connection";
  EventLoop loop(options.spin);
  result.broker_before = sample_process(options.pid);
  const uint64_t start_ns = now_ns();
  open_all(options, loop, stats, opened);
  result.create_s = seconds(start_ns, now_ns());
  result.count = stats.delivered.get();
  result.broker_created = sample_process(options.pid);
  hold_open(options, loop);
  result.broker_after = sample_process(options.pid);
  stats.latency.add_to(result.latency);
  close_all(opened);
  return report_objects(options, broker, result);
}

RunReport run_churn(const Options& options) {
  const BrokerInfo broker = ask_broker(options);
  const ReportText wording{"connections", false};
  const unsigned window = options.window > 0 ? options.window : 8;
  Handshakers handshakers;
  Workers workers(options);
  for (unsigned index = 0; index < window; ++index) {
    handshakers.push_back(std::make_unique<Handshaker>(Handshaker::Config{&options, index, true},
                                                       workers.stats_for(index)));
    handshakers.back()->connect();
    workers.add(*handshakers.back());
  }
  workers.start();
  const Measurement measurement = measure(options, workers, wording);
  workers.stop();
  close_all(handshakers);
  return report_measurement(options, broker, measurement, wording);
}

}  // namespace lepus::perf
