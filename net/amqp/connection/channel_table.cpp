// Opening and removing channels, and what is asked of all of them.
#include "net/amqp/connection/channel_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/access/access_rules.h"
#include "net/amqp/closed_channels.h"
#include "net/amqp/codec/assembler.h"
#include "net/amqp/connection/events.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/output.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

using core::AmqpError;
using core::Refusal;
using core::ReplyCode;

namespace {

core::QuotaKey channels_of(const ConnectionFacts& facts) {
  return {core::QuotaKey::Kind::user_channels, facts.user_id.value};
}

}  // namespace

Channel* ChannelTable::find_other(std::uint16_t number) {
  const auto found = channels_.find(number);
  if (found == channels_.end()) return nullptr;
  last_ = found->second.get();
  return last_;
}

Refusal ChannelTable::open(const Frame& frame) {
  if (frame.type != FrameType::method)
    return AmqpError{ReplyCode::channel_error, "expected 'channel.open'"};
  const std::uint32_t number = core::load_u32(frame.payload.data());
  const auto class_id = static_cast<std::uint16_t>(number >> 16);
  const auto method_id = static_cast<std::uint16_t>(number & 0xffff);
  if (!is_known(class_id, method_id)) return unknown_method_error(number);
  if (static_cast<MethodId>(number) != MethodId::channel_open)
    return AmqpError{ReplyCode::channel_error, "expected 'channel.open'", class_id, method_id};
  ChannelOpen open;
  const core::Bytes arguments = frame.payload.subspan(method_header_size);
  if (!decode(arguments, open)) return decode_error(MethodId::channel_open, arguments);
  if (Refusal refused = admit()) return refused;
  channels_.emplace(frame.channel, std::make_unique<Channel>(context_, frame.channel));
  ++context_.services.broker().counters.channels_opened;
  emit_channel(context_.services.broker(), context_.facts, frame.channel, true);
  context_.output.send(frame.channel, ChannelOpenOk{});
  return std::nullopt;
}

/// One more is counted as the user's, unless it is one too many.
Refusal ChannelTable::admit() const {
  const ConnectionFacts& facts = context_.facts;
  if (channels_.size() >= facts.tuned.channel_max) {
    const std::string max = std::to_string(facts.tuned.channel_max);
    return AmqpError{ReplyCode::not_allowed, "number of channels opened (" + max +
                                                 ") has reached the negotiated channel_max (" +
                                                 max + ")"};
  }
  const core::Access& access = context_.services.broker().topology().access();
  const core::UserInfo* user = access.find_user(facts.user);
  const core::Limit limit = user == nullptr ? core::Limit{} : user->spec.limits.channels;
  if (facts.user_id && !context_.services.uses().acquire(channels_of(facts), limit))
    return core::user_channels_reached(facts.user, limit);
  return std::nullopt;
}

void ChannelTable::close_all(bool orderly) {
  last_ = nullptr;
  std::vector<Channel*> channels;
  channels.reserve(channels_.size());
  for (const auto& [number, channel] : channels_) channels.push_back(channel.get());
  for (Channel* channel : channels) channel->shut_down(orderly);
}

void ChannelTable::close(std::uint16_t number, const AmqpError& error) {
  const auto found = channels_.find(number);
  CHECK(found != channels_.end());
  found->second->close_with(error);
}

void ChannelTable::remove(std::uint16_t number) {
  const auto found = channels_.find(number);
  CHECK(found != channels_.end());
  if (last_ == found->second.get()) last_ = nullptr;
  context_.closed_channels.destroy_later(std::move(found->second));
  channels_.erase(found);
  ++context_.services.broker().counters.channels_closed;
  emit_channel(context_.services.broker(), context_.facts, number, false);
  if (context_.facts.user_id) context_.services.uses().release(channels_of(context_.facts));
}

bool ChannelTable::has_consumers() const {
  return std::any_of(channels_.begin(), channels_.end(), [](const auto& entry) {
    return entry.second->session().deliveries().consumers().count() > 0;
  });
}

std::uint64_t ChannelTable::content_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [number, channel] : channels_)
    bytes += channel->session().commits().content_bytes();
  return bytes;
}

void ChannelTable::resume_consumers() {
  for (const auto& [number, channel] : channels_) channel->session().deliveries().resume();
}

void ChannelTable::set_traced(bool is_traced) {
  for (const auto& [number, channel] : channels_) channel->session().set_traced(is_traced);
}

void ChannelTable::describe(std::vector<core::ChannelStats>& out) const {
  const std::string name = context_.facts.peer.text();
  const bool is_held = context_.input.is_stopped_for(InputStop::target) ||
                       context_.input.is_stopped_for(InputStop::alarm);
  for (const auto& [number, channel] : channels_) {
    core::ChannelStats row = channel->session().describe();
    row.connection = context_.facts.id;
    row.connection_name = name;
    row.user = context_.facts.user;
    row.vhost = context_.facts.vhost_name;
    row.is_flow_blocked = is_held && row.counts[core::MessageEvent::publish] > 0;
    out.push_back(std::move(row));
  }
}

void ChannelTable::describe_consumers(std::vector<core::ConsumerStats>& out) const {
  for (const auto& [number, channel] : channels_) {
    const std::size_t first = out.size();
    channel->session().describe_consumers(out);
    for (std::size_t i = first; i < out.size(); ++i) out[i].connection = context_.facts.id;
  }
}

}  // namespace lepus::amqp
