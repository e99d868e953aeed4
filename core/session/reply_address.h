// Direct reply-to (RabbitMQ): a requester consumes from the pseudo-queue amq.rabbitmq.reply-to and
// publishes with it as reply-to; the broker puts the requester's own reply address in its place,
// and a message published to the default exchange with that address as its key goes straight to the
// requester's session. Replies belong to no queue and are not acknowledged; a reply that finds its
// requester gone is dropped.
//
//   amq.rabbitmq.reply-to.<shard:4><slot:8><generation:8><secret:16>   hexadecimal
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/broker/command.h"

namespace lepus::core {

class Broker;

inline constexpr std::string_view reply_to_queue = "amq.rabbitmq.reply-to";

/// The session that an address stands for. The secret, of core/base/secret_source.h, keeps others
/// from making up addresses.
struct ReplyTarget {
  ChannelRef channel;
  std::uint64_t secret = 0;
};

/// Returns true if `name` may be an address. Cheap: most routing keys differ in the first byte.
inline bool is_reply_name(std::string_view name) {
  return name.size() > reply_to_queue.size() && name.starts_with(reply_to_queue) &&
         name[reply_to_queue.size()] == '.';
}
std::string make_reply_name(const ReplyTarget& target);
/// Nothing when the name is not one that make_reply_name() made.
std::optional<ReplyTarget> parse_reply_name(std::string_view name);

/// Returns true if the requester of this address is still there, as far as this shard can know: a
/// session on another shard counts as there.
bool is_reply_target(Broker& broker, std::string_view name);
/// Hands the message, which was published in `vhost`, to the session that its routing key names.
/// Returns false if there is no such session, as far as this shard can know.
bool send_reply(Broker& broker, VhostId vhost, MessageRef message);

/// The one reply consumer that a session may have, and its address.
class ReplyAddress {
 public:
  bool is_open() const { return !name_.empty(); }
  /// Not while one is open. Replies come from `vhost`, the session's own.
  void open(const ReplyTarget& target, VhostId vhost, std::string tag);
  void close();
  const std::string& name() const { return name_; }
  /// Of the reply consumer.
  const std::string& tag() const { return tag_; }
  /// Returns true if the tag is that of the reply consumer.
  bool has_tag(std::string_view tag) const { return is_open() && tag == tag_; }
  /// Returns true if the delivery is a reply to this address, from its virtual host; one to an
  /// address of the same session that was closed since is not.
  bool accepts(const Deliver& reply) const {
    return is_open() && reply.sequence == secret_ && reply.number == vhost_.value;
  }

 private:
  std::string name_;  ///< Empty: no reply consumer.
  std::string tag_;
  std::uint64_t secret_ = 0;
  VhostId vhost_;
};

}  // namespace lepus::core
