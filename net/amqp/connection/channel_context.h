// What a channel has of its connection: parts it uses, and a port for what only the connection can
// decide. One for all channels of a connection, which outlives them.
#pragma once

#include "core/amqp_error.h"

namespace lepus::amqp {

class Channel;
class ChannelLists;
class ChannelTable;
class InputGate;
class Output;
class PublisherBlock;
class Services;
struct ConnectionFacts;

/// What becomes of a connection when one of its channels fails or ends. Never called on the way of
/// a message.
class ChannelHost {
 public:
  /// What the channel found wrong: closes the channel or the connection.
  virtual void raise(Channel& channel, core::AmqpError error) = 0;
  /// The channel gave back everything it held: after the client's channel.close, or the
  /// connection's end.
  virtual void on_channel_closed(Channel& channel) = 0;
  /// The connection may own an exclusive queue from now on, also one the control thread is still
  /// to make.
  virtual void note_exclusive_queue() = 0;

 protected:
  ~ChannelHost() = default;
};

struct ChannelContext {
  Services& services;
  ChannelLists& lists;
  const ConnectionFacts& facts;
  Output& output;
  InputGate& input;
  PublisherBlock& publisher_block;
  const ChannelTable& channels;  ///< Of the same connection.
  ChannelHost& host;
};

}  // namespace lepus::amqp
