// What a shard's broker and the control thread say to each other: requests for changes of the
// topology, the changes that were decided, and their outcome. A command owns what it carries. What
// else the two threads exchange (orders, statistics) is the server's: tools/server/commands.h.
//
//   shard   --TopologyAsk-->      control      decides
//   shard  <--TopologyApply--     control      to every shard, in one order
//   shard   --TopologyApplied-->  control      when all have: the asker gets a TopologyDone
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "core/amqp_error.h"
#include "core/broker/session_command.h"
#include "core/topology/topology_change.h"
#include "core/topology/topology_request.h"

namespace lepus::core {

struct TopologyAsk {
  ChannelRef channel;           ///< Who gets TopologyDone; null when nobody waits.
  std::uint32_t message_count;  ///< Handed back in TopologyDone (queue.delete-ok).
  std::unique_ptr<TopologyRequest> request;
  /// What the same channel asked for behind it: of these and `request` none is done once one before
  /// it failed. One TopologyDone answers all. Null: nothing.
  std::unique_ptr<std::vector<TopologyRequest>> more = nullptr;
};
struct TopologyApplied {
  std::uint64_t version;
};

/// From a broker to the control thread. Reply: the operator asked a queue for something.
using ControlCommand = std::variant<TopologyAsk, TopologyApplied, Reply>;

struct TopologyApply {
  std::uint64_t version;
  std::unique_ptr<TopologyChanges> changes;
};
struct TopologyDone {
  ChannelRef channel;
  std::uint32_t message_count;
  std::unique_ptr<AmqpError> error;  ///< Null when it went well.
  /// Of a TopologyAsk with `more`: how many were done, from the first; `error` is of the next one.
  std::uint32_t done_count = 0;
};
/// What is short now. With anything short, publishers are blocked.
struct Alarm {
  bool memory = false;  ///< Above the high-water mark.
  bool disk = false;    ///< Free space of the data directory is below its limit.
  bool any() const { return memory || disk; }
  bool operator==(const Alarm&) const = default;
};
/// The broker stops: every connection is closed with 320.
struct StopServing {};

/// From the control thread to a broker.
using BrokerCommand = std::variant<TopologyApply, TopologyDone, Alarm, StopServing>;

}  // namespace lepus::core
