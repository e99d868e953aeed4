// One AMQP connection over a non-blocking TCP socket: buffers, handshake and close.
//
//   connecting → awaiting_start → awaiting_tune → awaiting_open_ok
//              → awaiting_channels → open → awaiting_close_ok → closed
//
// receive() shows received frames to a sink (see frame_scanner.h). While the connection is not open
// the sink should hand every method to on_method(), which drives the machine; when it is open,
// everything the sink does not know itself. Whatever the broker does against the run
// (connection.close, channel.close, end of stream) throws PerfError. One thread at a time uses a
// connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tools/perf/client/frame_scanner.h"
#include "tools/perf/client/tls_socket.h"
#include "tools/perf/client/wire.h"
#include "tools/perf/options.h"

namespace lepus::perf {

struct ConnectionConfig {
  const Uri* uri = nullptr;
  uint32_t frame_size_max = 131072;
  uint16_t channels = 1;
  size_t receive_size = 16384;  // of the receive buffer; grows when a method needs it
  unsigned number = 0;          // of this connection; spreads source addresses on loopback
};

class Connection {
 public:
  enum class State : uint8_t {
    idle,
    connecting,
    awaiting_start,
    awaiting_tune,
    awaiting_open_ok,
    awaiting_channels,
    open,
    awaiting_close_ok,
    closed
  };

  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Starts to connect; the socket becomes writable when done. May be called again after
  // close_socket().
  void connect(const ConnectionConfig& config);
  // Drives the handshake: call when the socket is readable or writable. True when the connection is
  // open.
  bool advance_handshake();
  // Sends connection.close; closed when state() says so after further receive() calls.
  void start_close();
  void close_socket();

  // Receives once and shows what came. True when the buffer was filled, so that more is probably
  // waiting.
  template <class Sink>
  bool receive(Sink& sink) {
    if (!drop_unread()) return false;
    const size_t room = receive_bytes();
    const size_t used = scanner_.scan(in_.data() + in_begin_, in_end_ - in_begin_, sink);
    in_begin_ += used;
    compact();
    return room == 0;
  }
  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size);

  // Output that is not the producer's ring: append to output(), then flush(). False when the socket
  // is full.
  Bytes& output() { return out_; }
  size_t output_size() const { return out_.size() - out_begin_; }
  bool flush();
  // Sends up to two pieces; returns the bytes taken, 0 when the socket is full.
  size_t send_pieces(const uint8_t* first, size_t first_size, const uint8_t* second,
                     size_t second_size);

  // Blocking, for set-up and tear-down only.
  void open_and_wait(const ConnectionConfig& config);
  void wait_readable(int timeout_ms);
  void wait_writable(int timeout_ms);
  void wait_either(int timeout_ms);
  void flush_and_wait();
  // Sends connection.close (unless start_close() has) and waits a short while for the answer; never
  // throws.
  void close_and_wait() noexcept;

  int fd() const { return fd_; }
  State state() const { return state_; }
  uint32_t frame_size_max() const { return frame_size_max_; }
  const std::string& product() const { return product_; }
  const std::string& version() const { return version_; }
  bool blocked() const { return blocked_; }

 private:
  bool drop_unread();
  size_t receive_bytes();
  void compact();
  void finish_connect();
  void on_start(Reader arguments);
  void on_tune(Reader arguments);
  void on_closed_by_broker(const char* label, Reader arguments);
  [[noreturn]] void fail(const std::string& text) const;

  ConnectionConfig config_;
  int fd_ = -1;
  std::unique_ptr<TlsSocket> tls_;  // null: plain
  State state_ = State::idle;
  bool blocked_ = false;
  uint16_t channels_opened_ = 0;
  uint32_t frame_size_max_ = 0;
  std::string product_;
  std::string version_;
  FrameScanner scanner_;
  Bytes in_;
  size_t in_begin_ = 0;  // in_begin_ <= in_end_ <= in_.size(): received, not yet scanned
  size_t in_end_ = 0;
  Bytes out_;
  size_t out_begin_ = 0;  // bytes of out_ that the kernel has taken
};

}  // namespace lepus::perf
