// The agents of an OpenStack as its message broker sees them, with the topology of oslo.messaging.
// Each agent has three connections:
//
//   server   topic exchange "compute", queues "compute" (of all) and "compute.HOST", a fanout
//            exchange with a queue of its own, and six more fanouts that agents of the network
//            listen to; consumes all of them, acknowledges and answers calls through the sender
//   replies  a direct exchange and queue for answers; consumes it
//   sender   the topic exchange; publishes calls and answers, with confirms
//
// which makes 30 declares and binds an agent, each waited for before the next, as kombu does. A
// call goes to another agent's queue; its answer comes back through the caller's reply queue. A
// connection that is lost is made again after a pause, with all its declares.
//
// One thread owns all: the one that turns the event loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/perf/client/frame_scanner.h"
#include "tools/perf/client/session.h"
#include "tools/perf/openstack/call_table.h"
#include "tools/perf/options.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

struct FleetPlan {
  const Uri* uri = nullptr;
  std::string prefix = "perf";
  unsigned agents = 2000;
  uint64_t body_size = 1024;
  uint64_t call_patience_ns = 0;
  double connects_per_s = 2000;
};

constexpr unsigned connections_per_agent = 3;
constexpr unsigned network_topic_count = 6;
constexpr unsigned declares_per_agent = 12 + 3 * network_topic_count;

// What all links of a fleet share.
struct FleetState {
  explicit FleetState(const FleetPlan& fleet_plan)
      : plan(fleet_plan), calls(fleet_plan.call_patience_ns) {}

  const FleetPlan plan;
  CallTable calls;
  Histogram call_latency;  // ns
  Histogram connect_latency;
  uint64_t ready_count = 0;     // links that have declared all
  uint64_t declared_count = 0;  // declares and binds answered since the start
  uint64_t lost_count = 0;      // connections that broke, or could not be made
  // Calls and answers that had no connection to go through, or one that the broker did not read.
  uint64_t unsent_count = 0;
  uint64_t returned_count = 0;
  uint64_t nacked_count = 0;
  uint64_t fanout_count = 0;  // messages received by fanout
  std::string last_error;
};

// One connection that declares its part when it is open, step by step.
class AgentLink : public Session {
 public:
  AgentLink(FleetState& fleet, unsigned agent, unsigned link);

  bool is_ready() const { return is_ready_; }
  // False as well while the broker reads nothing of what it is sent.
  bool can_send() const { return is_ready_ && has_room(); }
  // Appends a message; false when the link cannot send.
  struct Letter {
    std::string_view exchange;
    std::string_view key;
    std::string_view correlation_id;
    std::string_view reply_to;  // empty: none
  };
  bool send(const Letter& letter, uint64_t now);

  void on_header(const uint8_t* payload, size_t size) override;
  void on_body_end(size_t size) override;

 protected:
  // Appends the request of a step; false when there is none left.
  virtual bool write_step(unsigned step) = 0;
  virtual void on_message(const std::string& correlation_id, const std::string& reply_to) = 0;

  FleetState& fleet() { return fleet_; }
  unsigned agent() const { return agent_; }
  const std::string& name(const char* kind);  // "PREFIX.KIND", until the next call
  std::string own_name(const char* kind) const;
  void declare_exchange(const std::string& name, const char* type);
  void declare_queue(const std::string& name, bool expires);
  void bind(const std::string& queue, const std::string& exchange, const std::string& key);

 private:
  void on_open(uint64_t now) override;
  void on_lost(const PerfError& why, uint64_t now) override;
  bool on_answer(MethodId id, const uint8_t* arguments, size_t size) override;
  void next_step();
  void finish_message();

  FleetState& fleet_;
  const unsigned agent_;
  const unsigned number_;  // among all links
  unsigned step_ = 0;
  unsigned failures_ = 0;  // in a row
  bool is_ready_ = false;
  ContentProgress content_;
  bool is_return_ = false;  // the content that comes belongs to a basic.return
  uint64_t delivery_tag_ = 0;
  std::string correlation_id_;
  std::string reply_to_;
  std::string name_;
};

class Fleet {
 public:
  Fleet(const FleetPlan& plan, EventLoop& loop);
  ~Fleet();

  // Starts to connect all, spread by connects_per_s.
  void start(uint64_t now);
  bool all_ready() const { return state_.ready_count == link_count(); }
  uint64_t link_count() const { return uint64_t{state_.plan.agents} * connections_per_agent; }
  // Sends the next call, from one agent to another, both taken in turn.
  void call(uint64_t now);
  // Sends a message to all agents.
  void cast(uint64_t now);
  // Says goodbye on all connections.
  void close() noexcept;
  // All queues and exchanges, for the one who cleans up.
  std::vector<std::string> queue_names() const;
  std::vector<std::string> exchange_names() const;

  FleetState& state() { return state_; }

 private:
  struct Agent;

  FleetState state_;
  EventLoop& loop_;
  std::vector<std::unique_ptr<Agent>> agents_;
  unsigned next_caller_ = 0;
  unsigned stride_ = 1;
};

}  // namespace lepus::perf
