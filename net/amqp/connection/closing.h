// Every way a connection ends: by an error, by the client, by the broker, without the client. The
// page where each protocol failure becomes visible.
//
//   fail()             connection.close to the client; only close-ok counts then      close_sent
//   refuse()           a fault before connection.open: told late, or not at all        lingering
//   on_close_method()  channels give back, exclusive queues go, close-ok         closing, lingering
//   finish             what is left is sent, the socket is closed                       finished
//
// The log, connection.closed and the counters hear of it once, whichever way it was.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/amqp_error.h"
#include "core/base/intrusive_list.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/connection/channel_context.h"
#include "net/amqp/connection/channel_table.h"
#include "net/amqp/connection/connection_quota.h"
#include "net/amqp/connection/connection_timer.h"
#include "net/amqp/connection/exclusive_queues.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/frame_reader.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/output.h"
#include "net/amqp/connection/phase.h"
#include "net/amqp/lingering.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

class Closing final : public core::ListNode<Closing>,
                      public ChannelHost,
                      private ExclusiveQueues::Listener {
 public:
  /// Whoever owns the connection's parts.
  class Owner {
   public:
    /// The stream is gone and nothing is left to be given back: the parts may be destroyed, but not
    /// inside this call.
    virtual void on_ended() = 0;

   protected:
    ~Owner() = default;
  };
  /// All outlive this object.
  struct Parts {
    Owner& owner;
    Services& services;
    LingerList<Closing>& lingering;
    net::Stream& stream;
    const ConnectionFacts& facts;
    ConnectionPhase& phase;
    Output& output;
    InputGate& input;
    FrameReader& reader;
    ConnectionTimer& timer;
    ConnectionQuota& quota;
    ChannelTable& channels;
  };
  explicit Closing(const Parts& parts)
      : parts_(parts), exclusive_queues_(parts.services.broker(), parts.facts, *this) {}

  /// Connection.open was done: connection.created is told, and connection.closed will be.
  void announce();
  /// Sends connection.close; then only close-ok counts. Nothing happens when that was done.
  void fail(core::AmqpError error);
  /// A client's fault before connection.open. It gets to know late, so that trying again and again
  /// is slow, and what it still sends is dropped.
  void refuse(core::AmqpError error);
  /// Before connection.open a client is not told what it did wrong; the log is.
  void close_silently(const core::AmqpError& error);
  /// The broker's wish: tells the client and closes, whatever the phase: 320 when the broker stops.
  void force_close(core::AmqpError error);
  /// Users or virtual hosts were deleted: 320 when one of them was this connection's.
  void close_if_deleted();
  /// Drops the socket at once. `reason` is for the log.
  void abort(std::string_view reason = {});
  /// The client's connection.close.
  void on_close_method();
  /// A frame that came after one of the two closes.
  void on_frame(const Frame& frame);
  /// The timer fired in the phase close_sent or lingering.
  void on_timeout();
  /// The client is gone, or will not be waited for. Nothing happens while lingering.
  void end_without_client();
  /// Sends what is left, then waits a while for the peer's end.
  void finish();
  /// The stream is gone; `why` as of net::StreamHandler. Channels that held much may still be
  /// giving it back; Owner::on_ended() comes when all have.
  void on_stream_closed(std::string_view why);

  // ChannelHost
  void raise(std::uint16_t channel, core::AmqpError error) override;
  void on_channel_closed(std::uint16_t channel) override;
  void note_exclusive_queue() override { exclusive_queues_.note(); }
  bool has_consumers() const override { return parts_.channels.has_consumers(); }

 private:
  void release_when_channels_closed();
  void on_exclusive_queues_gone() override;
  void linger(core::Nanos wait);
  void leave_counts();
  void log_end();
  void log_foreign(core::Nanos now);
  core::Log& log() { return parts_.services.log(); }

  Parts parts_;
  ExclusiveQueues exclusive_queues_;
  bool is_announced_ = false;
  bool is_logged_ = false;
  bool is_stream_closed_ = false;
  std::uint16_t answers_due_ = 0;                  ///< Of connection.close that came while closing.
  std::string reason_;                             ///< For the log.
  std::string_view method_;                        ///< That failed; static text.
  std::unique_ptr<core::AmqpError> late_refusal_;  ///< Told when lingering ends.
};

}  // namespace lepus::amqp
