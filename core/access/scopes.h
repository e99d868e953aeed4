// Rights as the scopes of an OAuth 2 token, in RabbitMQ's language:
//
//   read:VHOST/NAME[/ROUTING_KEY]   write:...   configure:...   tag:NAME
//
// `*` in a part stands for any text, other characters that would mean something are written %2F and
// the like. A name is that of a queue or an exchange; the default exchange's is amq.default. Who
// has any permission in a virtual host may use it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/access/access_rules.h"

namespace lepus::core {

/// Text with `*` for anything; other parts were decoded.
class ScopePattern {
 public:
  /// `text` may have %XX; one that is no such escape stands for itself.
  explicit ScopePattern(std::string_view text);
  bool matches(std::string_view text) const;

 private:
  std::vector<std::string> parts_;  ///< Between the stars.
};

class Scopes {
 public:
  /// What is none of RabbitMQ's scopes is left out.
  explicit Scopes(const std::vector<std::string>& texts);

  bool allow_vhost(std::string_view vhost) const;
  bool allow(std::string_view vhost, const AccessQuestion& question) const;
  bool allow(std::string_view vhost, const TopicQuestion& question) const;
  const std::vector<std::string>& tags() const { return tags_; }
  std::size_t size() const { return scopes_.size(); }

 private:
  struct Scope {
    Permission permission;
    ScopePattern vhost;
    ScopePattern name;
    ScopePattern key;
  };
  void add(Permission permission, std::string_view pattern);

  std::vector<Scope> scopes_;
  std::vector<std::string> tags_;
};

}  // namespace lepus::core
