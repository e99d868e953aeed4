// basic.publish and its content, confirm.select and tx.*: in frames, out to the session. What comes
// back of a publish is told by answers.h (returns) and ack_writer.h (confirms).
//
//   on(BasicPublish) -> on_content_header() -> on_body() ... -> the message goes to its queues, or
//                                                               into the transaction
#pragma once

#include "core/amqp_error.h"
#include "net/amqp/channel/channel_link.h"
#include "net/amqp/codec/assembler.h"

namespace lepus::amqp {

class PublishMethods {
 public:
  /// `link` outlives this object, or at least its last call.
  explicit PublishMethods(const ChannelLink& link) : link_(link) {}

  core::Refusal on(const BasicPublish& publish);
  // Of the publish that came last, which was not refused.
  core::Refusal on_content_header(const ContentHeader& header);
  void on_body(const BodyPiece& piece);

  core::Refusal on(const ConfirmSelect& select);
  core::Refusal on(const TxSelect& select);
  core::Refusal on(const TxCommit& commit);
  core::Refusal on(const TxRollback& rollback);

 private:
  void block_publisher(bool is_half_done);

  const ChannelLink& link_;
};

}  // namespace lepus::amqp
