// basic.publish and its content: checked, routed, handed to the broker, returned when nobody wanted
// it.
//
// The route of the last (exchange, key) is kept and good while the topology's version stays; with a
// headers exchange on the way or CC and BCC keys the route is worked out for each message.
#include <utility>

#include "net/amqp/channel_impl.h"
#include "net/amqp/interceptors.h"
#include "net/amqp/publish_checks.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

Channel::Outcome Channel::on(const BasicPublish& publish) {
  if (broker().alarm().any())
    connection_.block_publisher(broker().alarm(), transaction_.publish_count() > 0);
  publishing_.mandatory = publish.mandatory;
  publishing_.immediate = publish.immediate;
  return find_route(publish.exchange, publish.routing_key);
}

Channel::Outcome Channel::find_route(std::string_view exchange, std::string_view key) {
  const core::Topology& topology = broker().topology();
  if (route_cache_.contains(topology, exchange, key)) return std::nullopt;
  route_cache_.clear();
  auto found = core::check_publish(topology, connection_.vhost(), exchange);
  const core::ExchangeInfo* info = found.ok() ? found.value() : nullptr;
  if (Outcome refused = access_.permit_publish({info, exchange, key})) return refused;
  if (!found.ok()) return std::move(found.error());
  route_cache_.store(topology, *info, key);
  return std::nullopt;
}

Channel::Outcome Channel::on_content_header(const ContentHeader& header) {
  const std::uint64_t size_max = connection_.server().settings().message_size_max;
  if (header.body_size > size_max) {
    return AmqpError{ReplyCode::precondition_failed,
                     "message size " + std::to_string(header.body_size) +
                         " is larger than configured max size " + std::to_string(size_max),
                     class_basic, method_id_of(MethodId::basic_publish)};
  }
  core::PropertiesView view;
  if (!core::decode_properties(header.properties, view))
    return core::properties_error(header.properties);
  Outcome error = check_properties(view, access_.expected_user_id(view));
  if (!error && view.reply_to == core::reply_to_queue && !reply_address_.is_open())
    error = AmqpError{ReplyCode::precondition_failed, "fast reply consumer does not exist"};
  if (!error) error = read_cc_keys(view, publishing_.cc_keys);
  if (!error && !publishing_.cc_keys.empty())
    error = access_.permit_cc_keys(route_cache_.exchange(), publishing_.cc_keys);
  if (error) {
    error->class_id = class_basic;
    error->method_id = method_id_of(MethodId::basic_publish);
    return error;
  }
  std::vector<std::uint8_t> changed;
  std::string headers;
  core::Bytes properties = header.properties;
  const bool wants_reply = view.reply_to == core::reply_to_queue;
  const Interceptors& added = connection_.server().settings().interceptors;
  if (added.any() || wants_reply || (!publishing_.cc_keys.empty() && has_bcc(view))) {
    if (wants_reply) view.reply_to = reply_address_.name();
    if (added.any()) add_to(view, headers);
    changed = without_bcc(view);
    properties = changed;
  }
  core::Message::Parts parts;
  parts.exchange = route_cache_.exchange();
  parts.routing_key = route_cache_.key();
  parts.properties = properties;
  parts.body_size = header.body_size;
  parts.persistent = view.is_persistent();
  parts.priority = view.priority;
  if (view.has(core::Property::expiration))
    parts.ttl_ms = parse_expiration(view.expiration).value();
  publishing_.message = core::Message::create(parts, broker().memory());
  return header.body_size == 0 ? finish_publish() : std::nullopt;
}

/// What is configured to be in every message. `headers`: where the table is then.
void Channel::add_to(core::PropertiesView& view, std::string& headers) {
  const Settings& settings = connection_.server().settings();
  const core::Nanos now = broker().now() + broker().wall_clock_offset();
  intercept(settings.interceptors,
            {static_cast<std::uint64_t>(now / core::nanos_per_ms), settings.cluster_name}, view,
            headers);
}

Channel::Outcome Channel::on_body(const BodyPiece& piece) {
  publishing_.message->append_body(piece.bytes);
  if (piece.last) return finish_publish();
  // What has begun would take as much as was announced.
  if (broker().alarm().any()) connection_.block_publisher(broker().alarm(), /*is_half_done=*/true);
  return std::nullopt;
}

Channel::Outcome Channel::finish_publish() {
  CHECK(publishing_.message->complete());
  core::ClientPublish done = std::exchange(publishing_, {});
  if (transaction_.is_on()) {
    transaction_.add(std::move(done));
  } else {
    send_message(std::move(done));
  }
  return std::nullopt;
}

void Channel::send_message(core::ClientPublish publish) {
  const bool may_use_cache = publish.cc_keys.empty() && !transaction_.is_on();
  const core::RouteResult* cached =
      may_use_cache ? route_cache_.find(broker().topology()) : nullptr;
  core::RouteResult own;
  if (cached == nullptr)
    core::route_publish(broker().topology(), connection_.vhost(), publish, own);
  const core::RouteResult& route = cached != nullptr ? *cached : own;
  const bool replied = route.empty() && core::is_reply_name(publish.message->routing_key()) &&
                       publish.message->exchange().empty() &&
                       core::send_reply(broker(), connection_.vhost(), publish.message);
  const bool is_returned = route.empty() && !replied && publish.mandatory;
  if (is_returned) return_message(ReplyCode::no_route, publish.message);
  if (connection_.is_traced()) trace_publish(*publish.message, route);
  const bool counted = confirming_ || transaction_.is_on();
  const std::uint64_t number = counted ? confirms_.next_number() : 0;
  const bool at_once = publish.immediate && !replied && !is_returned;
  const std::uint32_t parts =
      at_once ? send_at_once(std::move(publish.message), route, number)
              : broker().publish({&route, ref_, number}, std::move(publish.message));
  if (counted) confirms_.expect(parts);
  if (confirms_.has_acks()) connection_.server().write_acks_later(*this);
  stop_input_if_congested(route);
}

/// With queues on other shards input is held until these have said whether a consumer took it: a
/// return comes before the answer to anything that was sent behind. Returns how many confirms will
/// come.
std::uint32_t Channel::send_at_once(core::MessageRef message, const core::RouteResult& route,
                                    std::uint64_t number) {
  const core::Broker::Publish publish{&route, ref_, number, immediate_publishes_.next_id()};
  const core::Broker::AtOnce done = broker().publish_at_once(publish, message);
  if (done.replies == 0) {
    if (!done.taken) return_message(ReplyCode::no_consumers, std::move(message));
    return done.confirms;
  }
  immediate_publishes_.add(std::move(message), done.replies, done.taken);
  if (!pending_.is_awaited()) expect(MethodId::basic_publish, false, core::PublishRequest{});
  return done.confirms;
}

void Channel::on_immediate_reply(const core::ImmediateReply& reply) {
  if (state_ != State::open) return;
  if (core::MessageRef unwanted = immediate_publishes_.note_reply(reply.id, reply.taken))
    return_message(ReplyCode::no_consumers, std::move(unwanted));
  if (pending_.awaits<core::PublishRequest>() && immediate_publishes_.is_empty()) finish_request();
}

void Channel::return_message(ReplyCode code, core::MessageRef message) {
  const BasicReturn returned{static_cast<std::uint16_t>(code), core::reply_code_name(code),
                             message->exchange(), message->routing_key()};
  const std::uint64_t begin = connection_.writer().position();
  connection_.writer().content(number_, returned, std::move(message));
  connection_.writer().note_answer(begin);
  connection_.touch();
}

void Channel::stop_input_if_congested(const core::RouteResult& route) {
  for (const core::QueueInfo* info : route) {
    if (!broker().is_congested(info->home)) continue;
    connection_.stop_input(Connection::stop_for_congestion);
    connection_.server().resume_when_uncongested(connection_, info->home);
    return;
  }
}

void Channel::on_confirm(const core::Confirm& confirm) {
  confirms_.complete(confirm.first, confirm.last, confirm.refused);
  if (confirms_.has_acks()) connection_.server().write_acks_later(*this);
}

void Channel::write_acks() {
  if (state_ != State::open) return;
  std::vector<core::ConfirmWindow::Ack>& acks = connection_.server().ack_scratch();
  acks.clear();
  confirms_.take_acks(acks);
  if (transaction_.is_on()) {
    for (const core::ConfirmWindow::Ack& ack : acks)
      if (ack.refused) transaction_.note_refused();
    return finish_commit_when_done();
  }
  for (const core::ConfirmWindow::Ack& ack : acks) {
    if (ack.refused) {
      send(BasicNack{ack.number, ack.multiple, true});  // As RabbitMQ fills the field.
    } else {
      send(BasicAck{ack.number, ack.multiple});
    }
  }
}

}  // namespace lepus::amqp
