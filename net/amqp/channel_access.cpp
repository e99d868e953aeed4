// What the user of the connection may do, asked for by each method where RabbitMQ asks.
//
// What was allowed is remembered while the access stays as it is: the last few questions of the
// channel, and for publishing the last exchange. A publish with the exchange and key of the one
// before does not come here at all, the kept route stands for it: every change of access is one of
// the topology, too.
#include <utility>

#include "core/message/field_table.h"
#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::Permission;
using core::ResourceKind;

core::Subject Channel::subject() const { return {connection_.user(), connection_.vhost_name()}; }

const core::Access& Channel::access() { return broker().topology().access(); }

Channel::Outcome Channel::permit(const core::AccessQuestion& question) {
  const std::uint64_t version = access().version();
  if (access_cache_.knows(version, question)) return std::nullopt;
  if (Outcome refused = core::check_access(access(), subject(), question)) return refused;
  access_cache_.remember(version, question);
  return std::nullopt;
}

/// A name in the arguments that leads messages on: the user must be able to publish there, and to
/// read where they come from.
Channel::Outcome Channel::permit_forwarding(const core::AccessQuestion& from,
                                            std::string_view arguments, std::string_view argument) {
  const auto target = core::FieldTable{core::as_bytes(arguments)}.find(argument);
  if (!target || !target->is_string()) return std::nullopt;
  if (Outcome refused = permit(from)) return refused;
  return permit({Permission::write, ResourceKind::exchange, target->text()});
}

Channel::Outcome Channel::permit_declare(const core::TopologyRequest& request) {
  if (request.passive) return std::nullopt;
  const bool is_queue = request.kind == core::TopologyRequest::Kind::declare_queue;
  const ResourceKind kind = is_queue ? ResourceKind::queue : ResourceKind::exchange;
  if (!is_queue && request.name.empty()) return std::nullopt;  // Nobody may.
  if (Outcome refused = permit({Permission::configure, kind, request.name})) return refused;
  const core::Topology& topology = broker().topology();
  const bool exists = is_queue ? topology.find_queue(request.vhost, request.name) != nullptr
                               : topology.find_exchange(request.vhost, request.name) != nullptr;
  if (exists) return std::nullopt;
  return permit_forwarding({Permission::read, kind, request.name}, request.arguments,
                           is_queue ? "x-dead-letter-exchange" : "alternate-exchange");
}

/// Binding and unbinding: writes to the destination, reads from the source.
Channel::Outcome Channel::permit_binding(const core::TopologyRequest& request, ResourceKind kind) {
  if (Outcome refused = permit({Permission::write, kind, request.name})) return refused;
  const bool has_default = request.source.empty() || request.name.empty();
  if (has_default) return std::nullopt;  // Nobody may.
  if (Outcome refused = permit({Permission::read, ResourceKind::exchange, request.source}))
    return refused;
  const core::ExchangeInfo* source =
      broker().topology().find_exchange(request.vhost, request.source);
  if (source == nullptr || source->parsed.routes_as != core::ExchangeType::topic)
    return std::nullopt;
  return core::check_topic(access().find_topic(subject(), source->name, Permission::read),
                           subject(), {Permission::read, source->name, request.key});
}

/// `exchange` is null when nobody can publish there; that comes after a refusal.
Channel::Outcome Channel::permit_publish(const core::ExchangeInfo* exchange, std::string_view name,
                                         std::string_view key) {
  const std::uint64_t version = access().version();
  PublishAccess& last = publish_access_;
  const bool known = exchange != nullptr && last.exchange == exchange->id;
  if (!known || last.version != version) {
    if (Outcome refused = permit({Permission::write, ResourceKind::exchange, name})) return refused;
    if (exchange == nullptr) return std::nullopt;
    const bool is_topic = exchange->parsed.routes_as == core::ExchangeType::topic;
    last = {version, exchange->id,
            is_topic ? access().find_topic(subject(), name, Permission::write) : nullptr};
  }
  if (last.topic == nullptr) return std::nullopt;
  return core::check_topic(last.topic, subject(), {Permission::write, name, key});
}

/// The keys of CC and BCC at a topic exchange.
Channel::Outcome Channel::permit_more_keys(std::string_view exchange_name) {
  const core::ExchangeInfo* exchange =
      broker().topology().find_exchange(connection_.vhost(), exchange_name);
  if (exchange == nullptr || exchange->parsed.routes_as != core::ExchangeType::topic)
    return std::nullopt;
  const core::AccessPattern* pattern =
      access().find_topic(subject(), exchange_name, Permission::write);
  for (const std::string& key : publishing_.more_keys)
    if (Outcome refused =
            core::check_topic(pattern, subject(), {Permission::write, exchange_name, key}))
      return refused;
  return std::nullopt;
}

/// Who the user-id property may name: the user, and for an impersonator anybody.
std::string_view Channel::stands_in_for(const core::PropertiesView& view) {
  const std::string& name = connection_.user();
  CHECK(view.has(core::Property::user_id));
  if (view.user_id == name) return name;
  const core::UserInfo* user = access().find_user(name);
  return user != nullptr && user->spec.has_tag("impersonator") ? view.user_id : name;
}

}  // namespace lepus::amqp
