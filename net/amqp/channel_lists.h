// Channels of a shard that wait for a step of the turn: those with confirms to tell their
// publishers of, and those that are closed and destroyed when nothing can be inside of them.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/base/intrusive_list.h"
#include "net/amqp/channel.h"

namespace lepus::amqp {

class ChannelLists {
 public:
  void write_acks_later(Channel& channel) {
    if (!channel.linked()) ack_list_.push_back(channel);
  }
  void forget_acks(Channel& channel) {
    if (channel.linked()) ack_list_.remove(channel);
  }
  /// After the broker's flush: tells publishers what is confirmed.
  void write_acks() {
    while (Channel* channel = ack_list_.pop_front()) channel->write_acks();
  }

  void destroy_later(std::unique_ptr<Channel> channel) {
    destroyed_later_.push_back(std::move(channel));
  }
  /// At the end of the turn.
  void destroy() { destroyed_later_.clear(); }

 private:
  core::IntrusiveList<Channel> ack_list_;
  std::vector<std::unique_ptr<Channel>> destroyed_later_;
};

}  // namespace lepus::amqp
