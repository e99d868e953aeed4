// A publishing client of a scenario. Paced, message n is due one interval after message n - 1 and
// carries that time, whenever it really leaves (coordinated omission is charged to the broker);
// unlimited, it publishes a bounded piece per turn, so that consumers of the same thread read on.
#pragma once

#include <memory>

#include "tools/perf/client/confirm_window.h"
#include "tools/perf/scenario/message_maker.h"
#include "tools/perf/scenario/scenario_client.h"

namespace lepus::perf {

class ScenarioProducer final : public ScenarioClient {
 public:
  ScenarioProducer(const ClientPlace& place, Stats& stats);

  void on_header(const uint8_t* payload, size_t size) override {
    content_.on_header(payload, size);
  }
  void on_body_end(size_t size) override { content_.on_body_end(size); }

 private:
  void on_open(uint64_t now) override;
  bool on_answer(MethodId id, const uint8_t* arguments, size_t size) override;
  void act(uint64_t now) override;
  uint64_t due_ns() const override;
  void on_phase(uint64_t now) override;
  void settle(const uint8_t* arguments, size_t size, bool acked);
  void publish(uint64_t time_ns);

  ConfirmWindow window_{0};
  std::unique_ptr<MessageMaker> messages_;
  ContentProgress content_;  // of returned messages
  bool is_ready_ = false;    // confirms are selected, if any are wanted
  bool is_blocked_ = false;
  uint64_t next_due_ns_ = never;
};

// The targets that the client of this number among so many serves, as mode throughput deals them.
std::vector<Target> targets_of(const Topology& topology, unsigned number, unsigned count);

}  // namespace lepus::perf
