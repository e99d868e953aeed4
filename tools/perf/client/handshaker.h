// A connection driven through its whole handshake by the event loop, without ever blocking: the
// endpoint of the modes connections and churn.
//
//   connect → handshake, channel.open → open
//                                     → churn: connection.close → close-ok → connect again
#pragma once

#include "tools/perf/client/connection.h"
#include "tools/perf/client/event_loop.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

class Handshaker final : public Endpoint {
 public:
  struct Config {
    const Options* options = nullptr;
    unsigned number = 0;
    bool again = false;  // churn: close and start over when open
  };
  Handshaker(const Config& config, Stats& stats);

  void connect();
  int fd() const override { return connection_.fd(); }
  void run(uint64_t now) override;
  uint64_t wake_ns() const override { return readable || writable ? 0 : never; }

  bool open() const { return connection_.state() == Connection::State::open; }
  Connection& connection() { return connection_; }
  // Called by the frame scanner.
  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
    connection_.on_method(channel, id, arguments, size);
  }
  void on_header(const uint8_t*, size_t) {}
  void on_body(const uint8_t*, size_t) {}
  void on_body_end(size_t) {}

 private:
  void on_open();

  const Config config_;
  Stats& stats_;
  Connection connection_;
  uint64_t start_ns_ = 0;
};

}  // namespace lepus::perf
