// One consuming connection: deliveries are counted and timed while they are skipped over in the
// receive buffer; acknowledgements are collected for one write per turn. Delivery tags must count
// up by one on the channel; anything else ends the run.
#pragma once

#include "tools/perf/client/connection.h"
#include "tools/perf/client/event_loop.h"
#include "tools/perf/goal.h"
#include "tools/perf/modes/topology.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

class Consumer final : public Endpoint {
 public:
  struct Config {
    const Options* options = nullptr;
    const Topology* topology = nullptr;
    unsigned number = 0;       // of this consumer, 0-based
    Budget* budget = nullptr;  // shared by all consumers; none: without limit
  };
  // Connects and consumes; blocks until the broker has agreed to every consumer.
  Consumer(const Config& config, Stats& stats);

  int fd() const override { return connection_.fd(); }
  void run(uint64_t now) override;
  uint64_t wake_ns() const override;

  // Acknowledges what has been received, however incomplete the last --ack-batch is.
  void close() noexcept;

  // Called by the frame scanner.
  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size);
  void on_header(const uint8_t* payload, size_t size);
  void on_body(const uint8_t* payload, size_t size);
  void on_body_end(size_t size);

 private:
  void receive();
  void on_deliver(const uint8_t* arguments, size_t size);
  void complete();
  void write_acks();

  Connection connection_;
  Stats& stats_;
  ContentProgress content_;
  Budget* const budget_;
  const bool auto_ack_;
  const bool stamped_;
  const uint64_t ack_batch_;
  const unsigned receives_per_turn_;
  uint64_t received_ns_ = 0;    // when the current receive returned; 0 = clock not read yet
  uint64_t sent_ns_ = 0;        // time stamp of the current message; 0 = none
  uint64_t delivered_tag_ = 0;  // acked_tag_ <= completed_ <= delivered_tag_
  uint64_t completed_ = 0;
  uint64_t acked_tag_ = 0;
  uint64_t redelivered_ = 0;  // in the current receive
  unsigned consumes_pending_ = 0;
};

}  // namespace lepus::perf
