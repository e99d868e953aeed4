// Questions of access and RabbitMQ's answers to them, and a small memory of what was allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/access.h"
#include "core/amqp_error.h"

namespace lepus::core {

enum class ResourceKind : std::uint8_t { queue, exchange };

struct AccessQuestion {
  Permission permission;
  ResourceKind kind;
  std::string_view name;  ///< An exchange without a name is asked for as amq.default.
};

/// By which it is asked for.
std::string_view name_of(const AccessQuestion& question);

/// 403 `write access to exchange 'x' in vhost '/' refused for user 'u'`, or nothing.
std::optional<AmqpError> check_access(const Access& access, const Subject& subject,
                                      const AccessQuestion& question);

/// That 403.
AmqpError access_refused(const Subject& subject, const AccessQuestion& question);

struct TopicQuestion {
  Permission permission;
  std::string_view exchange;
  std::string_view key;
};
/// Of a routing key at a topic exchange; 403 or nothing. `pattern` is what Access::find_topic()
/// gave.
std::optional<AmqpError> check_topic(const AccessPattern* pattern, const Subject& subject,
                                     const TopicQuestion& question);

/// That 403.
AmqpError topic_refused(const Subject& subject, const TopicQuestion& question);

/// 530 `access to vhost 'v' refused for user 'u'`, or nothing.
std::optional<AmqpError> check_vhost_access(const Access& access, const Subject& subject);

/// That 530.
AmqpError vhost_refused(const Subject& subject);

/// 530 for the limits of connection.open and channel.open.
AmqpError vhost_connections_reached(const Subject& subject, const Limit& limit);
AmqpError user_connections_reached(std::string_view user, const Limit& limit);
AmqpError user_channels_reached(std::string_view user, const Limit& limit);

/// What was allowed lately: the last few questions, as long as the version of the access stays.
/// Refusals are not kept, they close the channel.
class AccessCache {
 public:
  bool knows(std::uint64_t version, const AccessQuestion& question) const;
  void remember(std::uint64_t version, const AccessQuestion& question);

 private:
  struct Entry {
    Permission permission = Permission::configure;
    ResourceKind kind = ResourceKind::queue;
    std::string name;
  };
  static constexpr std::size_t size_max = 8;

  std::vector<Entry> entries_;
  std::uint64_t version_ = 0;
  std::size_t next_ = 0;  ///< The oldest makes room.
};

}  // namespace lepus::core
