// One channel: owns its parts, assembles methods and contents from its frames, and brings each to
// the part it is for.
//
//   Frame -> Assembler -> TopologyMethods    queue.*, exchange.*
//                      -> PublishMethods     basic.publish and contents, confirm.*, tx.*
//                      -> ConsumeMethods     basic.consume, cancel, get, qos
//                      -> SettleMethods      basic.ack, nack, reject, recover
//                      -> ChannelMethods     channel.*, access.*
//         -> ChannelClosing                  once it is not open any more
//   core::Session -> Answers                 what requests led to
//                 -> DeliveryWriter          what comes to consumers
//
// The parts are in net/amqp/channel/. Handlers of methods return an error as a value; on_frame()
// hands it to the connection. What is undecided (core/access/rights.h) is kept and done again; the
// connection's input is held meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/amqp_error.h"
#include "core/session/session.h"
#include "net/amqp/channel/ack_writer.h"
#include "net/amqp/channel/answers.h"
#include "net/amqp/channel/channel_closing.h"
#include "net/amqp/channel/channel_link.h"
#include "net/amqp/channel/channel_methods.h"
#include "net/amqp/channel/consume_methods.h"
#include "net/amqp/channel/consumer_notices.h"
#include "net/amqp/channel/delivery_writer.h"
#include "net/amqp/channel/publish_methods.h"
#include "net/amqp/channel/settle_methods.h"
#include "net/amqp/channel/topology_methods.h"
#include "net/amqp/codec/assembler.h"

namespace lepus::amqp {

class Channel final {
 public:
  /// `context` outlives it.
  Channel(const ChannelContext& context, std::uint16_t number);
  /// After ChannelHost::on_channel_closed().
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  std::uint16_t number() const { return link_.number; }
  bool is_open() const { return closing_.is_open(); }
  core::Session& session() { return session_; }
  const core::Session& session() const { return session_; }

  void on_frame(const Frame& frame);
  /// What a method waited for in ConnectionRights is there.
  void go_on();
  /// See ChannelClosing.
  void close_with(const core::AmqpError& error) { closing_.close_with(error); }
  void shut_down(bool orderly) { closing_.shut_down(orderly); }

 private:
  core::Refusal on_event(const AssemblerEvent& event);
  core::Refusal on_method(const MethodReady& ready);
  void on_refused(const AssemblerEvent& event, core::AmqpError refused);
  void try_again();

  /// A method, or the header of a content, that waits until it is known whether it is allowed.
  struct Undecided {
    AssemblerEvent event;
    std::vector<std::uint8_t> bytes;  ///< What the event looks into.
  };

  const ChannelLink link_;
  Assembler assembler_;
  AckWriter acks_;
  ChannelClosing closing_;
  ConsumerNotices notices_;
  DeliveryWriter deliveries_;
  Answers answers_;
  ChannelMethods channel_methods_;
  TopologyMethods topology_methods_;
  PublishMethods publish_methods_;
  ConsumeMethods consume_methods_;
  SettleMethods settle_methods_;
  core::Session session_;
  std::unique_ptr<Undecided> undecided_;  ///< Null: nothing waits.
};

}  // namespace lepus::amqp
