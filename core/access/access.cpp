// Looking up and applying.
#include "core/access/access.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace lepus::core {

std::string_view permission_name(Permission permission) {
  switch (permission) {
    case Permission::configure:
      return "configure";
    case Permission::write:
      return "write";
    case Permission::read:
      return "read";
  }
  CHECK(false);
  return {};
}

// ---- Looking up ---------------------------------------------------------------------------------

const UserInfo* Access::find_user(std::string_view name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : found->second.get();
}

const UserInfo* Access::find_user(UserId id) const {
  for (const auto& [name, user] : users_)
    if (user->id == id) return user.get();
  return nullptr;
}

std::vector<const UserInfo*> Access::users() const {
  std::vector<const UserInfo*> all;
  for (const auto& [name, user] : users_) all.push_back(user.get());
  std::sort(all.begin(), all.end(), [](const UserInfo* left, const UserInfo* right) {
    return left->spec.name < right->spec.name;
  });
  return all;
}

const VhostAccess* Access::find(const Subject& subject) const {
  const UserInfo* user = find_user(subject.user);
  if (user == nullptr) return nullptr;
  const auto found = user->vhosts.find(subject.vhost);
  return found == user->vhosts.end() ? nullptr : &found->second;
}

const Grant* Access::find_grant(const Subject& subject) const {
  const VhostAccess* access = find(subject);
  return access == nullptr || !access->grant ? nullptr : &*access->grant;
}

const AccessPattern* Access::find_topic(const Subject& subject, std::string_view exchange,
                                        Permission permission) const {
  CHECK(permission != Permission::configure);
  const VhostAccess* access = find(subject);
  if (access == nullptr) return nullptr;
  const auto found = access->topics.find(exchange);
  if (found == access->topics.end()) return nullptr;
  return permission == Permission::write ? found->second.write.get() : found->second.read.get();
}

bool Access::allows(const Subject& subject, Permission permission, std::string_view name) const {
  const Grant* grant = find_grant(subject);
  return grant != nullptr && grant->patterns[static_cast<std::size_t>(permission)]->matches(name);
}

// ---- Changing -----------------------------------------------------------------------------------

UserInfo& Access::user_of(std::string_view name) {
  const auto found = users_.find(name);
  CHECK(found != users_.end());
  return *found->second;
}

void Access::on_change(const UserPut& change) {
  CHECK(!change.user.name.empty());
  ++version_;
  std::unique_ptr<UserInfo>& user = users_[change.user.name];
  if (user == nullptr) {
    user = std::make_unique<UserInfo>();
    user->id = UserId{++last_id_};
  }
  user->spec = change.user;
}

void Access::on_change(const UserRemoved& change) {
  ++version_;
  ++removals_;
  CHECK(users_.erase(change.name) == 1);
}

void Access::on_change(const PermissionPut& change) {
  const PermissionSpec& spec = change.permission;
  ++version_;
  Grant grant{spec, {pool_.take(spec.configure), pool_.take(spec.write), pool_.take(spec.read)}};
  user_of(spec.user).vhosts[spec.vhost].grant = std::move(grant);
}

void Access::on_change(const PermissionRemoved& change) {
  UserInfo& user = user_of(change.user);
  ++version_;
  const auto found = user.vhosts.find(change.vhost);
  CHECK(found != user.vhosts.end());
  CHECK(found->second.grant.has_value());
  found->second.grant.reset();
  drop_if_empty(user, change.vhost);
}

/// The variables are the user's and the virtual host's: they do not change any more.
void Access::on_change(const TopicPermissionPut& change) {
  const TopicPermissionSpec& spec = change.permission;
  ++version_;
  const auto compile = [&](const std::string& pattern) {
    return pool_.take(
        expand_pattern(expand_pattern(pattern, "username", spec.user), "vhost", spec.vhost));
  };
  TopicGrant grant{spec, compile(spec.write), compile(spec.read)};
  user_of(spec.user).vhosts[spec.vhost].topics.insert_or_assign(spec.exchange, std::move(grant));
}

void Access::on_change(const TopicPermissionRemoved& change) {
  UserInfo& user = user_of(change.user);
  ++version_;
  const auto found = user.vhosts.find(change.vhost);
  CHECK(found != user.vhosts.end());
  CHECK(found->second.topics.erase(change.exchange) == 1);
  drop_if_empty(user, change.vhost);
}

void Access::forget_vhost(std::string_view name) {
  ++version_;
  ++removals_;
  for (auto& [key, user] : users_) {
    const auto found = user->vhosts.find(name);
    if (found != user->vhosts.end()) user->vhosts.erase(found);
  }
}

void Access::drop_if_empty(UserInfo& user, std::string_view vhost) {
  const auto found = user.vhosts.find(vhost);
  CHECK(found != user.vhosts.end());
  if (!found->second.grant && found->second.topics.empty()) user.vhosts.erase(found);
}

}  // namespace lepus::core
