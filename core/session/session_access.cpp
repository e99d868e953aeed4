// The questions behind each method.
#include "core/session/session_access.h"

#include "core/access/rights.h"
#include "core/message/field_table.h"

namespace lepus::core {

namespace {

/// The error is made only when there is one.
template <class Question, class Refuse>
Refusal refusal_of(Rights& rights, const Question& question, Refuse&& refuse) {
  switch (rights.judge(question)) {
    case Verdict::allowed:
      return std::nullopt;
    case Verdict::refused: {
      AmqpError refused = refuse();
      refused.detail += rights.refusal_note();
      return refused;
    }
    case Verdict::unknown:
      break;
  }
  AmqpError undecided{ReplyCode::access_refused};
  undecided.is_undecided = true;
  return undecided;
}

}  // namespace

void PublishAccess::store(std::uint64_t version, ExchangeId exchange, const AccessPattern* keys) {
  CHECK(version > 0);
  CHECK(exchange);
  version_ = version;
  exchange_ = exchange;
  keys_ = keys;
}

Refusal SessionAccess::permit(const AccessQuestion& question) {
  if (owner_.is_operator) return std::nullopt;
  if (owner_.rights != nullptr) return permit_elsewhere(question);
  const std::uint64_t version = access().version();
  if (cache_.knows(version, question)) return std::nullopt;
  if (Refusal refused = check_access(access(), owner_.subject(), question)) return refused;
  cache_.remember(version, question);
  return std::nullopt;
}

Refusal SessionAccess::permit_elsewhere(const AccessQuestion& question) {
  CHECK(owner_.rights != nullptr);
  return refusal_of(*owner_.rights, question,
                    [&] { return access_refused(owner_.subject(), question); });
}

/// At an exchange that is known to be one of topics.
Refusal SessionAccess::permit_topic(const TopicQuestion& question) {
  if (owner_.rights == nullptr)
    return check_topic(
        access().find_topic(owner_.subject(), question.exchange, question.permission),
        owner_.subject(), question);
  return refusal_of(*owner_.rights, question,
                    [&] { return topic_refused(owner_.subject(), question); });
}

Refusal SessionAccess::permit_forwarding(const AccessQuestion& from, std::string_view arguments,
                                         std::string_view argument) {
  const auto target = FieldTable{as_bytes(arguments)}.find(argument);
  if (!target || !target->is_string()) return std::nullopt;
  if (Refusal refused = permit(from)) return refused;
  return permit({Permission::write, ResourceKind::exchange, target->text()});
}

Refusal SessionAccess::permit_declare(const TopologyRequest& request) {
  if (request.passive) return std::nullopt;
  const bool is_queue = request.kind == TopologyRequest::Kind::declare_queue;
  CHECK(is_queue || request.kind == TopologyRequest::Kind::declare_exchange);
  const ResourceKind kind = is_queue ? ResourceKind::queue : ResourceKind::exchange;
  if (!is_queue && request.name.empty()) return std::nullopt;  // Nobody may.
  if (Refusal refused = permit({Permission::configure, kind, request.name})) return refused;
  const bool exists = is_queue ? topology_.find_queue(request.vhost, request.name) != nullptr
                               : topology_.find_exchange(request.vhost, request.name) != nullptr;
  if (exists) return std::nullopt;
  return permit_forwarding({Permission::read, kind, request.name}, request.arguments,
                           is_queue ? "x-dead-letter-exchange" : "alternate-exchange");
}

Refusal SessionAccess::permit_binding(const TopologyRequest& request, ResourceKind destination) {
  if (Refusal refused = permit({Permission::write, destination, request.name})) return refused;
  if (owner_.is_operator) return std::nullopt;
  const bool has_default = request.source.empty() || request.name.empty();
  if (has_default) return std::nullopt;  // Nobody may.
  if (Refusal refused = permit({Permission::read, ResourceKind::exchange, request.source}))
    return refused;
  const ExchangeInfo* source = topology_.find_exchange(request.vhost, request.source);
  if (source == nullptr || source->parsed.routes_as != ExchangeType::topic) return std::nullopt;
  return permit_topic({Permission::read, source->name, request.key});
}

Refusal SessionAccess::permit_publish(const PublishTarget& target) {
  if (owner_.is_operator) return std::nullopt;
  const std::uint64_t version = access().version();
  const ExchangeInfo* exchange = target.exchange;
  if (owner_.rights != nullptr) {
    if (Refusal refused = permit({Permission::write, ResourceKind::exchange, target.name}))
      return refused;
    if (exchange == nullptr || exchange->parsed.routes_as != ExchangeType::topic)
      return std::nullopt;
    return permit_topic({Permission::write, target.name, target.key});
  }
  if (exchange == nullptr || !publish_access_.contains(version, exchange->id)) {
    if (Refusal refused = permit({Permission::write, ResourceKind::exchange, target.name}))
      return refused;
    if (exchange == nullptr) return std::nullopt;
    const bool is_topic = exchange->parsed.routes_as == ExchangeType::topic;
    publish_access_.store(
        version, exchange->id,
        is_topic ? access().find_topic(owner_.subject(), target.name, Permission::write) : nullptr);
  }
  if (publish_access_.keys() == nullptr) return std::nullopt;
  return check_topic(publish_access_.keys(), owner_.subject(),
                     {Permission::write, target.name, target.key});
}

Refusal SessionAccess::permit_cc_keys(std::string_view exchange_name,
                                      std::span<const std::string> keys) {
  if (owner_.is_operator) return std::nullopt;
  const ExchangeInfo* exchange = topology_.find_exchange(owner_.vhost, exchange_name);
  if (exchange == nullptr || exchange->parsed.routes_as != ExchangeType::topic) return std::nullopt;
  for (const std::string& key : keys)
    if (Refusal refused = permit_topic({Permission::write, exchange_name, key})) return refused;
  return std::nullopt;
}

std::string_view SessionAccess::expected_user_id(const PropertiesView& view) const {
  if (!view.has(Property::user_id) || view.user_id == owner_.user) return owner_.user;
  if (owner_.is_operator) return view.user_id;
  if (owner_.rights != nullptr)
    return owner_.rights->has_tag("impersonator") ? view.user_id : owner_.user;
  const UserInfo* user = access().find_user(owner_.user);
  return user != nullptr && user->spec.has_tag("impersonator") ? view.user_id : owner_.user;
}

}  // namespace lepus::core
