// What the broker publishes about itself: events, and the firehose of a virtual host. One shard
// tells of what all of them learn, the others of their own connections only.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/broker/control_command.h"
#include "core/broker/description/trace_ring.h"
#include "core/broker/event.h"
#include "core/broker/firehose.h"
#include "core/broker/forward_router.h"

namespace lepus::core {

class EventEmitter {
 public:
  /// What it works with; all of it outlives this object.
  struct Parts {
    QueueHost& host;
    Topology& topology;
    ForwardRouter& forwards;
  };
  explicit EventEmitter(const Parts& parts) : parts_(parts), traces_(parts.host.memory()) {}

  /// "lepus@host", as events name it.
  void set_node_name(std::string name) { node_name_ = std::move(name); }
  const std::string& node_name() const { return node_name_; }
  /// Returns true if somebody is bound to amq.rabbitmq.event; else no event need be made.
  bool is_wanted() const;
  void emit(Event event);
  /// For the firehose, if the virtual host has it on. Returns where the copy went; nothing: nobody
  /// wants it.
  std::optional<RouteResult> trace(const Trace& trace, const Message& message);
  /// What operators who watch are shown of it.
  TraceRing& traces() { return traces_; }

  /// Before a change is applied. Its events are emitted when all of its changes are: who has just
  /// bound a queue hears of it.
  void note_change(const TopologyChanges& changes, const TopologyChange& change);
  void emit_noted();
  void on_alarm_changed(const Alarm& before, const Alarm& now);

 private:
  bool tells_of_all() const;
  void emit_alarm(std::string_view source, bool is_on);

  Parts parts_;
  std::string node_name_ = "lepus@localhost";
  TraceRing traces_;
  std::vector<Event> noted_;  ///< Of the changes being applied.
};

}  // namespace lepus::core
