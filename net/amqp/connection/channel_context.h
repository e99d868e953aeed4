// What a channel has of its connection: parts it uses, and a port for what only the connection can
// decide. One for all channels of a connection, which outlives them.
#pragma once

#include <cstdint>

#include "core/amqp_error.h"

namespace lepus::amqp {

class AckList;
class ClosedChannels;
class InputGate;
class Output;
class PublisherBlock;
class Services;
struct ConnectionFacts;

/// What becomes of a connection when one of its channels, named by its number, fails or ends; and
/// what concerns all of them.
class ChannelHost {
 public:
  /// What the channel found wrong: closes the channel or the connection.
  virtual void raise(std::uint16_t channel, core::AmqpError error) = 0;
  /// The channel gave back everything it held: after the client's channel.close, or the
  /// connection's end.
  virtual void on_channel_closed(std::uint16_t channel) = 0;
  /// The connection may own an exclusive queue from now on, also one the control thread is still
  /// to make.
  virtual void note_exclusive_queue() = 0;
  /// Returns true if any channel of the connection has a consumer.
  virtual bool has_consumers() const = 0;

 protected:
  ~ChannelHost() = default;
};

struct ChannelContext {
  Services& services;
  AckList& ack_list;
  ClosedChannels& closed_channels;
  const ConnectionFacts& facts;
  Output& output;
  InputGate& input;
  PublisherBlock& publisher_block;
  ChannelHost& host;
};

}  // namespace lepus::amqp
