// Pollers and churners; and which client a role has.
#include "tools/perf/scenario/scenario_others.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tools/perf/client/methods.h"
#include "tools/perf/scenario/scenario_consumer.h"
#include "tools/perf/scenario/scenario_producer.h"

namespace lepus::perf {

namespace {

constexpr uint16_t churned_channel = 2;  // beside the one that stays

}  // namespace

// ---- poller -----------------------------------------------------------------------------------

void ScenarioPoller::on_open(uint64_t now) {
  ScenarioClient::on_open(now);
  content_ = {};
  is_waiting_ = false;
  next_queue_ = place().number % place().topology->queues().size();
}

bool ScenarioPoller::on_answer(MethodId id, const uint8_t* arguments, size_t size) {
  if (id == method::basic_get_empty) {
    stats().polled_empty.add(1);
    finish_question();
    return true;
  }
  if (id != method::basic_get_ok) return false;
  if (size < 9) throw PerfError("the broker sent a basic.get-ok of ", size, " bytes");
  tag_ = load_u64(arguments);
  if ((arguments[8] & 1) != 0) stats().redelivered.add(1);
  return true;
}

void ScenarioPoller::on_header(const uint8_t* payload, size_t size) {
  sent_ns_ = 0;
  if (content_.on_header(payload, size)) complete();
}

void ScenarioPoller::on_body(const uint8_t* payload, size_t size) {
  if (content_.at_first_frame() && size >= sizeof sent_ns_)
    std::memcpy(&sent_ns_, payload, sizeof sent_ns_);
}

void ScenarioPoller::on_body_end(size_t size) {
  if (content_.on_body_end(size)) complete();
}

void ScenarioPoller::complete() {
  stats().delivered.add(1);
  const uint64_t now = received_ns();
  if (sent_ns_ > 0) stats().latency.record(now > sent_ns_ ? now - sent_ns_ : 0);
  if (!group().consume.auto_ack) write_ack(output(), tag_, false);
  finish_question();
}

void ScenarioPoller::finish_question() {
  is_waiting_ = false;
  next_ask_ns_ = received_ns() + static_cast<uint64_t>(group().interval_ms * 1e6);
}

void ScenarioPoller::act(uint64_t) {
  const std::vector<std::string>& queues = place().topology->queues();
  write_get(output(), queues[next_queue_], group().consume.auto_ack);
  next_queue_ = (next_queue_ + 1) % queues.size();
  is_waiting_ = true;
}

// ---- churner ----------------------------------------------------------------------------------

ScenarioChurner::ScenarioChurner(const ClientPlace& place, Stats& stats)
    : ScenarioClient(place, stats),
      queue_(fmt::format("perf.churn.{}.{}", group().name, place.number)) {}

void ScenarioChurner::on_phase(uint64_t now) {
  const double interval = interval_ns(now);
  if (std::isinf(interval)) {
    next_due_ns_ = never;
    return;
  }
  const uint64_t first =
      now + static_cast<uint64_t>(interval * place().number / std::max(1u, group().count));
  next_due_ns_ = next_due_ns_ == never ? first : std::min(next_due_ns_, first);
}

uint64_t ScenarioChurner::due_ns() const {
  if (is_busy_ || !in_phase() || (keeps_connection() ? !is_open() : state() != State::idle))
    return never;
  return next_due_ns_;
}

void ScenarioChurner::act(uint64_t now) {
  const double interval = interval_ns(next_due_ns_);
  begun_ns_ = interval > 0 ? next_due_ns_ : now;
  is_busy_ = true;
  next_due_ns_ = interval > 0
                     ? next_due_ns_ + static_cast<uint64_t>(std::isinf(interval) ? 1e6 : interval)
                     : now;
  begin(now);
}

void ScenarioChurner::begin(uint64_t now) {
  switch (group().churn) {
    case ChurnKind::connection:
    case ChurnKind::publish:
      return connect_at(now);
    case ChurnKind::channel:
      return write_channel_open(output(), churned_channel);
    case ChurnKind::queue: {
      QueueDeclare declare;
      declare.name = queue_;
      return write_queue_declare(output(), declare);
    }
  }
}

void ScenarioChurner::on_open(uint64_t now) {
  ScenarioClient::on_open(now);
  if (keeps_connection()) return;
  if (group().churn == ChurnKind::connection) return close_in_order();
  const bool is_confirmed = group().publish.confirm_window > 0;
  if (is_confirmed) write_confirm_select(output());
  MessageMaker::Config config;
  config.plan = &group().publish;
  config.exchange = place().topology->exchange();
  config.targets = targets_of(*place().topology, place().number, group().count);
  config.frame_size_max = connection().frame_size_max();
  MessageMaker(config).append(output(), begun_ns_);
  stats().published.add(1);
  if (!is_confirmed) close_in_order();
}

bool ScenarioChurner::on_answer(MethodId id, const uint8_t*, size_t) {
  if (id == method::confirm_select_ok) return true;
  if (id == method::basic_ack || id == method::basic_nack) {
    (id == method::basic_ack ? stats().confirmed : stats().nacked).add(1);
    stats().confirm_latency.record(received_ns() - begun_ns_);
    close_in_order();
    return true;
  }
  if (!is_busy_ || state() == State::closing) return false;
  if (id == method::channel_open_ok) {
    write_channel_close(output(), churned_channel);
  } else if (id == method::queue_declare_ok) {
    write_queue_delete(output(), queue_);
  } else if (id == method::channel_close_ok || id == method::queue_delete_ok) {
    finish(received_ns());
  } else {
    return false;
  }
  return true;
}

void ScenarioChurner::on_closed(uint64_t) { finish(now_ns()); }

void ScenarioChurner::finish(uint64_t now) {
  is_busy_ = false;
  stats().operations.add(1);
  stats().latency.record(now > begun_ns_ ? now - begun_ns_ : 0);
}

// ---- roles ------------------------------------------------------------------------------------

std::unique_ptr<ScenarioClient> make_client(const ClientPlace& place, Stats& stats) {
  switch (place.scenario->groups[place.group].role) {
    case Role::producer:
      return std::make_unique<ScenarioProducer>(place, stats);
    case Role::consumer:
      return std::make_unique<ScenarioConsumer>(place, stats);
    case Role::poller:
      return std::make_unique<ScenarioPoller>(place, stats);
    case Role::idle:
      return std::make_unique<ScenarioIdler>(place, stats);
    case Role::churn:
      return std::make_unique<ScenarioChurner>(place, stats);
  }
  return nullptr;
}

}  // namespace lepus::perf
