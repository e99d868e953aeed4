// Direct reply-to (RabbitMQ): a requester consumes from the pseudo-queue amq.rabbitmq.reply-to and
// publishes with it as reply-to; the broker puts the requester's own reply name in its place, and
// what is published to the default exchange with that name goes straight to the requester's
// channel.
//
//   amq.rabbitmq.reply-to.<shard:4><slot:8><generation:8><secret:16>   hexadecimal
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.h"

namespace lepus::amqp {

inline constexpr std::string_view reply_to_queue = "amq.rabbitmq.reply-to";

/// Whose replies a name stands for. The secret keeps others from making up names.
struct ReplyTarget {
  core::ChannelRef channel;
  std::uint64_t secret = 0;
};

/// Cheap: most routing keys differ in the first byte.
inline bool is_reply_name(std::string_view name) {
  return name.size() > reply_to_queue.size() && name.starts_with(reply_to_queue) &&
         name[reply_to_queue.size()] == '.';
}
std::string make_reply_name(const ReplyTarget& target);
/// Nothing when the name is not one that make_reply_name() made.
std::optional<ReplyTarget> parse_reply_name(std::string_view name);

}  // namespace lepus::amqp
