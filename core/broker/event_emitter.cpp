// Events and copies are messages that the broker publishes at the end of the step.
#include "core/broker/event_emitter.h"

#include "core/message/message_rewrite.h"
#include "core/queue/dead_letter.h"
#include "core/topology/topology_events.h"

namespace lepus::core {

bool EventEmitter::tells_of_all() const { return parts_.host.shard() == 0; }

bool EventEmitter::is_wanted() const {
  const ExchangeInfo* exchange = parts_.topology.event_exchange();
  return exchange != nullptr && !exchange->bindings_out.empty();
}

void EventEmitter::emit(Event event) {
  CHECK(!event.key.empty());
  if (!is_wanted()) return;
  const Nanos wall = parts_.host.now() + parts_.host.turn().wall_clock_offset;
  event.headers.int64("timestamp_in_ms", wall / nanos_per_ms);
  PropertiesView view;
  view.set(Property::headers);
  view.headers = event.headers.bytes();
  view.set(Property::delivery_mode);
  view.delivery_mode = 2;
  view.set(Property::timestamp);
  view.timestamp_s = static_cast<std::uint64_t>(wall / nanos_per_s);
  const std::vector<std::uint8_t> properties = encode_properties(view);
  Message::Parts parts;
  parts.exchange = event_exchange_name;
  parts.routing_key = event.key;
  parts.properties = properties;
  parts.persistent = true;
  (void)parts_.forwards.publish_later(*parts_.topology.event_exchange(),
                                      Message::create(parts, parts_.host.memory()));
}

void EventEmitter::note_change(const TopologyChanges& changes, const TopologyChange& change) {
  if (!tells_of_all()) return;
  const ExchangeInfo* exchange = parts_.topology.event_exchange();
  if (exchange == nullptr) return;
  const auto* bound = std::get_if<BindingAdded>(&change);
  const bool begins = bound != nullptr && bound->binding.source == exchange->id;
  if (begins || is_wanted()) describe_change(parts_.topology, changes, change, noted_);
}

void EventEmitter::emit_noted() {
  for (Event& event : std::exchange(noted_, {})) emit(std::move(event));
}

void EventEmitter::on_alarm_changed(const Alarm& before, const Alarm& now) {
  if (!tells_of_all() || !is_wanted()) return;
  if (before.memory != now.memory) emit_alarm("memory", now.memory);
  if (before.disk != now.disk) emit_alarm("disk", now.disk);
}

void EventEmitter::emit_alarm(std::string_view source, bool is_on) {
  Event event{is_on ? "alarm.set" : "alarm.cleared", {}};
  event.headers.text("source", source);
  event.headers.text("node", node_name_);
  emit(std::move(event));
}

std::optional<RouteResult> EventEmitter::trace(const Trace& trace, const Message& message) {
  // Of what leaves the firehose itself nothing is said.
  if (message.exchange() == trace_exchange_name) return std::nullopt;
  const ExchangeInfo* exchange = parts_.topology.find_exchange(trace.vhost, trace_exchange_name);
  const bool is_copied = exchange != nullptr && !exchange->bindings_out.empty();
  if (!is_copied && !traces_.is_watched()) return std::nullopt;
  if (has_died_after(message, trace_exchange_name)) return std::nullopt;
  if (traces_.is_watched())
    traces_.add(trace, message, parts_.host.now() + parts_.host.turn().wall_clock_offset);
  if (!is_copied) return std::nullopt;
  const VhostInfo& vhost = exchange->vhost_info;
  return parts_.forwards.publish_later(
      *exchange, make_trace(trace, {node_name_, vhost.name}, message, parts_.host.memory()));
}

}  // namespace lepus::core
