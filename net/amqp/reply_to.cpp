// Names and back.
#include "net/amqp/reply_to.h"

#include <charconv>
#include <system_error>

namespace lepus::amqp {

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
  target.channel = {static_cast<core::ShardId>(shard), static_cast<std::uint32_t>(slot),
                    static_cast<std::uint32_t>(generation)};
  return target;
}

}  // namespace lepus::amqp
