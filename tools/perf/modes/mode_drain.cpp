// Mode drain: consumes what waits in the queues of an earlier run (--keep) until they are empty, or
// --messages of it.
//
//   ask how many are ready → consume that many → acknowledge, close → ask how many are left
//
// Time runs from before the first consumer connects: what a broker reads ahead for it is its work
// too.
#include <memory>
#include <vector>

#include "tools/perf/measure.h"
#include "tools/perf/modes/consumer.h"
#include "tools/perf/modes/modes.h"
#include "tools/perf/modes/workers.h"
#include "tools/perf/report.h"

namespace lepus::perf {

namespace {

Measurement consume(const Options& options, const Topology& topology, uint64_t waiting) {
  const ReportText wording{"messages", false};
  const Goal goal = goal_of_drain(options, waiting);
  Budget budget(goal.delivered);
  std::vector<std::unique_ptr<Consumer>> consumers;
  Workers workers(options);
  // Without --messages what is delivered beyond the count is counted too: it would be a fault.
  Budget* const limit = options.messages > 0 ? &budget : nullptr;
  const uint64_t start_ns = now_ns();
  for (unsigned index = 0; index < options.consumers; ++index) {
    consumers.push_back(std::make_unique<Consumer>(
        Consumer::Config{&options, &topology, index, limit}, workers.stats_for(index)));
    workers.add(*consumers.back());
  }
  workers.start();
  Measurement measurement = measure_until(options, workers, wording, {goal, start_ns});
  workers.stop();
  for (const std::unique_ptr<Consumer>& consumer : consumers) consumer->close();
  return measurement;
}

}  // namespace

RunReport run_drain(const Options& options) {
  const Topology topology(options);
  Connection control;
  ConnectionConfig config;
  config.uri = &options.uri;
  control.open_and_wait(config);
  const BrokerInfo broker{control.product(), control.version()};
  Drained drained;
  drained.waiting = topology.waiting_count(control);
  Measurement measurement = consume(options, topology, drained.waiting);
  drained.left = topology.waiting_count(control);
  measurement.drained = drained;
  topology.remove(control);
  control.close_and_wait();
  return report_measurement(options, broker, measurement, {"messages", false});
}

}  // namespace lepus::perf
