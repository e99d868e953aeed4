// Checked, routed, handed to the broker, returned when nobody wanted it.
#include "core/session/session_publishes.h"

#include "core/session/publish/publish_checks.h"
#include "core/session/publish/publish_counts.h"
#include "core/session/session_listener.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {

Refusal SessionPublishes::begin(const Target& target) {
  incoming_.mandatory = target.mandatory;
  incoming_.immediate = target.immediate;
  incoming_.cc_keys.clear();
  const Topology& topology = link_.broker.topology();
  // What is allowed elsewhere may not be so for long.
  const bool may_use_cache = link_.owner.rights == nullptr;
  if (may_use_cache && route_cache_.contains(topology, target.exchange, target.key))
    return std::nullopt;
  route_cache_.clear();
  auto found = check_publish(topology, link_.owner.vhost, target.exchange);
  const ExchangeInfo* info = found.ok() ? found.value() : nullptr;
  if (Refusal refused = access_.permit_publish({info, target.exchange, target.key})) return refused;
  if (!found.ok()) return std::move(found.error());
  route_cache_.store(topology, *info, target.key);
  return std::nullopt;
}

Refusal SessionPublishes::set_content(Bytes properties, std::uint64_t body_size,
                                      const PublishSettings& settings) {
  if (body_size > settings.message_size_max)
    return precondition_failed("message size " + std::to_string(body_size) +
                               " is larger than configured max size " +
                               std::to_string(settings.message_size_max));
  PropertiesView view;
  if (!decode_properties(properties, view)) return properties_error(properties);
  if (Refusal refused = check_content(view)) return refused;
  const bool wants_reply = view.reply_to == reply_to_queue;
  if (!settings.interceptors.any() && !wants_reply &&
      (incoming_.cc_keys.empty() || !has_bcc(view))) {
    create_message(view, properties, body_size);
    return std::nullopt;
  }
  std::string headers;
  if (wants_reply) view.reply_to = reply_address_.name();
  if (settings.interceptors.any()) {
    const Nanos now = link_.broker.now() + link_.broker.turn().wall_clock_offset;
    intercept(settings.interceptors,
              {static_cast<std::uint64_t>(now / nanos_per_ms), settings.node}, view, headers);
  }
  create_message(view, without_bcc(view), body_size);
  return std::nullopt;
}

Refusal SessionPublishes::check_content(const PropertiesView& view) {
  if (Refusal refused = check_properties(view, access_.expected_user_id(view))) return refused;
  if (view.reply_to == reply_to_queue && !reply_address_.is_open())
    return precondition_failed("fast reply consumer does not exist");
  incoming_.cc_keys.clear();  // It may be done again; see AmqpError::is_undecided.
  if (Refusal refused = read_cc_keys(view, incoming_.cc_keys)) return refused;
  if (incoming_.cc_keys.empty()) return std::nullopt;
  return access_.permit_cc_keys(route_cache_.exchange(), incoming_.cc_keys);
}

void SessionPublishes::create_message(const PropertiesView& view, Bytes properties,
                                      std::uint64_t body_size) {
  CHECK(!incoming_.message);
  Message::Parts parts;
  parts.exchange = route_cache_.exchange();
  parts.routing_key = route_cache_.key();
  parts.properties = properties;
  parts.body_size = body_size;
  parts.persistent = view.is_persistent();
  parts.priority = view.priority;
  if (view.has(Property::expiration)) parts.ttl_ms = parse_expiration(view.expiration).value();
  incoming_.message = Message::create(parts, link_.broker.memory());
}

ClientPublish&& SessionPublishes::take() {
  CHECK(incoming_.message);
  CHECK(incoming_.message->complete());
  return std::move(incoming_);
}

void SessionPublishes::clear() {
  incoming_ = {};
  immediate_.clear();
}

bool SessionPublishes::send(ClientPublish&& publish) {
  CHECK(publish.message);
  CHECK(publish.message->complete());
  Broker& broker = link_.broker;
  const bool may_use_cache = publish.cc_keys.empty() && counting_ != Counting::commit;
  const RouteResult* cached = may_use_cache ? route_cache_.find(broker.topology()) : nullptr;
  RouteResult own;
  const ExchangeInfo* exchange =
      cached != nullptr ? &route_cache_.info()
                        : route_publish(broker.topology(), link_.owner.vhost, publish, own);
  const RouteResult& route = cached != nullptr ? *cached : own;
  count_publish(link_, {publish.message->body_size(), exchange, route.size()});
  const bool is_reply = route.empty() && is_reply_name(publish.message->routing_key()) &&
                        publish.message->exchange().empty() &&
                        send_reply(broker, link_.owner.vhost, publish.message);
  const bool is_returned = route.empty() && !is_reply && publish.mandatory;
  if (route.empty() && !is_reply)
    link_.counts.add(is_returned ? MessageEvent::return_unroutable : MessageEvent::drop_unroutable);
  if (is_returned) link_.listener.on_returned(ReplyCode::no_route, publish.message);
  if (link_.is_traced) trace(*publish.message, route);
  const bool is_counted = counting_ != Counting::none;
  const std::uint64_t number = is_counted ? confirms_.next_number() : 0;
  const bool at_once = publish.immediate && !is_reply && !is_returned;
  const std::uint32_t parts =
      at_once ? send_at_once(std::move(publish.message), {&route, link_.ref, number})
              : broker.publish({&route, link_.ref, number}, std::move(publish.message));
  if (is_counted) confirms_.expect(parts);
  if (confirms_.has_acks()) link_.listener.on_acks_due();
  note_congestion(route);
  return at_once && !immediate_.is_empty();
}

/// With queues on other shards a return comes later, but before the answer to anything that was
/// sent behind: input is held meanwhile. Returns how many confirms will come.
std::uint32_t SessionPublishes::send_at_once(MessageRef message, const Broker::Publish& publish) {
  Broker::Publish named = publish;
  named.immediate = immediate_.next_id();
  const Broker::AtOnce done = link_.broker.publish_at_once(named, message);
  if (done.replies > 0) {
    immediate_.add(std::move(message), done.replies, done.taken);
  } else if (!done.taken) {
    link_.listener.on_returned(ReplyCode::no_consumers, std::move(message));
  }
  return done.confirms;
}

bool SessionPublishes::on_immediate_reply(const ImmediateReply& reply) {
  if (MessageRef unwanted = immediate_.note_reply(reply.id, reply.taken))
    link_.listener.on_returned(ReplyCode::no_consumers, std::move(unwanted));
  return immediate_.is_empty();
}

void SessionPublishes::on_confirm(const Confirm& confirm) {
  confirms_.complete(confirm.first, confirm.last, confirm.refused);
  if (confirms_.has_acks()) link_.listener.on_acks_due();
}

/// Who makes the copies waits for those who take them.
void SessionPublishes::trace(const Message& message, const RouteResult& route) {
  const std::string name = link_.listener.connection_name();
  Trace trace{link_.owner.vhost, name, link_.owner.channel, link_.owner.user, &route};
  if (const auto copied = link_.broker.trace(trace, message)) note_congestion(*copied);
}

void SessionPublishes::note_congestion(const RouteResult& route) {
  for (const QueueInfo* info : route) {
    const PublisherFlow& flow = link_.broker.flow();
    if (flow.is_congested(info->home)) return link_.listener.on_blocked({info->home, {}});
    if (flow.has_brake(info->id)) return link_.listener.on_blocked({info->home, info->id});
  }
}

}  // namespace lepus::core
