// One publishing connection.
//
// Unpaced, it fills its ring whenever the socket takes bytes and the confirm window is open. Paced,
// message n is due at start + n * interval and carries that time, whenever it really leaves: a
// broker that stalls the producer is charged for every message that had to wait (coordinated
// omission). With --messages it falls silent after its share.
#pragma once

#include "tools/perf/client/confirm_window.h"
#include "tools/perf/client/connection.h"
#include "tools/perf/client/event_loop.h"
#include "tools/perf/client/publish_ring.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

class Producer final : public Endpoint {
 public:
  struct Config {
    const Options* options = nullptr;
    const Topology* topology = nullptr;
    unsigned number = 0;  // of this producer, 0-based
  };
  // Connects and selects confirms; blocks.
  Producer(const Config& config, Stats& stats);

  // Before the loop runs: the time of the first message.
  void start(uint64_t start_ns);

  int fd() const override { return connection_.fd(); }
  void run(uint64_t now) override;
  uint64_t wake_ns() const override;

  Connection& connection() { return connection_; }
  // Finishes the message that is half written and closes; blocks for a bounded time.
  void close() noexcept;

  // Called by the frame scanner.
  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size);
  void on_header(const uint8_t* payload, size_t size) { content_.on_header(payload, size); }
  void on_body(const uint8_t*, size_t) {}
  void on_body_end(size_t size) { content_.on_body_end(size); }

 private:
  static std::vector<Target> own_targets(const Config& config);
  bool paced() const { return interval_ns_ > 0; }
  uint64_t left_count() const { return share_ - ring_->prepared_count(); }
  uint64_t due_ns() const;
  void prepare(uint64_t now);
  void settle(const uint8_t* arguments, size_t size, bool acked);

  Connection connection_;
  Stats& stats_;
  std::unique_ptr<PublishRing> ring_;
  ConfirmWindow window_;
  ContentProgress content_;   // of returned messages
  uint64_t received_ns_ = 0;  // when the current receive returned; 0 = clock not read yet
  uint64_t start_ns_ = 0;
  double interval_ns_ = 0;  // between this producer's messages; 0 = unpaced
  const uint64_t share_;    // of --messages
  uint64_t sent_reported_ = 0;
  bool was_blocked_ = false;
};

}  // namespace lepus::perf
