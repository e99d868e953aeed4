// A scenario as plain data: queues, groups of clients around them, and phases that change what the
// groups do. scenario_reader.h makes one from JSON; docs/operations/load-testing.md describes the
// keys.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tools/perf/options.h"

namespace lepus::perf {

constexpr double rate_unlimited = std::numeric_limits<double>::infinity();

// Queues that belong together, and the exchange that messages for them go to.
struct QueueSet {
  std::string name;
  // As Topology wants it: prefix, queues, exchange_type, bindings, persistent (durable queues),
  // queue_arguments, keep.
  Options topology;
  bool is_stream = false;
  uint64_t prefill = 0;  // messages in each queue before the clients start
  uint64_t prefill_size = 128;
};

enum class Role : uint8_t { producer, consumer, poller, idle, churn };
enum class ChurnKind : uint8_t { connection, channel, queue, publish };

// What a phase may change of a group.
struct Pace {
  double rate_per_s = rate_unlimited;  // of the whole group, at the start of the phase
  double rate_end_per_s = rate_unlimited;
  unsigned steps = 0;   // 0 = the rate rises or falls evenly; else in so many levels
  unsigned active = 0;  // the first so many clients are connected
  double delay_ms = 0;  // a consumer's work on each message
  double nack = 0;      // share of messages that a consumer refuses, 0 to 1
  double requeue = 0;   // share of the refused that go back to the queue, 0 to 1
};

struct PublishPlan {
  std::vector<uint64_t> sizes{128};  // of bodies, in turn
  unsigned confirm_window = 0;       // 0 = no confirms
  bool is_persistent = false;
  bool is_mandatory = false;
};

struct ConsumePlan {
  uint16_t prefetch = 0;
  unsigned ack_batch = 1;
  bool auto_ack = false;
  std::vector<std::pair<std::string, std::string>> arguments;
};

struct Group {
  std::string name;
  Role role = Role::producer;
  size_t queue_set = 0;  // index into Scenario::queues; of no meaning for idle and some churn
  unsigned count = 1;
  PublishPlan publish;
  ConsumePlan consume;
  double interval_ms = 0;  // of a poller, between an answer and its next question
  ChurnKind churn = ChurnKind::connection;
  uint16_t channels = 1;         // of each connection
  double connects_per_s = 2000;  // how fast the group connects at the start
  bool reconnects = false;       // a lost connection is made again instead of ending the run
  Pace pace;                     // before the first phase
};

struct Phase {
  std::string name;
  double seconds = 10;
  bool is_warmup = false;        // not part of the totals
  std::vector<Pace> paces;       // by group
  std::vector<bool> reconnects;  // by group: all connections are cut when the phase begins
};

// A dimension of a sweep that the file asks for: a key of a group, and its values as written.
struct SweepAxis {
  std::string key;  // "group.key"
  std::vector<std::string> values;
};

struct Scenario {
  std::string name;
  std::string description;
  std::vector<QueueSet> queues;
  std::vector<Group> groups;
  std::vector<Phase> phases;
  std::vector<SweepAxis> sweep;

  double seconds() const;             // of all phases
  unsigned connection_count() const;  // at most, of all groups
};

}  // namespace lepus::perf
