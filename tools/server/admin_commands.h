// What the admin thread (admin_thread.h) sends and gets. Questions about queues, connections and
// messages go to shards, and the answers come back; what changes something for the whole broker
// goes to the control thread, in one order. A command owns what it carries.
//
//   admin -> shard      Purge, DeleteQueue (core/broker/queue_command.h), AskStats, AskMessages,
//                       StartShovel, StopShovel (shovel/shovel_order.h), BackupOrder
//                       (backup/backup_order.h)
//   shard -> admin      Reply, StatsReply, MessagesReply, Acknowledged, ShovelReport, BackupReport
//   admin -> control    TopologyAsk, AskAccess, AskPlan, AskTurns, ForceAlarm, SetLimits,
//                       PassSettings, SuspendBroker, ResumeBroker, StopBroker, AskAcknowledge,
//                       AdminEnded
//   control -> admin    TopologyApply, ControlState, TopologyDone, AccessDone, PlanDone,
//                       StatsReply, ReadConfigAgain, TrimHeap, EndAdmin
//
// A `number` is that of the operator's request, or of a page of samples (samples/sampler.h): it
// comes back with the answer. A TopologyDone and a
// Reply name it as the slot of a channel (BrokerView::channel()).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/access/access_request.h"
#include "core/broker/command.h"
#include "core/broker/message_request.h"
#include "core/broker/stats.h"
#include "net/amqp/settings.h"
#include "tools/server/backup/backup_order.h"
#include "tools/server/commands.h"
#include "tools/server/shovel/shovel_order.h"
#include "tools/server/topology/topology_plan.h"

namespace lepus::server {

// --- With shards

/// The operator wants to know something, or connections to be closed.
struct AskStats {
  std::unique_ptr<core::StatsRequest> request;
};
/// The operator publishes a message or looks at some.
struct AskMessages {
  std::unique_ptr<core::MessageRequest> request;
};
using AdminToShard = std::variant<core::Purge, core::ResolveUnreadable, core::DeleteQueue, AskStats,
                                  AskMessages, StartShovel, StopShovel, BackupOrder>;

/// A piece of the answer to AskStats. Of the control thread: to AskTurns.
struct StatsReply {
  std::unique_ptr<core::StatsPage> page;
};
/// The answer to AskMessages.
struct MessagesReply {
  std::unique_ptr<core::MessageResult> result;
};
/// The shard has done all that the control thread sent before it asked for this.
struct Acknowledged {
  std::uint32_t number;
};
using ShardToAdmin =
    std::variant<core::Reply, StatsReply, MessagesReply, Acknowledged, ShovelReport, BackupReport>;

// --- With the control thread

/// Answered by AccessDone, when the change is durable and everywhere or refused.
struct AskAccess {
  std::uint32_t number;
  std::unique_ptr<core::AccessRequest> request;
  std::string by = {};  ///< A user, for events; empty: core::operator_name.
};
/// Answered by PlanDone, and a TopologyDone when there was something to do.
struct AskPlan {
  std::uint32_t number;
  std::unique_ptr<PlanRequest> request;
};
/// Answered by a StatsReply with the row of the control thread.
struct AskTurns {
  std::uint64_t number;
};
/// As of ResourceAlarms::set_forced().
struct ForceAlarm {
  core::Alarm alarm;
};
struct SetLimits {
  std::uint64_t memory_watermark_bytes;
  std::uint64_t disk_free_min_bytes;
};
/// To be passed on to each shard, for connections to come.
struct PassSettings {
  std::unique_ptr<std::vector<ReplaceSettings>> settings;  ///< By shard.
};
/// As of Control::suspend().
struct SuspendBroker {};
/// As of Control::resume(). Closes the sockets if the broker is not suspended.
struct ResumeBroker {
  std::unique_ptr<ShardListeners> sockets;  ///< Listening ones, by shard.
};
struct StopBroker {};
/// Each shard answers by Acknowledged once it knows what was asked of the control thread before.
struct AskAcknowledge {
  std::uint32_t number;
};
/// The admin thread sends nothing more.
struct AdminEnded {};
using AdminToControl = std::variant<core::TopologyApplied, core::TopologyAsk, AskAccess, AskPlan,
                                    AskTurns, ForceAlarm, SetLimits, PassSettings, SuspendBroker,
                                    ResumeBroker, StopBroker, AskAcknowledge, AdminEnded>;

/// How the broker is. Sent whenever it is different.
struct ControlState {
  bool is_running = true;      ///< False: it stops.
  bool is_serving = false;     ///< Clients can connect.
  bool is_suspending = false;  ///< Clients are kept out, or will be once all have gone.
  bool is_suspended = false;   ///< All have gone.
  core::Alarm alarm;           ///< As the shards were told.
  core::Alarm forced;
  bool operator==(const ControlState&) const = default;
};
struct AccessDone {
  std::uint32_t number;
  std::unique_ptr<core::AccessRefusal> refusal;  ///< Null: it is done.
};
struct PlanDone {
  std::uint32_t number;
  std::unique_ptr<PlanOutcome> outcome;
};
/// The configuration is to be read again.
struct ReadConfigAgain {};
/// The shards have ended, and the process will: connections of operators are closed.
struct EndAdmin {};
using ControlToAdmin =
    std::variant<core::TopologyApply, core::TopologyDone, ControlState, AccessDone, PlanDone,
                 StatsReply, ReadConfigAgain, TrimHeap, EndAdmin>;

static_assert(sizeof(AdminToShard) <= core::command_size_max);
static_assert(sizeof(ShardToAdmin) <= core::command_size_max);
static_assert(sizeof(AdminToControl) <= core::command_size_max);
static_assert(sizeof(ControlToAdmin) <= core::command_size_max);

}  // namespace lepus::server
