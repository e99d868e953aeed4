// What a shard asks of the topology's only writer (the control thread): plain data, moved between
// threads. The same request is first judged on the asking shard's replica (see topology_rules.h).
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"

namespace lepus::core {

struct TopologyRequest {
  enum class Kind : std::uint8_t {
    declare_exchange,   ///< name, type, passive, durable, auto_delete, internal, arguments
    delete_exchange,    ///< name, if_unused
    bind_exchange,      ///< source, name (destination exchange), key, arguments
    unbind_exchange,    ///< as bind_exchange
    declare_queue,      ///< name, passive, durable, exclusive, auto_delete, server_named, arguments
    delete_queue,       ///< queue; if_unused and if_empty were decided by its home shard
    bind_queue,         ///< source, name (queue), key, arguments
    unbind_queue,       ///< as bind_queue
    connection_closed,  ///< connection: its exclusive queues go
    add_vhost,          ///< name; comes with the predeclared exchanges
    delete_vhost,       ///< name; takes everything inside with it
  };

  Kind kind = Kind::declare_queue;
  ShardId from =
      0;  ///< Home of a queue declared by this request, unless its arguments say otherwise.
  ConnectionId connection;  ///< Owner of exclusive queues; 0 = the server itself.
  std::string user = {};    ///< Who asks; empty = the server itself.
  VhostId vhost;     ///< Not used by add_vhost, delete_vhost, connection_closed, delete_queue.
  std::string name;  ///< As received: CR and LF are stripped by the rules. Never empty for queues.
  std::string source;
  std::string
      key;  ///< Of a binding. An empty queue name's rule (key = queue name) is the channel's.
  std::string type;       ///< Exchange type as received.
  std::string arguments;  ///< Inside of a valid field table.
  QueueId queue;
  bool passive = false;
  bool durable = false;
  bool exclusive = false;
  bool auto_delete = false;
  bool internal = false;
  bool if_unused = false;
  bool server_named = false;  ///< The name was made by the server: its amq. prefix is in order.
};

}  // namespace lepus::core
