// What shards and the control thread send each other: what the broker's core says
// (core/broker/control_command.h), and what only the server knows: orders of the node, statistics,
// and the ways in and out of service. A command owns what it carries.
//
//   shard -> control    Serving, ConnectionsClosed, StatsReply, MessagesReply
//   control -> shard    TrimHeap, ReplaceSettings, SuspendClients, ResumeClients, AskStats,
//                       AskMessages, EndThread, and what the operator asks of queues (Purge,
//                       DeleteQueue)
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "core/broker/command.h"
#include "core/broker/message_request.h"
#include "core/broker/stats.h"
#include "net/amqp/settings.h"

namespace lepus::server {

/// The shard accepts connections.
struct Serving {};
/// Of SuspendClients or StopServing: listeners and connections of the shard are closed.
struct ConnectionsClosed {};
/// A piece of the answer to AskStats.
struct StatsReply {
  std::unique_ptr<core::StatsPage> page;
};

/// The answer to AskMessages.
struct MessagesReply {
  std::unique_ptr<core::MessageResult> result;
};

using ShardToControl =
    core::JoinVariants<core::ControlCommand,
                       std::variant<Serving, ConnectionsClosed, StatsReply, MessagesReply>>::type;

/// For connections to come.
struct ReplaceSettings {
  std::unique_ptr<const amqp::Settings> settings;
};
/// Memory that the thread holds unused goes back to the kernel.
struct TrimHeap {};
/// No clients until ResumeClients: listeners are closed, and every connection with 320. Answered by
/// ConnectionsClosed.
struct SuspendClients {};
/// Connections are accepted again. Answered by Serving.
struct ResumeClients {
  std::vector<int> sockets;  ///< Listening ones, which the shard takes over.
};
/// The operator wants to know something, or connections to be closed.
struct AskStats {
  std::unique_ptr<core::StatsRequest> request;
};
/// The operator publishes a message or looks at some.
struct AskMessages {
  std::unique_ptr<core::MessageRequest> request;
};
/// All shards have closed their connections: nobody needs this thread any more.
struct EndThread {};

using ControlToShard = core::JoinVariants<
    core::BrokerCommand,
    std::variant<core::Purge, core::DeleteQueue, ReplaceSettings, TrimHeap, SuspendClients,
                 ResumeClients, AskStats, AskMessages, EndThread>>::type;

static_assert(sizeof(ShardToControl) <= core::command_size_max);
static_assert(sizeof(ControlToShard) <= core::command_size_max);

}  // namespace lepus::server
