// Addresses as text and back, and the way of a reply to its requester.
#include "core/session/reply_address.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "core/broker/broker.h"

namespace lepus::core {

namespace {

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out += "0123456789abcdef"[(value >> shift) & 15];
}

bool take_hex(std::string_view& text, std::size_t digits, std::uint64_t& value) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value, 16);
  if (error != std::errc{} || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  return true;
}

}  // namespace

std::string make_reply_name(const ReplyTarget& target) {
  std::string name{reply_to_queue};
  name += '.';
  append_hex(name, target.channel.shard, 4);
  append_hex(name, target.channel.slot, 8);
  append_hex(name, target.channel.generation, 8);
  append_hex(name, target.secret, 16);
  return name;
}

std::optional<ReplyTarget> parse_reply_name(std::string_view name) {
  if (!is_reply_name(name)) return std::nullopt;
  name.remove_prefix(reply_to_queue.size() + 1);
  std::uint64_t shard = 0;
  std::uint64_t slot = 0;
  std::uint64_t generation = 0;
  ReplyTarget target;
  if (!take_hex(name, 4, shard) || !take_hex(name, 8, slot) || !take_hex(name, 8, generation) ||
      !take_hex(name, 16, target.secret) || !name.empty())
    return std::nullopt;
  target.channel = {static_cast<ShardId>(shard), static_cast<std::uint32_t>(slot),
                    static_cast<std::uint32_t>(generation)};
  return target;
}

namespace {

/// Nothing: no such requester, as far as this shard can know.
std::optional<ReplyTarget> find_target(Broker& broker, std::string_view name) {
  const auto target = parse_reply_name(name);
  if (!target || target->channel.shard >= broker.topology().shard_count()) return std::nullopt;
  const bool is_here = target->channel.shard == broker.shard();
  if (is_here && !broker.is_attached(target->channel)) return std::nullopt;
  return target;
}

}  // namespace

bool is_reply_target(Broker& broker, std::string_view name) {
  return find_target(broker, name).has_value();
}

bool send_reply(Broker& broker, VhostId vhost, MessageRef message) {
  const auto target = find_target(broker, message->routing_key());
  if (!target) return false;
  Deliver delivery{};
  delivery.channel = target->channel;
  delivery.sequence = target->secret;
  delivery.number = vhost.value;
  delivery.home = broker.shard();
  delivery.no_ack = true;
  delivery.message = export_message(std::move(message));
  broker.send(target->channel.shard, std::move(delivery));
  return true;
}

void ReplyAddress::open(const ReplyTarget& target, VhostId vhost, std::string tag) {
  CHECK(!is_open());
  CHECK(target.channel);
  name_ = make_reply_name(target);
  tag_ = std::move(tag);
  secret_ = target.secret;
  vhost_ = vhost;
}

void ReplyAddress::close() {
  CHECK(is_open());
  name_.clear();
  tag_.clear();
}

}  // namespace lepus::core
