// One function for each kind of change; fields and their names as observed on RabbitMQ 3.10.8.
#include "core/topology/topology_events.h"

#include <utility>
#include <variant>

namespace lepus::core {

namespace {

void write_tags(const std::vector<std::string>& tags, FieldTableWriter& headers) {
  headers.begin_array("tags");
  for (const std::string& tag : tags) headers.text({}, tag);
  headers.end();
}

class ChangeDescriber {
 public:
  ChangeDescriber(const Topology& topology, const TopologyChanges& changes, std::vector<Event>& out)
      : topology_(topology), changes_(changes), out_(out) {}

  void operator()(const VhostAdded& change);
  void operator()(const VhostRemoved& change) {
    begin("vhost.deleted").text("name", vhost_name(change.id));
  }
  void operator()(const VhostSettingsPut&) {}
  void operator()(const VhostLimitsPut& change);
  void operator()(const ExchangeAdded& change);
  void operator()(const ExchangeRemoved& change);
  void operator()(const QueueAdded& change);
  void operator()(const QueueRemoved& change);
  void operator()(const BindingAdded& change) { tell("binding.created", change.binding); }
  void operator()(const BindingRemoved& change) { tell("binding.deleted", change.binding); }
  void operator()(const UserPut& change);
  void operator()(const UserRemoved& change) { begin("user.deleted").text("name", change.name); }
  void operator()(const PermissionPut& change);
  void operator()(const PermissionRemoved& change) {
    of_user("permission.deleted", change.user, change.vhost);
  }
  void operator()(const TopicPermissionPut& change);
  void operator()(const TopicPermissionRemoved& change) {
    of_user("topic.permission.deleted", change.user, change.vhost);
  }
  void operator()(const PolicyPut& change);
  void operator()(const PolicyRemoved& change);
  void operator()(const ParameterPut& change);
  void operator()(const ParameterRemoved& change) { of_parameter("parameter.cleared", change.key); }
  void operator()(const TracePut&) {}

 private:
  FieldTableWriter& begin(std::string_view key) {
    out_.push_back(make_event(key, changes_.by));
    return out_.back().headers;
  }
  /// It goes with one of its ends: nobody did that.
  void tell_unbound(const Binding& binding) {
    out_.push_back(make_event("binding.deleted", {}));
    describe(spec_of(binding), out_.back().headers);
  }
  std::string_view vhost_name(VhostId id) const {
    const VhostInfo* vhost = topology_.find_vhost(id);
    return vhost == nullptr ? std::string_view{} : vhost->name;
  }
  FieldTableWriter& of_user(std::string_view key, std::string_view user, std::string_view vhost) {
    FieldTableWriter& headers = begin(key);
    headers.text("user", user);
    headers.text("vhost", vhost);
    return headers;
  }
  FieldTableWriter& of_parameter(std::string_view key, const ParameterKey& parameter) {
    FieldTableWriter& headers = begin(key);
    headers.text("component", parameter.component);
    headers.text("name", parameter.name);
    if (!parameter.vhost.empty()) headers.text("vhost", parameter.vhost);
    return headers;
  }
  void tell(std::string_view key, const BindingSpec& binding) { describe(binding, begin(key)); }
  void describe(const BindingSpec& binding, FieldTableWriter& headers) const;
  void tell_limit(FieldTableWriter& headers, std::string_view name, const Limit& limit) {
    if (limit) headers.int64(name, *limit);
  }
  void tell_new_limits(const UserSpec& user, const UserLimits& before);

  const Topology& topology_;
  const TopologyChanges& changes_;
  std::vector<Event>& out_;
};

/// Its settings come as a change of their own, behind it.
void ChangeDescriber::operator()(const VhostAdded& change) {
  VhostSettings settings;
  for (const TopologyChange& other : changes_.list) {
    const auto* put = std::get_if<VhostSettingsPut>(&other);
    if (put != nullptr && put->id == change.id) settings = put->settings;
  }
  FieldTableWriter& headers = begin("vhost.created");
  headers.text("name", change.name);
  headers.text("description", settings.description);
  write_tags(settings.tags, headers);
  headers.text("default_queue_type", settings.default_queue_type.empty()
                                         ? std::string_view{"undefined"}
                                         : settings.default_queue_type);
  headers.boolean("tracing", false);
}

void ChangeDescriber::operator()(const VhostLimitsPut& change) {
  const bool clears = change.limits == VhostLimits{};
  FieldTableWriter& headers = begin(clears ? "vhost.limits.cleared" : "vhost.limits.set");
  headers.text("name", "limits");
  headers.text("vhost", change.name);
  tell_limit(headers, "max-connections", change.limits.connections);
  tell_limit(headers, "max-queues", change.limits.queues);
}

void ChangeDescriber::operator()(const ExchangeAdded& change) {
  const ExchangeSpec& exchange = change.exchange;
  FieldTableWriter& headers = begin("exchange.created");
  headers.text("name", exchange.name);
  headers.text("vhost", vhost_name(exchange.vhost));
  headers.text("type", exchange_type_name(exchange.type));
  headers.boolean("durable", exchange.durable);
  headers.boolean("auto_delete", exchange.auto_delete);
  headers.boolean("internal", exchange.internal);
  headers.table("arguments", as_bytes(exchange.arguments));
}

void ChangeDescriber::operator()(const ExchangeRemoved& change) {
  const ExchangeInfo* exchange = topology_.find_exchange(change.id);
  CHECK(exchange != nullptr);
  FieldTableWriter& headers = begin("exchange.deleted");
  headers.text("name", exchange->name);
  headers.text("vhost", vhost_name(exchange->vhost));
  exchange->bindings_out.for_each([this](const Binding& binding) { tell_unbound(binding); });
  exchange->bindings_in.for_each([&](const Binding& binding) {
    if (binding.source != exchange) tell_unbound(binding);
  });
}

void ChangeDescriber::operator()(const QueueAdded& change) {
  const QueueSpec& queue = change.queue;
  if (queue.store_of) return;
  FieldTableWriter& headers = begin("queue.created");
  headers.text("name", queue.name);
  headers.text("vhost", vhost_name(queue.vhost));
  headers.text("type", queue_type_name(queue.parsed->queue_type));
  headers.boolean("durable", queue.durable);
  headers.boolean("auto_delete", queue.auto_delete);
  headers.boolean("exclusive", queue.exclusive);
  headers.table("arguments", as_bytes(queue.arguments));
}

void ChangeDescriber::operator()(const QueueRemoved& change) {
  const QueueInfo* queue = topology_.find_queue(change.id);
  CHECK(queue != nullptr);
  if (queue->store_of) return;
  queue->bindings.for_each([this](const Binding& binding) { tell_unbound(binding); });
  FieldTableWriter& headers = begin("queue.deleted");
  headers.text("name", queue->name);
  headers.text("vhost", vhost_name(queue->vhost));
  headers.text("type", queue_type_name(queue->parsed->queue_type));
}

void ChangeDescriber::describe(const BindingSpec& binding, FieldTableWriter& headers) const {
  const ExchangeInfo* source = topology_.find_exchange(binding.source);
  CHECK(source != nullptr);
  CHECK(binding.queue || topology_.find_exchange(binding.exchange) != nullptr);
  CHECK(!binding.queue || topology_.find_queue(binding.queue) != nullptr);
  headers.text("source_name", source->name);
  headers.text("source_kind", "exchange");
  headers.text("destination_name", binding.queue ? topology_.find_queue(binding.queue)->name
                                                 : topology_.find_exchange(binding.exchange)->name);
  headers.text("destination_kind", binding.queue ? "queue" : "exchange");
  headers.text("routing_key", binding.key);
  headers.table("arguments", as_bytes(binding.arguments));
  headers.text("vhost", source->vhost_info.name);
}

/// A password, tags or limits: each is told by an event of its own.
void ChangeDescriber::operator()(const UserPut& change) {
  const UserSpec& user = change.user;
  const UserInfo* existing = topology_.access().find_user(user.name);
  if (existing == nullptr) begin("user.created").text("name", user.name);
  const UserSpec before = existing == nullptr ? UserSpec{} : existing->spec;
  if (existing != nullptr && before.password_hash != user.password_hash)
    begin(user.password_hash.empty() ? "user.password.cleared" : "user.password.changed")
        .text("name", user.name);
  if (before.tags != user.tags) {
    FieldTableWriter& headers = begin("user.tags.set");
    headers.text("name", user.name);
    write_tags(user.tags, headers);
  }
  if (before.limits != user.limits) tell_new_limits(user, before.limits);
}

void ChangeDescriber::tell_new_limits(const UserSpec& user, const UserLimits& before) {
  const bool clears = (before.connections && !user.limits.connections) ||
                      (before.channels && !user.limits.channels);
  FieldTableWriter& headers = begin(clears ? "user.limits.cleared" : "user.limits.set");
  headers.text("name", "limits");
  headers.text("username", user.name);
  tell_limit(headers, "max-connections", user.limits.connections);
  tell_limit(headers, "max-channels", user.limits.channels);
}

void ChangeDescriber::operator()(const PermissionPut& change) {
  const PermissionSpec& permission = change.permission;
  FieldTableWriter& headers = of_user("permission.created", permission.user, permission.vhost);
  headers.text("configure", permission.configure);
  headers.text("write", permission.write);
  headers.text("read", permission.read);
}

void ChangeDescriber::operator()(const TopicPermissionPut& change) {
  const TopicPermissionSpec& permission = change.permission;
  FieldTableWriter& headers =
      of_user("topic.permission.created", permission.user, permission.vhost);
  headers.text("exchange", permission.exchange);
  headers.text("write", permission.write);
  headers.text("read", permission.read);
}

void ChangeDescriber::operator()(const PolicyPut& change) {
  const PolicySpec& policy = change.policy;
  FieldTableWriter& headers = begin("policy.set");
  headers.text("name", policy.name);
  headers.text("vhost", policy.vhost);
  headers.text("pattern", policy.pattern);
  headers.table("definition", as_bytes(policy.definition));
  headers.int64("priority", policy.priority);
  headers.text("apply-to", policy_target_name(policy.target));
}

void ChangeDescriber::operator()(const PolicyRemoved& change) {
  FieldTableWriter& headers =
      begin(change.is_operator ? "operator.policy.cleared" : "policy.cleared");
  headers.text("name", change.name);
  headers.text("vhost", change.vhost_name);
}

/// The value is JSON: a text here.
void ChangeDescriber::operator()(const ParameterPut& change) {
  of_parameter("parameter.set", change.key).text("value", change.value);
}

}  // namespace

void describe_change(const Topology& topology, const TopologyChanges& changes,
                     const TopologyChange& change, std::vector<Event>& out) {
  std::visit(ChangeDescriber{topology, changes, out}, change);
}

}  // namespace lepus::core
