// Ages, and the texts that answers are found by.
#include "core/access/auth_cache.h"

#include <utility>

#include "core/access/auth_port.h"
#include "core/base/assert.h"

namespace lepus::core {

namespace {

/// A length before each text: no two questions have the same key.
void append(std::string& key, std::string_view text) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

}  // namespace

std::string auth_cache_key(const AuthQuestion& question) {
  CHECK(question.kind != AuthQuestion::Kind::user);
  std::string key;
  key += static_cast<char>('0' + static_cast<int>(question.kind));
  append(key, question.user);
  append(key, question.vhost);
  if (question.kind == AuthQuestion::Kind::vhost) {
    append(key, question.client_address);
    return key;
  }
  key += question.resource == ResourceKind::queue ? 'q' : 'x';
  key += static_cast<char>('0' + static_cast<int>(question.permission));
  append(key, question.name);
  append(key, question.routing_key);
  return key;
}

std::optional<bool> AuthCache::find(std::string_view key, Nanos now) const {
  const auto found = answers_.find(key);
  if (found == answers_.end() || found->second.until <= now) return std::nullopt;
  return found->second.is_allowed;
}

/// Two that are too old go with each that comes, so the cache empties as it is used.
void AuthCache::put(std::string key, bool is_allowed, Nanos now, Nanos until) {
  for (int i = 0; i < 2 && !oldest_first_.empty() && oldest_first_.front().until <= now; ++i)
    drop_oldest();
  if (until <= now) return;
  while (oldest_first_.size() >= size_max_) drop_oldest();
  oldest_first_.push_back({key, until});
  answers_.insert_or_assign(std::move(key), Kept{is_allowed, until});
  CHECK(answers_.size() <= size_max_);
}

void AuthCache::drop_oldest() {
  CHECK(!oldest_first_.empty());
  const Place& oldest = oldest_first_.front();
  const auto found = answers_.find(oldest.key);
  if (found != answers_.end() && found->second.until == oldest.until) answers_.erase(found);
  oldest_first_.pop_front();
}

}  // namespace lepus::core
