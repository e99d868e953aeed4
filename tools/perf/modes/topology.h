// What the throughput mode declares on the broker, and the names its messages carry; mode drain
// finds the same queues.
//
//   default   key = queue name
//   direct    exchange, key = target, queue bound with it
//   fanout    exchange, constant key, every queue bound
//   topic     exchange, key = target.event, queue bound with target.*
//   headers   exchange, header queue = target, queue bound with x-match all
//
// All targets have the same length, so that a message can be redirected by overwriting bytes in
// place.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/perf/client/connection.h"
#include "tools/perf/options.h"

namespace lepus::perf {

struct Target {
  std::string key;
  std::string header_value;  // only with a headers exchange
};

class Topology {
 public:
  explicit Topology(const Options& options);

  // Declares all and empties the queues, which with --keep stay as they are.
  void declare(Connection& control) const;
  // Messages ready in all queues, which must be there.
  uint64_t waiting_count(Connection& control) const;
  // Deletes queues and exchange unless --keep is given; throws nothing, since it also runs after
  // failures.
  void remove(Connection& control) const noexcept;

  const std::string& exchange() const { return exchange_; }
  const std::vector<std::string>& queues() const { return queues_; }
  // One for each queue, or a single one with fanout.
  const std::vector<Target>& targets() const { return targets_; }

 private:
  void bind_queue(Connection& control, size_t index) const;

  const Options& options_;
  std::string exchange_;
  std::vector<std::string> queues_;
  std::vector<Target> targets_;
};

}  // namespace lepus::perf
