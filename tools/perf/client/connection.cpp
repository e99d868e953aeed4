// The connection's state machine and its methods; sockets are in connection_io.cpp.
#include "tools/perf/client/connection.h"

#include "tools/perf/client/methods.h"

namespace lepus::perf {

namespace {

// Finds the two strings worth reporting among the broker's properties; stops at a field type it
// cannot step over.
void read_server_properties(std::string_view table, std::string& product, std::string& version) {
  Reader reader(reinterpret_cast<const uint8_t*>(table.data()), table.size());
  while (reader.left() > 0) {
    const std::string_view key = reader.short_string();
    const uint8_t type = reader.u8();
    if (type == 'S') {
      const std::string_view value = reader.long_string();
      if (key == "product") product = value;
      if (key == "version") version = value;
    } else if (type == 'F' || type == 'A' || type == 'x') {
      reader.skip(reader.u32());
    } else if (type == 't' || type == 'b' || type == 'B') {
      reader.skip(1);
    } else if (type == 'I' || type == 'i') {
      reader.skip(4);
    } else {
      return;
    }
  }
}

struct HandshakeSink {
  Connection& connection;
  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
    connection.on_method(channel, id, arguments, size);
  }
  void on_header(const uint8_t*, size_t) {}
  void on_body(const uint8_t*, size_t) {}
  void on_body_end(size_t) {}
};

}  // namespace

bool Connection::advance_handshake() {
  if (state_ == State::connecting) finish_connect();
  if (state_ == State::connecting) return false;
  if (!flush()) return false;
  HandshakeSink sink{*this};
  while (state_ != State::open && receive(sink)) {
  }
  flush();
  return state_ == State::open;
}

void Connection::on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
  const Reader reader(arguments, size);
  if (id == method::connection_close) return on_closed_by_broker("connection", reader);
  if (id == method::channel_close && state_ == State::awaiting_close_ok) return;
  if (id == method::channel_close) return on_closed_by_broker("channel", reader);
  if (id == method::connection_start && state_ == State::awaiting_start) return on_start(reader);
  if (id == method::connection_tune && state_ == State::awaiting_tune) return on_tune(reader);
  if (id == method::connection_open_ok && state_ == State::awaiting_open_ok) {
    for (uint16_t number = 1; number <= config_.channels; ++number)
      write_channel_open(out_, number);
    state_ = State::awaiting_channels;
    return;
  }
  if (id == method::channel_open_ok && state_ == State::awaiting_channels) {
    if (++channels_opened_ == config_.channels) state_ = State::open;
    return;
  }
  if (id == method::connection_close_ok && state_ == State::awaiting_close_ok) {
    state_ = State::closed;
    return;
  }
  if (state_ == State::awaiting_close_ok) return;
  if (id == method::connection_blocked) {
    blocked_ = true;
    return;
  }
  if (id == method::connection_unblocked) {
    blocked_ = false;
    return;
  }
  if (id == method::basic_cancel) fail("the broker cancelled the consumer: its queue is gone");
  if (id == method::connection_secure)
    fail("the broker wants a SASL exchange that PLAIN does not have");
  fail(fmt::format("unexpected method {}.{} on channel {}", id >> 16, id & 0xFFFF, channel));
}

void Connection::on_start(Reader arguments) {
  arguments.skip(2);
  read_server_properties(arguments.long_string(), product_, version_);
  const std::string mechanisms(arguments.long_string());
  if (mechanisms.find("PLAIN") == std::string::npos) {
    fail("the broker does not offer the PLAIN mechanism, only: " + mechanisms);
  }
  write_start_ok(out_, *config_.uri);
  state_ = State::awaiting_tune;
}

void Connection::on_tune(Reader arguments) {
  const uint16_t channel_max = arguments.u16();
  const uint32_t frame_size_broker = arguments.u32();
  if (channel_max != 0 && config_.channels > channel_max) {
    fail(fmt::format("--channels {}: the broker allows {}", config_.channels, channel_max));
  }
  frame_size_max_ = config_.frame_size_max;
  if (frame_size_broker != 0 && frame_size_broker < frame_size_max_)
    frame_size_max_ = frame_size_broker;
  if (frame_size_max_ < frame_size_min)
    fail(fmt::format("the broker wants frames of {} bytes", frame_size_max_));
  write_tune_ok(out_, channel_max, frame_size_max_);
  write_open(out_, config_.uri->vhost);
  state_ = State::awaiting_open_ok;
}

void Connection::on_closed_by_broker(const char* label, Reader arguments) {
  const unsigned code = arguments.u16();
  const std::string text(arguments.short_string());
  const unsigned class_id = arguments.u16();
  const unsigned method_id = arguments.u16();
  fail(fmt::format("the broker closed the {}: {} {} (class {}, method {})", label, code, text,
                   class_id, method_id));
}

void Connection::start_close() {
  write_connection_close(out_);
  state_ = State::awaiting_close_ok;
}

void Connection::open_and_wait(const ConnectionConfig& config) {
  connect(config);
  constexpr int step_timeout_ms = 10000;
  wait_either(step_timeout_ms);
  while (!advance_handshake()) wait_readable(step_timeout_ms);
  flush_and_wait();
}

void Connection::close_and_wait() noexcept {
  try {
    if (state_ == State::open) start_close();
    if (state_ == State::awaiting_close_ok) {
      HandshakeSink sink{*this};
      constexpr int quiet_ms = 1000;
      constexpr unsigned turns_max = 10000;  // a backlog of deliveries may come before the answer
      flush();
      for (unsigned turn = 0; turn < turns_max && state_ != State::closed; ++turn) {
        wait_readable(quiet_ms);
        receive(sink);
        flush();
      }
    }
  } catch (const PerfError&) {
    // The run is over; a broker that does not say goodbye changes no result.
  }
  close_socket();
}

void Connection::fail(const std::string& text) const {
  throw PerfError(config_.uri->host, ":", config_.uri->port, ": ", text);
}

}  // namespace lepus::perf
