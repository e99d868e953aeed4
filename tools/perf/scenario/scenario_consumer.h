// A consuming client of a scenario. A message is settled when the client has worked on it for
// delay_ms, one after the other; a share of them is refused, of which a share goes back to its
// queue. Shares are met exactly, by counting, not by chance.
#pragma once

#include <deque>

#include "tools/perf/scenario/scenario_client.h"

namespace lepus::perf {

class ScenarioConsumer final : public ScenarioClient {
 public:
  ScenarioConsumer(const ClientPlace& place, Stats& stats) : ScenarioClient(place, stats) {}

  void on_header(const uint8_t* payload, size_t size) override;
  void on_body(const uint8_t* payload, size_t size) override;
  void on_body_end(size_t size) override;

  void settle_all() override { flush_acks(); }

 private:
  void on_open(uint64_t now) override;
  bool on_answer(MethodId id, const uint8_t* arguments, size_t size) override;
  void act(uint64_t now) override;
  uint64_t due_ns() const override { return is_open() ? next_done_ns() : never; }
  uint64_t next_done_ns() const { return waiting_.empty() ? never : waiting_.front(); }
  void on_deliver(const uint8_t* arguments, size_t size);
  void complete();
  // Settles the oldest message that is not.
  void settle_next();
  void flush_acks();

  ContentProgress content_;
  uint64_t sent_ns_ = 0;  // time stamp of the current message; 0 = none
  bool is_redelivered_ = false;
  uint64_t delivered_tag_ = 0;  // acked_tag_ <= settled_tag_ <= delivered_tag_
  uint64_t settled_tag_ = 0;
  uint64_t acked_tag_ = 0;        // all up to it are known to the broker
  std::deque<uint64_t> waiting_;  // when each message is done; at most prefetch of them
  double nack_credit_ = 0;
  double requeue_credit_ = 0;
};

}  // namespace lepus::perf
