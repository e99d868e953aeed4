// The generator's threads. Endpoints are spread over them in turn; each thread runs its own event
// loop and has its own counters, so nothing is shared while the load runs. The reporting thread
// only reads counters.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tools/perf/client/event_loop.h"
#include "tools/perf/goal.h"
#include "tools/perf/options.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

class Workers {
 public:
  explicit Workers(const Options& options);
  ~Workers();

  // The counters an endpoint must use that will be the `number`th to be added.
  Stats& stats_for(size_t number) { return workers_[number % workers_.size()]->stats; }
  // Adds the next endpoint; it must outlive stop(). Before start().
  void add(Endpoint& endpoint);

  void start();
  // Ends all threads; the endpoints are then the caller's again.
  void stop();
  // Throws what stopped a worker, if anything did.
  void check();

  StatsSnapshot snapshot() const;
  // Cheap enough to ask every millisecond.
  Progress progress() const;
  // Makes maxima start anew, at the end of the warm-up.
  void reset_max();

 private:
  struct Worker {
    Stats stats;
    std::vector<Endpoint*> endpoints;
    std::thread thread;
  };
  void run(Worker& worker);

  const bool spin_;
  std::vector<std::unique_ptr<Worker>> workers_;
  size_t added_count_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
  std::mutex failure_mutex_;
  std::string failure_;  // of the first worker that failed; under failure_mutex_
};

}  // namespace lepus::perf
