// Users and what they may do, as lists.
#include <string>
#include <utility>

#include "persist/catalog/access_rows.h"
#include "tools/server/admin/admin_listing.h"

namespace lepus::server {

namespace {

class UserListing final : public SnapshotListing<UserRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    for (const core::UserInfo* user : broker().topology().access().users())
      add({user->spec.name, user->spec.tags});
    end_if_complete();
  }
};

/// Of one virtual host, or of one user: list_permissions [-p VHOST], list_user_permissions USER and
/// the same of topic permissions.
template <class Row>
class AccessListing : public SnapshotListing<Row> {
 public:
  using SnapshotListing<Row>::SnapshotListing;

 protected:
  virtual void add_rows(const core::VhostAccess& access) = 0;

 private:
  void collect() override {
    const core::Access& access = this->broker().topology().access();
    if (this->request().arguments.empty()) {
      if (this->find_vhost() == nullptr) return;
      for (const core::UserInfo* user : access.users())
        if (const auto found = user->vhosts.find(this->request().vhost);
            found != user->vhosts.end())
          add_rows(found->second);
    } else {
      const std::string& name = this->request().arguments[0];
      const core::UserInfo* user = access.find_user(name);
      if (user == nullptr)
        return this->fail(AdminFault::no_user, fmt::format("User '{}' does not exist", name));
      for (const auto& [vhost, granted] : user->vhosts) add_rows(granted);
    }
    this->end_if_complete();
  }
};

template <class Row>
class PermissionListing final : public AccessListing<Row> {
 public:
  using AccessListing<Row>::AccessListing;

 private:
  void add_rows(const core::VhostAccess& access) override {
    if (access.grant) this->add({access.grant->spec});
  }
};

template <class Row>
class TopicPermissionListing final : public AccessListing<Row> {
 public:
  using AccessListing<Row>::AccessListing;

 private:
  void add_rows(const core::VhostAccess& access) override {
    for (const auto& [exchange, topic] : access.topics) this->add({topic.spec});
  }
};

/// Those of one virtual host.
template <bool IsOperator>
class PolicyListing final : public SnapshotListing<PolicyRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    const core::PolicyList& list = IsOperator ? vhost->operator_policies : vhost->policies;
    for (const auto& policy : list.all()) add({policy->spec});
    end_if_complete();
  }
};

/// Of one virtual host, or of all that have any.
class VhostLimitsListing final : public SnapshotListing<VhostLimitsRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    const bool is_global = request().options.contains("global");
    if (!is_global && find_vhost() == nullptr) return;
    for (const core::VhostInfo* vhost : broker().topology().vhosts())
      if (is_global ? vhost->limits != core::VhostLimits{} : vhost->name == request().vhost)
        add({vhost->name, persist::vhost_limits_row(vhost->name, vhost->limits).values.back()});
    end_if_complete();
  }
};

class UserLimitsListing final : public SnapshotListing<UserLimitsRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    const auto wanted = request().options.find("user");
    for (const core::UserInfo* user : broker().topology().access().users()) {
      const bool is_wanted = wanted != request().options.end()
                                 ? user->spec.name == wanted->second
                                 : user->spec.limits != core::UserLimits{};
      if (is_wanted) add({user->spec.name, persist::user_row(user->spec).values.back()});
    }
    end_if_complete();
  }
};

/// Of one virtual host: limits and operator policies among them, as in RabbitMQ.
class ParameterListing final : public SnapshotListing<ParameterRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    if (vhost->limits != core::VhostLimits{})
      add_row(persist::vhost_limits_row(vhost->name, vhost->limits));
    for (const auto& policy : vhost->operator_policies.all())
      add_row(persist::policy_row(policy->spec, true));
    for (const auto& [key, value] : broker().topology().parameters())
      if (key.vhost == vhost->name) add({key.component, key.name, value});
    end_if_complete();
  }
  void add_row(const persist::DefinitionRow& row) {
    add({row.values[0], row.values[2], row.values[3]});
  }
};

class GlobalParameterListing final : public SnapshotListing<GlobalParameterRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    for (const auto& [key, value] : broker().topology().parameters())
      if (key.component == core::global_component) add({key.name, value});
    end_if_complete();
  }
};

}  // namespace

OperationMaker find_access_list_operation(std::string_view verb) {
  if (verb == "list_users") return make_operation<UserListing>;
  if (verb == "list_policies") return make_operation<PolicyListing<false>>;
  if (verb == "list_operator_policies") return make_operation<PolicyListing<true>>;
  if (verb == "list_vhost_limits") return make_operation<VhostLimitsListing>;
  if (verb == "list_parameters") return make_operation<ParameterListing>;
  if (verb == "list_global_parameters") return make_operation<GlobalParameterListing>;
  if (verb == "list_user_limits") return make_operation<UserLimitsListing>;
  if (verb == "list_permissions") return make_operation<PermissionListing<VhostPermissionRow>>;
  if (verb == "list_user_permissions") return make_operation<PermissionListing<UserPermissionRow>>;
  if (verb == "list_topic_permissions")
    return make_operation<TopicPermissionListing<VhostTopicPermissionRow>>;
  if (verb == "list_user_topic_permissions")
    return make_operation<TopicPermissionListing<UserTopicPermissionRow>>;
  return nullptr;
}

}  // namespace lepus::server
