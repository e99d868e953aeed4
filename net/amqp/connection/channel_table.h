// The channels of one connection by number, from channel.open until they have given back everything
// they held. Counts them for the user's limit, and tells of them (connection/events.h).
//
//   open() -> found by find() -> close_all() or its own end -> ChannelHost -> remove()
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/amqp_error.h"
#include "core/broker/stats.h"
#include "net/amqp/channel.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/connection/channel_context.h"

namespace lepus::amqp {

class ChannelTable {
 public:
  /// `context` outlives this object; it is used from open() on.
  explicit ChannelTable(const ChannelContext& context) : context_(context) {}
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;
  /// All are removed.
  ~ChannelTable() { CHECK(channels_.empty()); }

  /// nullptr: there is none of this number.
  Channel* find(std::uint16_t number) {
    if (last_ != nullptr && last_->number() == number) return last_;
    return find_other(number);
  }
  /// The one that was found last; nullptr when it is gone.
  Channel* last() const { return last_; }

  /// The first frame of a channel number: a channel.open, which is answered, or an error.
  core::Refusal open(const Frame& frame);
  /// Each gives back everything and is removed, at once or, when `orderly`, as soon as the queues
  /// have answered.
  void close_all(bool orderly);
  /// Sends channel.close for it; it is there and open.
  void close(std::uint16_t number, const core::AmqpError& error);
  /// It is there and has closed. Destroyed at the end of the turn.
  void remove(std::uint16_t number);

  bool empty() const { return channels_.empty(); }
  std::size_t size() const { return channels_.size(); }
  bool has_consumers() const;
  /// Of unfinished contents and transactions.
  std::uint64_t content_bytes() const;
  /// Consumers that waited for output go on.
  void resume_consumers();
  void set_traced(bool is_traced);
  // For the operator: appends rows.
  void describe(std::vector<core::ChannelStats>& out) const;
  void describe_consumers(std::vector<core::ConsumerStats>& out) const;

 private:
  Channel* find_other(std::uint16_t number);
  core::Refusal admit() const;

  const ChannelContext& context_;
  Channel* last_ = nullptr;  ///< Of the last frame: the next is mostly for the same.
  boost::unordered_flat_map<std::uint16_t, std::unique_ptr<Channel>> channels_;
};

}  // namespace lepus::amqp
