// Thread start and stop, and the way of an error from a worker to the main thread.
#include "tools/perf/modes/workers.h"

#include "tools/perf/client/error.h"

namespace lepus::perf {

Workers::Workers(const Options& options) : spin_(options.spin) {
  for (unsigned index = 0; index < options.threads; ++index)
    workers_.push_back(std::make_unique<Worker>());
}

Workers::~Workers() { stop(); }

void Workers::add(Endpoint& endpoint) {
  workers_[added_count_ % workers_.size()]->endpoints.push_back(&endpoint);
  ++added_count_;
}

void Workers::start() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->endpoints.empty()) continue;
    worker->thread = std::thread([this, &worker = *worker] { run(worker); });
  }
}

void Workers::run(Worker& worker) {
  constexpr uint64_t wait_ns_max = 20000000;  // how long a stop may go unnoticed
  try {
    EventLoop loop(spin_);
    for (Endpoint* endpoint : worker.endpoints) loop.watch(*endpoint);
    while (!stopping_.load(std::memory_order_relaxed)) loop.turn(wait_ns_max);
  } catch (const std::exception& error) {
    const std::lock_guard lock(failure_mutex_);
    if (failure_.empty()) failure_ = error.what();
    failed_.store(true, std::memory_order_release);
  }
}

void Workers::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void Workers::check() {
  if (!failed_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(failure_mutex_);
  throw PerfError(failure_);
}

StatsSnapshot Workers::snapshot() const {
  StatsSnapshot sum;
  for (const std::unique_ptr<Worker>& worker : workers_) sum.add(worker->stats);
  return sum;
}

Progress Workers::progress() const {
  Progress sum;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    sum.published += worker->stats.published.get();
    sum.settled += worker->stats.confirmed.get() + worker->stats.nacked.get();
    sum.delivered += worker->stats.delivered.get();
  }
  return sum;
}

void Workers::reset_max() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->stats.latency.reset_max();
    worker->stats.confirm_latency.reset_max();
    worker->stats.send_lag.reset_max();
  }
}

}  // namespace lepus::perf
