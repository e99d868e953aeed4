// Deliveries, work that takes time, acknowledgements and refusals.
#include "tools/perf/scenario/scenario_consumer.h"

#include <algorithm>
#include <cstring>

#include "tools/perf/client/methods.h"

namespace lepus::perf {

namespace {

// True for the given share of the calls, evenly spread.
bool falls_due(double& credit, double share) {
  credit += share;
  if (credit < 1 - 1e-9) return false;
  credit -= 1;
  return true;
}

}  // namespace

void ScenarioConsumer::on_open(uint64_t now) {
  ScenarioClient::on_open(now);
  content_ = {};
  delivered_tag_ = settled_tag_ = acked_tag_ = 0;
  waiting_.clear();
  const ConsumePlan& plan = group().consume;
  if (plan.prefetch > 0) write_qos(output(), plan.prefetch);
  const std::vector<std::string>& queues = place().topology->queues();
  for (size_t index = place().number % queues.size(); index < queues.size(); index += group().count)
    write_consume(output(), queues[index], plan.auto_ack, plan.arguments);
}

bool ScenarioConsumer::on_answer(MethodId id, const uint8_t* arguments, size_t size) {
  if (id == method::basic_deliver) {
    on_deliver(arguments, size);
    return true;
  }
  return id == method::basic_consume_ok || id == method::basic_qos_ok;
}

void ScenarioConsumer::on_deliver(const uint8_t* arguments, size_t size) {
  const size_t tag_offset = size_t{1} + arguments[0];
  if (size < tag_offset + 9) throw PerfError("the broker sent a basic.deliver of ", size, " bytes");
  const uint64_t tag = load_u64(arguments + tag_offset);
  if (tag != delivered_tag_ + 1)
    throw PerfError("delivery tag ", tag, " follows ", delivered_tag_, " on the same channel");
  delivered_tag_ = tag;
  is_redelivered_ = (arguments[tag_offset + 8] & 1) != 0;
}

void ScenarioConsumer::on_header(const uint8_t* payload, size_t size) {
  sent_ns_ = 0;
  if (content_.on_header(payload, size)) complete();
}

void ScenarioConsumer::on_body(const uint8_t* payload, size_t size) {
  if (content_.at_first_frame() && size >= sizeof sent_ns_)
    std::memcpy(&sent_ns_, payload, sizeof sent_ns_);
}

void ScenarioConsumer::on_body_end(size_t size) {
  if (content_.on_body_end(size)) complete();
}

void ScenarioConsumer::complete() {
  stats().delivered.add(1);
  if (is_redelivered_) stats().redelivered.add(1);
  const uint64_t now = received_ns();
  // Prefilled messages carry no time; those that came back have been counted.
  if (sent_ns_ > 0 && !is_redelivered_) stats().latency.record(now > sent_ns_ ? now - sent_ns_ : 0);
  if (group().consume.auto_ack) return;
  if (pace().delay_ms <= 0 && waiting_.empty()) return settle_next();
  const uint64_t begin = waiting_.empty() ? now : std::max(now, waiting_.back());
  waiting_.push_back(begin + static_cast<uint64_t>(pace().delay_ms * 1e6));
}

void ScenarioConsumer::act(uint64_t now) {
  while (!waiting_.empty() && waiting_.front() <= now) {
    waiting_.pop_front();
    settle_next();
  }
}

void ScenarioConsumer::settle_next() {
  const uint64_t tag = settled_tag_ + 1;
  if (falls_due(nack_credit_, pace().nack)) {
    flush_acks();
    const bool requeue = falls_due(requeue_credit_, pace().requeue);
    write_nack(output(), tag, requeue);
    stats().rejected.add(1);
    settled_tag_ = acked_tag_ = tag;
    return;
  }
  settled_tag_ = tag;
  if (settled_tag_ - acked_tag_ >= group().consume.ack_batch) flush_acks();
}

void ScenarioConsumer::flush_acks() {
  if (settled_tag_ == acked_tag_) return;
  write_ack(output(), settled_tag_, settled_tag_ - acked_tag_ > 1);
  acked_tag_ = settled_tag_;
}

}  // namespace lepus::perf
