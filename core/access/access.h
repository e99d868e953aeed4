// Who may do what: users, their permissions in virtual hosts, their topic permissions. A part of
// the topology (core/topology/topology.h): the master on the control thread and one replica on each
// shard, changed by the same changes in the same order. Rules and texts are in
// core/access/access_rules.h.
//
//   user --vhost--> grant: configure, write, read      none: no access to the virtual host
//              \--exchange--> write, read              none: every routing key
//
// What is remembered of a decision is good while version() stays the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/access/access_change.h"
#include "core/access/access_pattern.h"
#include "core/base/ids.h"
#include "core/exchange/text_hash.h"

namespace lepus::core {

enum class Permission : std::uint8_t { configure, write, read };
std::string_view permission_name(Permission permission);

struct Grant {
  PermissionSpec spec;
  std::array<PatternPool::Ref, 3> patterns;  ///< By Permission.
};

struct TopicGrant {
  TopicPermissionSpec spec;
  PatternPool::Ref write;
  PatternPool::Ref read;
};

/// What a user has in one virtual host; without a grant the topic permissions are of no use.
struct VhostAccess {
  std::optional<Grant> grant;
  std::map<std::string, TopicGrant, std::less<>> topics;  ///< By exchange.
};

struct UserInfo {
  UserSpec spec;
  UserId id;  ///< Another one when the user is deleted and added again.
  std::map<std::string, VhostAccess, std::less<>> vhosts;
};

/// The user and the virtual host that a question of access is about, by name.
struct Subject {
  std::string_view user;
  std::string_view vhost;
};

class Access {
 public:
  Access() = default;
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  /// Returned pointers stay valid until the next change.
  const UserInfo* find_user(std::string_view name) const;
  const UserInfo* find_user(UserId id) const;
  /// Sorted by name.
  std::vector<const UserInfo*> users() const;
  const VhostAccess* find(const Subject& subject) const;
  const Grant* find_grant(const Subject& subject) const;
  /// Of routing keys of this topic exchange; nullptr: it has every one.
  const AccessPattern* find_topic(const Subject& subject, std::string_view exchange,
                                  Permission permission) const;
  /// `name` is that of a queue or exchange. No grant, no access.
  bool allows(const Subject& subject, Permission permission, std::string_view name) const;

  /// Grows by one with each change; never 0 once there is a user.
  std::uint64_t version() const { return version_; }
  /// Grows with each user and virtual host that is removed.
  std::uint64_t removals() const { return removals_; }
  std::size_t pattern_count() const { return pool_.size(); }

  // Applied by the topology. What does not fit (a permission without its user) stops the process.
  void on_change(const UserPut& change);
  void on_change(const UserRemoved& change);
  void on_change(const PermissionPut& change);
  void on_change(const PermissionRemoved& change);
  void on_change(const TopicPermissionPut& change);
  void on_change(const TopicPermissionRemoved& change);
  /// Removes what every user may do in a virtual host that was deleted.
  void forget_vhost(std::string_view name);

 private:
  UserInfo& user_of(std::string_view name);
  static void drop_if_empty(UserInfo& user, std::string_view vhost);

  PatternPool pool_;  ///< Declared, so destroyed last, before what refers to patterns.
  boost::unordered_flat_map<std::string, std::unique_ptr<UserInfo>, TextHash, std::equal_to<>>
      users_;
  std::uint64_t version_ = 0;
  std::uint64_t removals_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace lepus::core
