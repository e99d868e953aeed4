// One AMQP connection: bytes in, frames to channels, errors out. The page where every protocol
// failure becomes visible.
//
//   awaiting_header -> starting -> tuning -> opening -> open -> closing -> lingering -> finished
//   a fault before open -> lingering; any -> close_sent -> finished
//
//   closing: the client asked; channels give back what they hold before close-ok
//   close_sent: we said connection.close; everything but close-ok is discarded
//   lingering: it is over, the socket is left to the client for a while (net/amqp/lingering.h)
//
// Input is held (kept, and above a limit the socket not read) while a channel waits for another
// thread's answer, while a shard it feeds is behind, while an alarm blocks publishers, or while the
// client does not take what it asked for. A channel's error is a value; raise() decides what it
// closes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/access/quota_counter.h"
#include "core/amqp_error.h"
#include "core/base/ids.h"
#include "core/base/intrusive_list.h"
#include "core/base/slab.h"
#include "core/broker/stats.h"
#include "io/timers.h"
#include "net/amqp/carried_input.h"
#include "net/amqp/channel.h"
#include "net/amqp/close_port.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/codec/writer.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/heartbeat.h"
#include "net/amqp/methods.gen.h"
#include "net/stream/stream.h"

namespace lepus::amqp {

class Server;
class Services;

inline core::QuotaKey channels_of(core::UserId user) {
  return {core::QuotaKey::Kind::user_channels, user.value};
}

/// Unsent output of one connection above which its consumers wait: less while all connections
/// together have much.
inline std::size_t output_max(const net::BlockPool& pool) {
  return pool.unsent_bytes() > core::limits::output_bytes_max ? core::limits::send_high_water_short
                                                              : core::limits::send_high_water;
}

class Connection final : public net::StreamHandler, public core::ListNode<Connection> {
 public:
  enum class Phase : std::uint8_t {
    awaiting_header,
    starting,
    tuning,
    opening,
    open,
    closing,
    close_sent,
    lingering,
    finished
  };
  /// Why input is held; several may hold at once.
  enum InputStop : std::uint8_t {
    stop_for_reply = 1,
    stop_for_target = 2,  ///< Of a publish; see core::SessionListener::on_blocked().
    stop_for_alarm = 4,
    stop_for_output = 8  ///< Its client does not take the answers (net/amqp/codec/output_brake.h).
  };
  Connection(Server& server, std::unique_ptr<net::Stream> stream, core::ConnectionId id);
  ~Connection();

  void start();
  void set_handle(core::Slab<Connection>::Handle handle) { handle_ = handle; }
  core::Slab<Connection>::Handle handle() const { return handle_; }

  Server& server() { return server_; }
  Writer& writer() { return writer_; }
  const ConnectionFacts& facts() const { return facts_; }
  void refresh_trace();

  /// Something was written: it leaves at the end of the turn.
  void touch() { stream_->touch(); }
  /// Of any channel.
  bool has_consumers() const;
  /// Its consumers are to wait; they go on when output is low again.
  bool pauses_consumers() {
    const bool pause = stream_->out().size() > output_max(stream_->out().pool());
    consumers_paused_ |= pause;
    return pause;
  }

  /// Returns true if it was not stopped for this reason before.
  bool stop_input(InputStop why) {
    const bool is_new = (input_stops_ & why) == 0;
    input_stops_ = static_cast<std::uint8_t>(input_stops_ | why);
    return is_new;
  }
  void allow_input(InputStop why);
  void release_all();
  bool is_input_stopped() const { return input_stops_ != 0; }
  /// Input kept while it was held is read now.
  void resume_input();
  /// Nothing is short any more.
  void on_alarms_over();
  /// The client publishes while something is short. `is_half_done`: it is in the middle of a
  /// content or a transaction.
  void block_publisher(const core::Alarm& alarm, bool is_half_done);

  /// What a channel found wrong: closes the channel or the connection.
  void raise(Channel& channel, core::AmqpError error);
  void log_timeout(std::uint16_t channel, std::string_view consumer_tag, core::Nanos timeout);
  /// The channel gave back everything it held: after the client's channel.close, or the
  /// connection's end.
  void on_channel_closed(Channel& channel);
  /// It may own an exclusive queue from now on, also one the control thread is still to make.
  void note_exclusive_queue() { may_own_queues_ = true; }
  /// Its exclusive queues are gone: the client's connection.close is answered.
  void on_exclusive_queues_gone();
  /// Users or virtual hosts were deleted: 320 when one of them was this connection's.
  void close_if_deleted();
  /// Connection.open was done, and it is not over yet.
  bool is_listed() const { return phase_ == Phase::open || phase_ == Phase::closing; }
  // For the operator (stats.cpp): its row, and those of its channels and consumers.
  core::ConnectionStats describe() const;
  void describe_channels(std::vector<core::ChannelStats>& out) const;
  void describe_consumers(std::vector<core::ConsumerStats>& out) const;
  /// Tells the client and closes: 320 when the broker stops.
  void force_close(core::AmqpError error);
  /// Drops the socket at once. For who lingers too.
  void abort() { stream_->close(); }

 private:
  using Outcome = std::optional<core::AmqpError>;
  /// A body frame whose end is still to come.
  struct BodyFrame {
    std::uint16_t channel = 0;
    std::uint32_t left = 0;      ///< Payload bytes; 0: none has begun.
    core::Nanos stopped_at = 0;  ///< By an alarm, half done; 0: it was not.
  };
  /// How far it has ended; at last only channels that give back what they held are left.
  enum class End : std::uint8_t { none, logged, stream_closed };
  struct Login {
    std::string_view name;
    std::string_view password;
  };

  // StreamHandler
  void on_bytes(core::Bytes bytes) override;
  void on_peer_closed() override;
  void on_hang_up() override;
  void on_sent() override;
  void on_closed(std::string_view why) override;

  // connection_input.cpp
  core::Bytes read(core::Bytes bytes);
  void read_protocol_header(core::Bytes& bytes);
  bool begin_body(core::Bytes& bytes);
  bool read_body(core::Bytes& bytes);
  void complete_carried_frame(core::Bytes& bytes);
  void carry_over(core::Bytes bytes);
  void resume_soon();
  void on_frame_result(const FrameResult& result);
  void dispatch(const Frame& frame);
  void on_channel_zero(const Frame& frame);
  void on_frame_after_close(const Frame& frame);
  void to_channel(const Frame& frame);
  void open_channel(const Frame& frame);
  bool reads_input() const { return phase_ != Phase::finished && !lost_sync_; }
  void answer_close_while_lingering();

  // handshake.cpp
  void send_start();
  void on_handshake_method(MethodId method, core::Bytes arguments);
  template <class Method>
  Outcome in_handshake(core::Bytes arguments, Outcome (Connection::*handler)(const Method&));
  Outcome on_start_ok(const ConnectionStartOk& start_ok);
  Outcome check_login(std::string_view mechanism, const Login& login);
  Outcome on_tune_ok(const ConnectionTuneOk& tune_ok);
  Outcome on_open(const ConnectionOpen& open);
  Outcome admit(const core::VhostInfo& vhost);
  void read_capabilities(core::Bytes client_properties);

  // connection.cpp
  Outcome on_connection_method(MethodId method, core::Bytes arguments);
  void on_close_method();
  void fail(core::AmqpError error);
  void close_silently(const core::AmqpError& why);
  void refuse(core::AmqpError error);
  void linger(core::Nanos wait);
  void on_linger_end();
  void finish();
  void leave_counts();
  void end_without_client();
  void log_end();
  void shut_down_channels(bool orderly);
  void ask_exclusive_queues_gone(const core::ChannelRef& who);
  void answer_close_when_done();
  void on_timer(io::Timer& timer);
  void on_heartbeat_due(core::Nanos now);
  bool holds_memory(core::Nanos now) const;
  template <class Method>
  void send(const Method& method) {
    writer_.method(0, method);
    touch();
  }

  Server& server_;
  Services& services_;
  std::unique_ptr<net::Stream> stream_;
  ConnectionFacts facts_;
  Writer writer_;
  core::Slab<Connection>::Handle handle_{};
  Phase phase_ = Phase::awaiting_header;
  std::uint8_t input_stops_ = 0;
  bool resume_due_ = false;  ///< Released; resume_input() comes soon.
  bool reading_ = false;     ///< Inside read(): no re-entry.
  bool may_own_queues_ = false;
  bool is_counted_ = false;    ///< As one of its virtual host and of its user.
  bool is_announced_ = false;  ///< connection.created was, connection.closed is to be.
  End end_ = End::none;
  bool lost_sync_ = false;    ///< Nothing that comes is read any more: it is dropped.
  bool paused_ = false;       ///< The socket is not read.
  bool client_gone_ = false;  ///< But not all it sent is read.
  bool input_ended_ = false;  ///< The client's end of stream was read; carry_ holds what is left.
  bool consumers_paused_ = false;
  bool blocked_told_ = false;     ///< connection.blocked was sent.
  std::uint16_t closes_due_ = 0;  ///< connection.close that came while closing.
  BodyFrame body_;
  std::size_t payload_max_ = payload_max_of(frame_min_size);
  Heartbeat heartbeat_;
  std::string close_reason_;         ///< For the log.
  std::string_view close_method_;    ///< That failed; static text.
  CarriedInput carry_;               ///< A frame cut in two, or everything that came while held.
  Channel* last_channel_ = nullptr;  ///< Of the last frame: the next is mostly for the same.
  boost::unordered_flat_map<std::uint16_t, std::unique_ptr<Channel>> channels_;
  std::unique_ptr<ClosePort> close_port_;
  std::unique_ptr<core::AmqpError> late_refusal_;  ///< Told when lingering ends.
  io::Timer timer_;                                ///< Handshake, heartbeat or close, by phase.
};

}  // namespace lepus::amqp
