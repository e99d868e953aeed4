// What the broker publishes about itself: events, and the firehose of a virtual host. One shard
// tells of what all of them learn, the others of their own connections only.
#include <utility>

#include "core/broker/broker.h"
#include "core/broker/firehose.h"
#include "core/message/message_rewrite.h"
#include "core/queue/dead_letter.h"
#include "core/topology/topology_events.h"

namespace lepus::core {

namespace {
constexpr ShardId telling_shard = 0;
}  // namespace

bool Broker::wants_events() const {
  const ExchangeInfo* exchange = topology_.event_exchange();
  return exchange != nullptr && !exchange->bindings_out.empty();
}

void Broker::emit(Event event) {
  CHECK(!event.key.empty());
  if (!wants_events()) return;
  const Nanos wall = turn_.now + turn_.wall_clock_offset;
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
  Forward forward{Message::create(parts, memory_), {}, {}};
  StorePath path;
  route_forward(*topology_.event_exchange(), nullptr, path, forward);
  publish_later(forward);
}

/// Before it is applied. Sent when all of them are: who has just bound a queue hears of it.
void Broker::note_change(const TopologyChanges& changes, const TopologyChange& change) {
  if (shard() != telling_shard || !has_topology_) return;
  const ExchangeInfo* exchange = topology_.event_exchange();
  if (exchange == nullptr) return;
  const auto* bound = std::get_if<BindingAdded>(&change);
  const bool begins = bound != nullptr && bound->binding.source == exchange->id;
  if (!begins && !wants_events()) return;
  describe_change(topology_, changes, change, noted_events_);
}

void Broker::emit_noted() {
  for (Event& event : std::exchange(noted_events_, {})) emit(std::move(event));
}

void Broker::on(const Alarm& command) {
  const Alarm before = std::exchange(alarm_, command);
  if (shard() != telling_shard || !wants_events()) return;
  const auto tell = [this](bool was, bool is, std::string_view source) {
    if (was == is) return;
    Event event{is ? "alarm.set" : "alarm.cleared", {}};
    event.headers.text("source", source);
    event.headers.text("node", node_name_);
    emit(std::move(event));
  };
  tell(before.memory, alarm_.memory, "memory");
  tell(before.disk, alarm_.disk, "disk");
}

std::optional<RouteResult> Broker::trace(const Trace& trace, const Message& message) {
  const ExchangeInfo* exchange = topology_.find_exchange(trace.vhost, trace_exchange_name);
  // Of what leaves the firehose itself nothing is said.
  if (exchange == nullptr || exchange->bindings_out.empty()) return std::nullopt;
  if (message.exchange() == trace_exchange_name) return std::nullopt;
  if (has_died_after(message, trace_exchange_name)) return std::nullopt;
  const VhostInfo& vhost = exchange->vhost_info;
  Forward forward{make_trace(trace, {node_name_, vhost.name}, message, memory_), {}, {}};
  StorePath path;
  route_forward(*exchange, nullptr, path, forward);
  publish_later(forward);
  return std::move(forward.route);
}

}  // namespace lepus::core
