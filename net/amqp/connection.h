// One AMQP connection: owns its parts, brings bytes to frames and frames to the part they are for.
//
//   net::Stream -> FrameReader -> Handshake      before it is open
//               -> ChannelTable -> Channel       frames of channels
//               -> Closing                       errors, connection.close, the end
//   Output <- whoever writes;  InputGate <- whoever holds input
//
// The parts are in net/amqp/connection/, each with a narrow view of the others; phase.h there says
// where a connection is in its life.
//
// Input is held (kept, and above a limit the socket not read) while a channel waits for another
// thread's answer, while a shard it feeds is behind, while an alarm blocks publishers, while the
// client does not take what it asked for, or while a service outside of the broker is asked about
// it.
#pragma once

#include <memory>
#include <string_view>

#include "core/broker/stats.h"
#include "net/amqp/connection/channel_context.h"
#include "net/amqp/connection/channel_table.h"
#include "net/amqp/connection/closing.h"
#include "net/amqp/connection/connection_quota.h"
#include "net/amqp/connection/connection_timer.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/frame_reader.h"
#include "net/amqp/connection/handshake.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/output.h"
#include "net/amqp/connection/phase.h"
#include "net/amqp/connection/publisher_block.h"
#include "net/amqp/heartbeat.h"
#include "net/stream/stream.h"

namespace lepus::amqp {

class Server;

struct AcceptedStream {
  std::unique_ptr<net::Stream> stream;
  const net::ListenerIdentity* listener = &net::unknown_listener();  ///< Outlives the connection.
};

class Connection final : public net::StreamHandler, private Closing::Owner {
 public:
  Connection(Server& server, AcceptedStream accepted, core::ConnectionId id);
  ~Connection();

  /// `handle` is its place in the server's slab.
  void start(ConnectionHandle handle);

  const ConnectionFacts& facts() const { return facts_; }
  InputGate& input() { return input_; }
  const ChannelTable& channels() const { return channels_; }
  Closing& closing() { return closing_; }

  /// An alarm may be over, or the firehose of its virtual host have been switched.
  void refresh();
  /// Input kept while it was held is read now.
  void resume_input();
  /// To a question of one of its parts; perhaps of one that is over.
  void on_auth_answer(const core::AuthAnswer& answer);
  /// Connection.open was done, and it is not over yet.
  bool is_listed() const { return phase_.is_in_use(); }
  /// For the operator: its row. Only while it is listed.
  core::ConnectionStats describe() const;

 private:
  // StreamHandler
  void on_bytes(core::Bytes bytes) override;
  void on_peer_closed() override;
  void on_hang_up() override;
  void on_sent() override;
  void on_closed(std::string_view why) override { closing_.on_stream_closed(why); }
  // Closing::Owner
  void on_ended() override;

  core::Bytes read(core::Bytes bytes);
  void on_frame_result(const FrameResult& result);
  void dispatch(const Frame& frame);
  void on_channel_zero(const Frame& frame);
  void on_opened();
  void on_timer(io::Timer& timer);
  void look_at_heartbeat();

  Server& server_;
  std::unique_ptr<net::Stream> stream_;
  ConnectionFacts facts_;
  ConnectionPhase phase_;
  FrameReader reader_;
  Output output_;
  InputGate input_;
  ConnectionTimer timer_;
  PublisherBlock publisher_block_;
  const ChannelContext channel_context_;
  ChannelTable channels_;
  ConnectionQuota quota_;
  Handshake handshake_;
  Closing closing_;
  Heartbeat heartbeat_;
};

}  // namespace lepus::amqp
