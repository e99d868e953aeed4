// The clients of a scenario that neither stay to publish nor to consume: those that poll with
// basic.get, those that only hold a connection, and those that open and close things all the time.
#pragma once

#include <memory>

#include "tools/perf/scenario/message_maker.h"
#include "tools/perf/scenario/scenario_client.h"

namespace lepus::perf {

// basic.get → get-ok and its content, or get-empty → after interval_ms the next.
class ScenarioPoller final : public ScenarioClient {
 public:
  ScenarioPoller(const ClientPlace& place, Stats& stats) : ScenarioClient(place, stats) {}

  void on_header(const uint8_t* payload, size_t size) override;
  void on_body(const uint8_t* payload, size_t size) override;
  void on_body_end(size_t size) override;

 private:
  void on_open(uint64_t now) override;
  bool on_answer(MethodId id, const uint8_t* arguments, size_t size) override;
  void act(uint64_t now) override;
  uint64_t due_ns() const override {
    return is_open() && in_phase() && !is_waiting_ ? next_ask_ns_ : never;
  }
  void complete();
  void finish_question();

  ContentProgress content_;
  uint64_t sent_ns_ = 0;
  uint64_t tag_ = 0;
  size_t next_queue_ = 0;
  uint64_t next_ask_ns_ = 0;
  bool is_waiting_ = false;  // for an answer
};

class ScenarioIdler final : public ScenarioClient {
 public:
  ScenarioIdler(const ClientPlace& place, Stats& stats) : ScenarioClient(place, stats) {}

 private:
  bool on_answer(MethodId, const uint8_t*, size_t) override { return false; }
};

// connection  connect, close
// publish     connect, publish one message (with confirm: and wait), close
// channel     on one connection: channel.open, channel.close
// queue       on one connection: declare, delete
class ScenarioChurner final : public ScenarioClient {
 public:
  ScenarioChurner(const ClientPlace& place, Stats& stats);

  bool opens_at_start() const override { return keeps_connection(); }

 private:
  bool keeps_connection() const {
    return group().churn == ChurnKind::channel || group().churn == ChurnKind::queue;
  }
  void on_open(uint64_t now) override;
  void on_closed(uint64_t now) override;
  bool on_answer(MethodId id, const uint8_t* arguments, size_t size) override;
  void act(uint64_t now) override;
  uint64_t due_ns() const override;
  void on_phase(uint64_t now) override;
  void begin(uint64_t now);
  void finish(uint64_t now);

  std::string queue_;
  uint64_t next_due_ns_ = never;
  uint64_t begun_ns_ = 0;
  bool is_busy_ = false;  // with an operation
};

}  // namespace lepus::perf
