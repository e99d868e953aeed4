// Tells the publisher of one channel what is confirmed, by basic.ack and basic.nack: once a turn,
// after the broker's flush, so that one frame says it for many messages.
//
//   idle --write_later()--> in the list --AckList::write()--> idle
//                                       --cancel()----------> idle
#pragma once

#include "core/base/intrusive_list.h"
#include "net/amqp/channel/channel_link.h"

namespace lepus::amqp {

class AckWriter final : public core::ListNode<AckWriter> {
 public:
  /// `link` outlives this object, or at least its last call.
  explicit AckWriter(const ChannelLink& link) : link_(link) {}

  /// The session has something to tell.
  void write_later();
  /// The channel closes: nothing is told any more. Before the object is destroyed.
  void cancel();
  /// Writes all that can be told; nothing when the session is not open.
  void write();

 private:
  const ChannelLink& link_;
};

/// The channels of a shard that have confirms to tell.
class AckList {
 public:
  /// Nothing happens when it is in the list.
  void add(AckWriter& writer) {
    if (!writer.linked()) list_.push_back(writer);
  }
  /// Nothing happens when it is not.
  void remove(AckWriter& writer) {
    if (writer.linked()) list_.remove(writer);
  }
  /// After the broker's flush.
  void write() {
    while (AckWriter* writer = list_.pop_front()) writer->write();
  }

 private:
  core::IntrusiveList<AckWriter> list_;
};

}  // namespace lepus::amqp
