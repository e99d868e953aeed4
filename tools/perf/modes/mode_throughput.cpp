// Mode throughput: producers and consumers around queues. Consumers are all ready before the first
// message is due.
#include <memory>
#include <vector>

#include "tools/perf/measure.h"
#include "tools/perf/modes/consumer.h"
#include "tools/perf/modes/modes.h"
#include "tools/perf/modes/producer.h"
#include "tools/perf/modes/workers.h"
#include "tools/perf/report.h"

namespace lepus::perf {

namespace {

// Declares on construction, removes on destruction, so that a failed run leaves nothing behind
// either.
class Declared {
 public:
  Declared(const Options& options, const Topology& topology) : topology_(topology) {
    ConnectionConfig config;
    config.uri = &options.uri;
    control_.open_and_wait(config);
    try {
      topology_.declare(control_);
    } catch (const PerfError&) {
      control_.close_and_wait();
      throw;
    }
  }
  ~Declared() {
    topology_.remove(control_);
    control_.close_and_wait();
  }
  Declared(const Declared&) = delete;
  Declared& operator=(const Declared&) = delete;
  BrokerInfo broker() const { return {control_.product(), control_.version()}; }

 private:
  const Topology& topology_;
  Connection control_;
};

struct Clients {
  std::vector<std::unique_ptr<Consumer>> consumers;
  std::vector<std::unique_ptr<Producer>> producers;

  ~Clients() {
    for (const auto& producer : producers) producer->close();
    for (const auto& consumer : consumers) consumer->close();
  }
};

// Producers and consumers are dealt to the threads alternately.
void connect_clients(const Options& options, const Topology& topology, Workers& workers,
                     Clients& clients) {
  size_t number = 0;
  for (unsigned index = 0; index < std::max(options.consumers, options.producers); ++index) {
    if (index < options.consumers) {
      clients.consumers.push_back(std::make_unique<Consumer>(
          Consumer::Config{&options, &topology, index}, workers.stats_for(number++)));
      workers.add(*clients.consumers.back());
    }
    if (index < options.producers) {
      clients.producers.push_back(std::make_unique<Producer>(
          Producer::Config{&options, &topology, index}, workers.stats_for(number++)));
      workers.add(*clients.producers.back());
    }
  }
}

// Returns when the first message is due.
uint64_t start_producers(const Options& options, Clients& clients) {
  constexpr uint64_t settle_ns = 10000000;
  const uint64_t start_ns = now_ns() + settle_ns;
  // Paced producers take turns within one message interval.
  const double offset_ns = options.rate_per_s > 0 ? 1e9 / options.rate_per_s : 0;
  for (size_t index = 0; index < clients.producers.size(); ++index) {
    clients.producers[index]->start(start_ns +
                                    static_cast<uint64_t>(offset_ns * static_cast<double>(index)));
  }
  return start_ns;
}

}  // namespace

RunReport run_throughput(const Options& options) {
  const Topology topology(options);
  const Declared declared(options, topology);
  const ReportText wording{"messages", true};
  Measurement measurement;
  {
    Clients clients;
    Workers workers(options);
    connect_clients(options, topology, workers, clients);
    const uint64_t start_ns = start_producers(options, clients);
    workers.start();
    measurement = options.messages > 0 ? measure_until(options, workers, wording,
                                                       {goal_of_messages(options), start_ns})
                                       : measure(options, workers, wording);
    workers.stop();
  }
  return report_measurement(options, declared.broker(), measurement, wording);
}

}  // namespace lepus::perf
