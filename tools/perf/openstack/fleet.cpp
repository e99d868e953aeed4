// The three links of an agent, and calls among them.
#include "tools/perf/openstack/fleet.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tools/perf/client/methods.h"
#include "tools/perf/modes/rpc.h"

namespace lepus::perf {

namespace {

constexpr std::array<const char*, network_topic_count> network_topics{
    "q-agent-notifier-port-update",         "q-agent-notifier-port-delete",
    "q-agent-notifier-network-update",      "q-agent-notifier-security_group-update",
    "q-agent-notifier-l2population-update", "q-agent-notifier-dvr-update"};

// oslo.messaging's rabbit_transient_queues_ttl.
const std::vector<std::pair<std::string, std::string>> expiring_arguments{{"x-expires", "1800000"}};

ConnectionConfig link_config(const FleetState& fleet, unsigned number) {
  ConnectionConfig config;
  config.uri = fleet.plan.uri;
  config.receive_size = 2048;
  config.number = number;
  return config;
}

std::string agent_name(const FleetPlan& plan, const char* kind, unsigned agent) {
  return fmt::format("{}.{}.host-{:05}", plan.prefix, kind, agent);
}

}  // namespace

// ---- one connection -----------------------------------------------------------------------

AgentLink::AgentLink(FleetState& fleet, unsigned agent, unsigned link)
    : Session(link_config(fleet, agent * connections_per_agent + link)),
      fleet_(fleet),
      agent_(agent),
      number_(agent * connections_per_agent + link) {}

const std::string& AgentLink::name(const char* kind) {
  name_ = fleet_.plan.prefix + "." + kind;
  return name_;
}

std::string AgentLink::own_name(const char* kind) const {
  return agent_name(fleet_.plan, kind, agent_);
}

void AgentLink::declare_exchange(const std::string& exchange, const char* type) {
  write_exchange_declare(output(), exchange, type, false);
}

void AgentLink::declare_queue(const std::string& queue, bool expires) {
  QueueDeclare declare;
  declare.name = queue;
  if (expires) declare.arguments = &expiring_arguments;
  write_queue_declare(output(), declare);
}

void AgentLink::bind(const std::string& queue, const std::string& exchange,
                     const std::string& key) {
  QueueBind bind;
  bind.queue = queue;
  bind.exchange = exchange;
  bind.key = key;
  write_queue_bind(output(), bind);
}

void AgentLink::on_open(uint64_t) {
  failures_ = 0;
  step_ = 0;
  content_ = {};
  fleet_.connect_latency.record(now_ns() - connect_started_ns());
  next_step();
}

void AgentLink::next_step() {
  if (write_step(step_++)) return;
  is_ready_ = true;
  ++fleet_.ready_count;
}

void AgentLink::on_lost(const PerfError& why, uint64_t now) {
  constexpr uint64_t pause_ns = 200000000;
  constexpr unsigned doublings_max = 4;
  if (is_ready_) --fleet_.ready_count;
  is_ready_ = false;
  ++fleet_.lost_count;
  fleet_.last_error = why.what();
  const uint64_t pause = pause_ns << std::min(failures_++, doublings_max);
  // Spread by number, as kombu's pauses are by chance.
  connect_at(now + pause + pause * (number_ % 64) / 64);
}

bool AgentLink::on_answer(MethodId id, const uint8_t* arguments, size_t size) {
  switch (id) {
    case method::exchange_declare_ok:
    case method::queue_declare_ok:
    case method::queue_bind_ok:
      ++fleet_.declared_count;
      next_step();
      return true;
    case method::basic_consume_ok:
    case method::confirm_select_ok:
      next_step();
      return true;
    case method::basic_ack:
      return true;
    case method::basic_nack:
      ++fleet_.nacked_count;
      return true;
    case method::basic_return:
      ++fleet_.returned_count;
      is_return_ = true;
      return true;
    case method::basic_deliver: {
      const size_t tag_offset = size_t{1} + arguments[0];
      if (size < tag_offset + 9) throw PerfError("the broker sent a short basic.deliver");
      delivery_tag_ = load_u64(arguments + tag_offset);
      is_return_ = false;
      return true;
    }
    default:
      return false;
  }
}

void AgentLink::on_header(const uint8_t* payload, size_t size) {
  correlation_id_.clear();
  reply_to_.clear();
  const bool is_complete = content_.on_header(payload, size);
  read_rpc_properties(payload, size, correlation_id_, reply_to_);
  if (is_complete) finish_message();
}

void AgentLink::on_body_end(size_t size) {
  if (content_.on_body_end(size)) finish_message();
}

void AgentLink::finish_message() {
  if (is_return_) return;
  write_ack(output(), delivery_tag_, false);
  on_message(correlation_id_, reply_to_);
}

bool AgentLink::send(const Letter& letter, uint64_t now) {
  if (!can_send()) return false;
  Bytes properties;
  Writer to(properties);
  Publish publish;
  publish.flags = property_correlation_id;
  to.short_string(letter.correlation_id);
  if (!letter.reply_to.empty()) {
    publish.flags |= property_reply_to;
    to.short_string(letter.reply_to);
  }
  publish.exchange = letter.exchange;
  publish.key = letter.key;
  publish.mandatory = true;
  publish.properties = {reinterpret_cast<const char*>(properties.data()), properties.size()};
  publish.body_size = fleet_.plan.body_size;
  publish.frame_size_max = connection().frame_size_max();
  write_publish(output(), publish);
  static_cast<void>(now);
  // The loop runs a link when its socket has news; this is news of ours.
  if (loop() != nullptr) loop()->wake(*this);
  return true;
}

// ---- the links of an agent ----------------------------------------------------------------

class SenderLink final : public AgentLink {
 public:
  SenderLink(FleetState& fleet, unsigned agent) : AgentLink(fleet, agent, 0) {}

 private:
  bool write_step(unsigned step) override {
    if (step == 0) declare_exchange(name("compute"), "topic");
    if (step == 1) write_confirm_select(output());
    return step < 2;
  }
  void on_message(const std::string&, const std::string&) override {}
};

class ReplyLink final : public AgentLink {
 public:
  ReplyLink(FleetState& fleet, unsigned agent) : AgentLink(fleet, agent, 1) {}

 private:
  bool write_step(unsigned step) override {
    const std::string queue = own_name("reply");
    if (step == 0) declare_exchange(queue, "direct");
    if (step == 1) declare_queue(queue, true);
    if (step == 2) bind(queue, queue, queue);
    if (step == 3) write_consume(output(), queue, false, {});
    return step < 4;
  }
  void on_message(const std::string& correlation_id, const std::string&) override {
    uint64_t number = 0;
    std::from_chars(correlation_id.data(), correlation_id.data() + correlation_id.size(), number);
    if (const auto took = fleet().calls.answer(number, received_ns()))
      fleet().call_latency.record(*took);
  }
};

class ServerLink final : public AgentLink {
 public:
  ServerLink(FleetState& fleet, unsigned agent, SenderLink& sender)
      : AgentLink(fleet, agent, 2), sender_(sender) {}

 private:
  bool write_step(unsigned step) override {
    constexpr unsigned own_steps = 8;
    constexpr unsigned declares = own_steps + 3 * network_topic_count;
    if (step < own_steps) {
      write_own_step(step);
      return true;
    }
    if (step < declares) {
      const unsigned index = (step - own_steps) / 3;
      write_fanout_step((step - own_steps) % 3, network_topics[index]);
      return true;
    }
    return write_consume_step(step - declares);
  }

  void write_own_step(unsigned step) {
    const std::string host = own_name("compute");
    if (step == 0) declare_exchange(name("compute"), "topic");
    if (step == 1) declare_queue(fleet().plan.prefix + ".compute", false);
    if (step == 2) bind(fleet().plan.prefix + ".compute", name("compute"), "compute");
    if (step == 3) declare_queue(host, false);
    if (step == 4) bind(host, name("compute"), host);
    if (step > 4) write_fanout_step(step - 5, "compute_fanout");
  }

  void write_fanout_step(unsigned step, const char* topic) {
    const std::string queue = own_name(topic);
    if (step == 0) declare_exchange(name(topic), "fanout");
    if (step == 1) declare_queue(queue, true);
    if (step == 2) bind(queue, name(topic), "");
  }

  bool write_consume_step(unsigned index) {
    std::string queue;
    if (index == 0) queue = own_name("compute");
    if (index == 1) queue = name("compute");
    if (index == 2) queue = own_name("compute_fanout");
    if (index >= 3 && index < 3 + network_topic_count) queue = own_name(network_topics[index - 3]);
    if (queue.empty()) return false;
    write_consume(output(), queue, false, {});
    return true;
  }

  void on_message(const std::string& correlation_id, const std::string& reply_to) override {
    if (reply_to.empty()) {
      ++fleet().fanout_count;
      return;
    }
    if (!sender_.send({reply_to, reply_to, correlation_id, {}}, received_ns()))
      ++fleet().unsent_count;
  }

  SenderLink& sender_;
};

struct Fleet::Agent {
  SenderLink sender;
  ReplyLink replies;
  ServerLink server;

  Agent(FleetState& fleet, unsigned number)
      : sender(fleet, number), replies(fleet, number), server(fleet, number, sender) {}
  std::array<AgentLink*, connections_per_agent> links() { return {&sender, &replies, &server}; }
};

// ---- all of them --------------------------------------------------------------------------

Fleet::Fleet(const FleetPlan& plan, EventLoop& loop) : state_(plan), loop_(loop) {
  for (unsigned number = 0; number < plan.agents; ++number)
    agents_.push_back(std::make_unique<Agent>(state_, number));
  // A stride that shares no factor with most counts, so that partners change.
  stride_ = plan.agents > 2 ? plan.agents / 2 + 1 : 1;
}

Fleet::~Fleet() = default;

void Fleet::start(uint64_t now) {
  const double gap_ns = 1e9 / state_.plan.connects_per_s;
  uint64_t number = 0;
  for (const auto& agent : agents_) {
    for (AgentLink* link : agent->links()) {
      link->connect_at(now + static_cast<uint64_t>(gap_ns * static_cast<double>(number++)));
      loop_.watch(*link);
    }
  }
}

void Fleet::call(uint64_t now) {
  const unsigned caller = next_caller_;
  next_caller_ = (next_caller_ + 1) % state_.plan.agents;
  if (next_caller_ == 0) stride_ = stride_ % state_.plan.agents + 1;
  const unsigned target = (caller + stride_) % state_.plan.agents;
  Agent& from = *agents_[caller];
  if (!from.sender.can_send() || !from.replies.is_ready()) {
    ++state_.unsent_count;
    return;
  }
  const uint64_t number = state_.calls.begin(now);
  const std::string id = std::to_string(number);
  from.sender.send({state_.plan.prefix + ".compute", agent_name(state_.plan, "compute", target), id,
                    agent_name(state_.plan, "reply", caller)},
                   now);
}

void Fleet::cast(uint64_t now) {
  Agent& from = *agents_[next_caller_];
  if (!from.sender.send({state_.plan.prefix + "." + network_topics[0], {}, "cast", {}}, now))
    ++state_.unsent_count;
}

void Fleet::close() noexcept {
  constexpr uint64_t patience_ns = 5000000000;
  const uint64_t start_ns = now_ns();
  for (const auto& agent : agents_) {
    for (AgentLink* link : agent->links()) {
      try {
        if (link->is_open()) link->connection().start_close();
        if (link->is_open()) link->connection().flush();
      } catch (const PerfError&) {
        link->connection().close_socket();
      }
    }
  }
  for (const auto& agent : agents_) {
    for (AgentLink* link : agent->links()) {
      if (now_ns() - start_ns < patience_ns) link->connection().close_and_wait();
    }
  }
}

std::vector<std::string> Fleet::queue_names() const {
  std::vector<std::string> names{state_.plan.prefix + ".compute"};
  for (unsigned number = 0; number < state_.plan.agents; ++number) {
    for (const char* kind : {"compute", "compute_fanout", "reply"})
      names.push_back(agent_name(state_.plan, kind, number));
    for (const char* topic : network_topics)
      names.push_back(agent_name(state_.plan, topic, number));
  }
  return names;
}

std::vector<std::string> Fleet::exchange_names() const {
  std::vector<std::string> names;
  for (const char* kind : {"compute", "compute_fanout"})
    names.push_back(state_.plan.prefix + "." + kind);
  for (const char* topic : network_topics) names.push_back(state_.plan.prefix + "." + topic);
  for (unsigned number = 0; number < state_.plan.agents; ++number)
    names.push_back(agent_name(state_.plan, "reply", number));
  return names;
}

}  // namespace lepus::perf
