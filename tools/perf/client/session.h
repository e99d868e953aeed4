// A connection that the event loop drives through its whole life without ever blocking, and that
// may come back: what scenarios and the OpenStack preset are made of.
//
//   idle → handshaking → open → closing → idle           by close_in_order()
//   any  → idle                                          by drop(), or a failure: on_lost() decides
//                                                        whether connect_at() is called again
//
// on_open() writes the first requests to output(), on_answer()
// hears what the broker says, work() is called when work_ns() says so and output is not full. One
// thread at a time uses a session, its event loop's.
#pragma once

#include <string>

#include "tools/perf/client/connection.h"
#include "tools/perf/client/event_loop.h"

namespace lepus::perf {

// What a session shows of the content it receives; see frame_scanner.h.
class ContentSink {
 public:
  virtual ~ContentSink() = default;
  virtual void on_header(const uint8_t*, size_t) {}
  virtual void on_body(const uint8_t*, size_t) {}
  virtual void on_body_end(size_t) {}
};

class Session : public Endpoint, public ContentSink {
 public:
  enum class State : uint8_t { idle, handshaking, open, closing };

  explicit Session(const ConnectionConfig& config) : config_(config) {}

  int fd() const override { return connection_.fd(); }
  void run(uint64_t now) final;
  uint64_t wake_ns() const final;

  // When idle: connects at that time; `never` takes it back.
  void connect_at(uint64_t time_ns) { connect_ns_ = time_ns; }
  bool is_open() const { return state_ == State::open; }
  Connection& connection() { return connection_; }

  // Called by the frame scanner.
  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
    if (!on_answer(id, arguments, size)) connection_.on_method(channel, id, arguments, size);
  }

 protected:
  virtual void on_open(uint64_t now) = 0;
  // After close_in_order(), when the broker has said goodbye.
  virtual void on_closed(uint64_t) {}
  // The connection is gone, or could not be made; the session is idle.
  virtual void on_lost(const PerfError& why, uint64_t now) = 0;
  // A method of an open connection; false: not known here.
  virtual bool on_answer(MethodId id, const uint8_t* arguments, size_t size) = 0;
  // A bounded amount of work; called in every state.
  virtual void work(uint64_t) {}
  // When work() is wanted: 0 = at once, or a time, or `never`.
  virtual uint64_t work_ns() const { return never; }

  Bytes& output() { return connection_.output(); }
  // Whether more can be written without gathering what the broker does not read.
  bool has_room() const { return connection_.output_size() < output_size_max; }
  State state() const { return state_; }
  uint64_t connect_started_ns() const { return connect_started_ns_; }
  // One clock reading for all that a receive brought.
  uint64_t received_ns();
  // Says goodbye; on_closed() follows.
  void close_in_order();
  // Cuts the connection, as a client does that is killed. on_lost() is not called.
  void drop();

 private:
  static constexpr size_t output_size_max = size_t{1} << 18;

  void step(uint64_t now);
  void start_connect(uint64_t now);
  void shake_hands(uint64_t now);
  void exchange(uint64_t now);

  ConnectionConfig config_;
  Connection connection_;
  State state_ = State::idle;
  uint64_t connect_ns_ = never;
  uint64_t connect_started_ns_ = 0;
  uint64_t received_ns_ = 0;  // of the current receive; 0 = clock not read yet
};

}  // namespace lepus::perf
