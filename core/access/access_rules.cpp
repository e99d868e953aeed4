// The words are RabbitMQ 3.13's.
#include "core/access/access_rules.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/assert.h"

namespace lepus::core {

namespace {

constexpr std::string_view default_exchange_name = "amq.default";

}  // namespace

std::string_view name_of(const AccessQuestion& question) {
  const bool is_default = question.kind == ResourceKind::exchange && question.name.empty();
  return is_default ? default_exchange_name : question.name;
}

std::optional<AmqpError> check_access(const Access& access, const Subject& subject,
                                      const AccessQuestion& question) {
  if (access.allows(subject, question.permission, name_of(question))) return std::nullopt;
  return access_refused(subject, question);
}

AmqpError access_refused(const Subject& subject, const AccessQuestion& question) {
  return {ReplyCode::access_refused,
          fmt::format("{} access to {} '{}' in vhost '{}' refused for user '{}'",
                      permission_name(question.permission),
                      question.kind == ResourceKind::queue ? "queue" : "exchange",
                      name_of(question), subject.vhost, subject.user)};
}

std::optional<AmqpError> check_topic(const AccessPattern* pattern, const Subject& subject,
                                     const TopicQuestion& question) {
  if (pattern == nullptr || pattern->matches(question.key)) return std::nullopt;
  return topic_refused(subject, question);
}

AmqpError topic_refused(const Subject& subject, const TopicQuestion& question) {
  return {
      ReplyCode::access_refused,
      fmt::format("{} access to topic '{}' in exchange '{}' in vhost '{}' refused for user '{}'",
                  permission_name(question.permission), question.key, question.exchange,
                  subject.vhost, subject.user)};
}

std::optional<AmqpError> check_vhost_access(const Access& access, const Subject& subject) {
  if (access.find_grant(subject) != nullptr) return std::nullopt;
  return vhost_refused(subject);
}

AmqpError vhost_refused(const Subject& subject) {
  return {ReplyCode::not_allowed,
          fmt::format("access to vhost '{}' refused for user '{}'", subject.vhost, subject.user)};
}

AmqpError vhost_connections_reached(const Subject& subject, const Limit& limit) {
  CHECK(limit.has_value());
  return {ReplyCode::not_allowed,
          fmt::format("access to vhost '{}' refused for user '{}': connection limit ({}) is "
                      "reached",
                      subject.vhost, subject.user, *limit)};
}

AmqpError user_connections_reached(std::string_view user, const Limit& limit) {
  CHECK(limit.has_value());
  return {ReplyCode::not_allowed,
          fmt::format("connection refused for user '{}': user connection limit ({}) is reached",
                      user, *limit)};
}

AmqpError user_channels_reached(std::string_view user, const Limit& limit) {
  CHECK(limit.has_value());
  return {ReplyCode::not_allowed,
          fmt::format("number of channels opened for user '{}' has reached the maximum allowed "
                      "user limit of ({})",
                      user, *limit)};
}

bool AccessCache::knows(std::uint64_t version, const AccessQuestion& question) const {
  if (version != version_) return false;
  for (const Entry& entry : entries_) {
    if (entry.permission == question.permission && entry.kind == question.kind &&
        entry.name == question.name)
      return true;
  }
  return false;
}

void AccessCache::remember(std::uint64_t version, const AccessQuestion& question) {
  if (version != version_) {
    entries_.clear();
    next_ = 0;
  }
  version_ = version;
  Entry entry{question.permission, question.kind, std::string{question.name}};
  if (entries_.size() < size_max) {
    entries_.push_back(std::move(entry));
    return;
  }
  CHECK(next_ < entries_.size());
  entries_[next_] = std::move(entry);
  next_ = (next_ + 1) % size_max;
}

}  // namespace lepus::core
