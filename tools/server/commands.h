// What shards and the control thread send each other: what the broker's core says
// (core/broker/control_command.h), and what only the server knows: orders of the node, and the ways
// in and out of service. What the admin thread sends and gets is in admin_commands.h. A command
// owns what it carries.
//
//   shard -> control    Serving, ConnectionsClosed
//   control -> shard    TrimHeap, ReplaceSettings, SuspendClients, ResumeClients, Acknowledge,
//                       EndThread
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "core/broker/command.h"
#include "net/amqp/settings.h"
#include "net/stream/listener_identity.h"
#include "tools/server/listeners/tls_setup.h"

namespace lepus::server {

/// By shard.
using ShardListeners = std::vector<std::vector<net::Listening>>;

/// The shard accepts connections.
struct Serving {};
/// Of SuspendClients or StopServing: listeners and connections of the shard are closed.
struct ConnectionsClosed {};
using ShardToControl =
    std::variant<core::TopologyAsk, core::TopologyApplied, Serving, ConnectionsClosed>;

/// For connections to come.
struct ReplaceSettings {
  std::unique_ptr<const amqp::Settings> settings;
  std::unique_ptr<TlsSetup> tls;
};
/// Memory that the thread holds unused goes back to the kernel.
struct TrimHeap {};
/// No clients until ResumeClients: listeners are closed, and every connection with 320. Answered by
/// ConnectionsClosed.
struct SuspendClients {};
/// Connections are accepted again. Answered by Serving.
struct ResumeClients {
  std::vector<net::Listening> listeners;  ///< Taken over by the shard.
};
/// The shard tells the admin thread that it has done all that the control thread sent before
/// (Acknowledged).
struct Acknowledge {
  std::uint32_t number;  ///< Comes back.
};
/// All shards have closed their connections: nobody needs this thread any more.
struct EndThread {};

using ControlToShard =
    core::JoinVariants<core::BrokerCommand,
                       std::variant<ReplaceSettings, TrimHeap, SuspendClients, ResumeClients,
                                    Acknowledge, EndThread>>::type;

static_assert(sizeof(ShardToControl) <= core::command_size_max);
static_assert(sizeof(ControlToShard) <= core::command_size_max);

}  // namespace lepus::server
