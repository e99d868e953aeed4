// A transport over a user-space stack: nothing of it goes through the kernel. It is polled.
//
//   poll():  stack's timers -> streams that held input -> frames (a bounded number a turn) -> stack
//            -> streams; now and then the counters, and whether the device is there
//   flush(): touched streams -> stack -> streams that end -> frames leave
//
// The port and the stack belong to the shard's thread. Listeners are told of their end in poll().
#pragma once

#include <memory>
#include <vector>

#include "core/base/intrusive_list.h"
#include "io/loop.h"
#include "net/bypass/bypass_stream.h"
#include "net/bypass/counters.h"
#include "net/bypass/stack_api.h"
#include "net/stream/flush_list.h"
#include "net/stream/transport.h"

namespace lepus::net::bypass {

class BypassTransport final : public Transport, private StackUser {
 public:
  struct Parts {
    io::Loop* loop;
    FramePort* port;
    MakeStack make_stack;           ///< Of a copy of the module that nobody else uses.
    StackConfig config;             ///< Port and user are set here.
    CounterBoard* board = nullptr;  ///< Null: nobody is told.
  };
  explicit BypassTransport(const Parts& parts);
  ~BypassTransport() override;

  void listen(Listening listening, Acceptor& acceptor) override;
  bool poll() override;
  void flush() override;
  bool may_sleep() const override;
  void stop() override;
  void destroy_later(std::unique_ptr<Stream> stream) override;
  /// Input that is held counts, too.
  std::size_t output_bytes() const override { return pool_.bytes_in_use() + held_.bytes; }

  // --- For streams.

  io::Loop& loop() { return *parts_.loop; }
  BlockPool& pool() { return pool_; }
  void touch(Flushable& stream) { touched_.touch(stream); }
  void serve_later(BypassStream& stream) {
    if (!stream.linked()) waiting_.push_back(stream);
  }
  void end_later(BypassStream& stream);
  /// How much a stream may hand over in this turn, of which it has used `used` in turn `turn`.
  /// Moves both to this turn.
  std::size_t input_room(std::uint64_t& turn, std::size_t& used);
  void note_input(std::size_t size) { now_.input += size; }
  void note_held(std::size_t size) {
    held_.bytes += size;
    held_.copied += size;
  }
  void note_unheld(std::size_t size) { held_.bytes -= size; }

 private:
  struct Listener {
    ListenerIdentity identity;
    Acceptor* acceptor;
    std::uint32_t number;
    enum class State : std::uint8_t { listening, stopping, closed } state;
  };

  struct Turn {
    std::uint64_t number = 0;
    std::size_t input = 0;     ///< Bytes handed over in it.
    std::uint32_t frames = 0;  ///< Received in it.
  };
  /// Input that its streams did not take yet.
  struct Held {
    std::size_t bytes = 0;
    std::uint64_t copied = 0;  ///< Bytes, since the start.
  };
  struct Look {
    core::Nanos next = 0;
    bool is_device_gone = false;
  };

  void on_connection(Connection& connection, std::uint32_t listener) override;
  bool receive();
  void serve_waiting();
  void end_streams();
  void close_listeners();
  void start_turn();
  void look_at_device();

  Parts parts_;
  const std::size_t share_;  ///< Bytes of one stream in a turn.
  BlockPool pool_;
  FlushList touched_;
  core::IntrusiveList<BypassStream> waiting_;  ///< To be served in poll().
  core::IntrusiveList<BypassStream> ending_;
  std::vector<std::unique_ptr<Stream>> destroyed_later_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::uint32_t listener_count_ = 0;  ///< All that ever were.
  bool has_stopping_ = false;
  Turn now_;
  Held held_;
  Look look_;
  Stack* stack_;
};

}  // namespace lepus::net::bypass
