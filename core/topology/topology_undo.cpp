// One function for each kind of change; what a removal takes with it is restored behind it.
#include "core/topology/topology_undo.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/base/assert.h"

namespace lepus::core {

namespace {

/// Collects in the order of applying; append_undo() turns it round.
class Undo {
 public:
  explicit Undo(const Topology& before) : before_(before) {}

  void of(const VhostAdded& change) { list_.emplace_back(VhostRemoved{change.id}); }
  void of(const VhostRemoved& change);
  void of(const ExchangeAdded& change) { list_.emplace_back(ExchangeRemoved{change.exchange.id}); }
  void of(const ExchangeRemoved& change);
  void of(const QueueAdded& change) { list_.emplace_back(QueueRemoved{change.queue.id}); }
  void of(const QueueRemoved& change);
  void of(const BindingAdded& change) { list_.emplace_back(BindingRemoved{change.binding}); }
  void of(const BindingRemoved& change) { list_.emplace_back(BindingAdded{change.binding}); }
  void of(const VhostSettingsPut& change);
  void of(const VhostLimitsPut& change);
  void of(const UserPut& change);
  void of(const UserRemoved& change);
  void of(const PermissionPut& change);
  void of(const PermissionRemoved& change);
  void of(const TopicPermissionPut& change);
  void of(const TopicPermissionRemoved& change);
  void of(const PolicyPut& change);
  void of(const PolicyRemoved& change);
  void of(const ParameterPut& change);
  void of(const ParameterRemoved& change);
  void of(const TracePut& change);

  std::vector<TopologyChange> take() { return std::move(list_); }

 private:
  const VhostInfo& vhost(VhostId id) const;
  void put_bindings(const BindingList& bindings);
  void put_access(const std::string& user, const VhostAccess& access);
  void put_policies(const VhostInfo& vhost, bool is_operator);
  const TopicGrant* find_topic(const TopicPermissionSpec& key) const;

  const Topology& before_;
  std::vector<TopologyChange> list_;
};

const VhostInfo& Undo::vhost(VhostId id) const {
  const VhostInfo* found = before_.find_vhost(id);
  CHECK(found != nullptr);
  return *found;
}

void Undo::put_bindings(const BindingList& bindings) {
  bindings.for_each(
      [this](const Binding& binding) { list_.emplace_back(BindingAdded{spec_of(binding)}); });
}

void Undo::put_access(const std::string& user, const VhostAccess& access) {
  if (access.grant) list_.emplace_back(PermissionPut{access.grant->spec});
  for (const auto& [exchange, topic] : access.topics) {
    CHECK(topic.spec.user == user);
    list_.emplace_back(TopicPermissionPut{topic.spec});
  }
}

void Undo::put_policies(const VhostInfo& home, bool is_operator) {
  for (const auto& policy : (is_operator ? home.operator_policies : home.policies).all())
    list_.emplace_back(PolicyPut{home.id, is_operator, policy->spec});
}

/// Its queues and exchanges were removed before it, by changes of their own.
void Undo::of(const VhostRemoved& change) {
  const VhostInfo& gone = vhost(change.id);
  list_.emplace_back(VhostAdded{gone.id, gone.name});
  list_.emplace_back(VhostSettingsPut{gone.id, gone.name, gone.settings});
  list_.emplace_back(VhostLimitsPut{gone.id, gone.name, gone.limits});
  if (gone.is_traced) list_.emplace_back(TracePut{gone.id, true});
  put_policies(gone, false);
  put_policies(gone, true);
  for (const UserInfo* user : before_.access().users())
    if (const VhostAccess* access = before_.access().find({user->spec.name, gone.name}))
      put_access(user->spec.name, *access);
  for (const auto& [key, value] : before_.parameters())
    if (key.vhost == gone.name) list_.emplace_back(ParameterPut{key, value});
}

void Undo::of(const ExchangeRemoved& change) {
  const ExchangeInfo* gone = before_.find_exchange(change.id);
  CHECK(gone != nullptr);
  list_.emplace_back(ExchangeAdded{*gone});
  put_bindings(gone->bindings_out);
  gone->bindings_in.for_each([this, gone](const Binding& binding) {
    if (binding.source != gone) list_.emplace_back(BindingAdded{spec_of(binding)});
  });
}

void Undo::of(const QueueRemoved& change) {
  const QueueInfo* gone = before_.find_queue(change.id);
  CHECK(gone != nullptr);
  list_.emplace_back(QueueAdded{*gone});
  put_bindings(gone->bindings);
}

void Undo::of(const VhostSettingsPut& change) {
  list_.emplace_back(VhostSettingsPut{change.id, change.name, vhost(change.id).settings});
}

void Undo::of(const VhostLimitsPut& change) {
  list_.emplace_back(VhostLimitsPut{change.id, change.name, vhost(change.id).limits});
}

void Undo::of(const UserPut& change) {
  const UserInfo* user = before_.access().find_user(change.user.name);
  if (user == nullptr) {
    list_.emplace_back(UserRemoved{change.user.name});
  } else {
    list_.emplace_back(UserPut{user->spec});
  }
}

void Undo::of(const UserRemoved& change) {
  const UserInfo* user = before_.access().find_user(change.name);
  CHECK(user != nullptr);
  list_.emplace_back(UserPut{user->spec});
  for (const auto& [name, access] : user->vhosts) put_access(change.name, access);
}

void Undo::of(const PermissionPut& change) {
  const PermissionSpec& wanted = change.permission;
  const Grant* grant = before_.access().find_grant({wanted.user, wanted.vhost});
  if (grant == nullptr) {
    list_.emplace_back(PermissionRemoved{wanted.user, wanted.vhost});
  } else {
    list_.emplace_back(PermissionPut{grant->spec});
  }
}

void Undo::of(const PermissionRemoved& change) {
  const Grant* grant = before_.access().find_grant({change.user, change.vhost});
  CHECK(grant != nullptr);
  list_.emplace_back(PermissionPut{grant->spec});
}

const TopicGrant* Undo::find_topic(const TopicPermissionSpec& key) const {
  const VhostAccess* access = before_.access().find({key.user, key.vhost});
  if (access == nullptr) return nullptr;
  const auto found = access->topics.find(key.exchange);
  return found == access->topics.end() ? nullptr : &found->second;
}

void Undo::of(const TopicPermissionPut& change) {
  const TopicPermissionSpec& wanted = change.permission;
  if (const TopicGrant* topic = find_topic(wanted)) {
    list_.emplace_back(TopicPermissionPut{topic->spec});
  } else {
    list_.emplace_back(TopicPermissionRemoved{wanted.user, wanted.vhost, wanted.exchange});
  }
}

void Undo::of(const TopicPermissionRemoved& change) {
  const TopicGrant* topic = find_topic({change.user, change.vhost, change.exchange, {}, {}});
  CHECK(topic != nullptr);
  list_.emplace_back(TopicPermissionPut{topic->spec});
}

void Undo::of(const PolicyPut& change) {
  const VhostInfo& home = vhost(change.vhost);
  const PolicyList& policies = change.is_operator ? home.operator_policies : home.policies;
  if (const Policy* policy = policies.find(change.policy.name)) {
    list_.emplace_back(PolicyPut{change.vhost, change.is_operator, policy->spec});
  } else {
    PolicyRemoved removed;
    removed.vhost = change.vhost;
    removed.vhost_name = home.name;
    removed.is_operator = change.is_operator;
    removed.name = change.policy.name;
    list_.emplace_back(std::move(removed));
  }
}

void Undo::of(const PolicyRemoved& change) {
  const VhostInfo& home = vhost(change.vhost);
  const PolicyList& policies = change.is_operator ? home.operator_policies : home.policies;
  const Policy* policy = policies.find(change.name);
  CHECK(policy != nullptr);
  list_.emplace_back(PolicyPut{change.vhost, change.is_operator, policy->spec});
}

void Undo::of(const ParameterPut& change) {
  const auto found = before_.parameters().find(change.key);
  if (found == before_.parameters().end()) {
    list_.emplace_back(ParameterRemoved{change.key});
  } else {
    list_.emplace_back(ParameterPut{change.key, found->second});
  }
}

void Undo::of(const ParameterRemoved& change) {
  const auto found = before_.parameters().find(change.key);
  CHECK(found != before_.parameters().end());
  list_.emplace_back(ParameterPut{change.key, found->second});
}

void Undo::of(const TracePut& change) {
  list_.emplace_back(TracePut{change.vhost, vhost(change.vhost).is_traced});
}

}  // namespace

void append_undo(const Topology& before, const TopologyChange& change,
                 std::vector<TopologyChange>& undo) {
  Undo one{before};
  std::visit([&one](const auto& what) { one.of(what); }, change);
  std::vector<TopologyChange> list = one.take();
  for (auto at = list.rbegin(); at != list.rend(); ++at) undo.push_back(std::move(*at));
}

}  // namespace lepus::core
