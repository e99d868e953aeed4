// Publishing at a rate that changes with time.
#include "tools/perf/scenario/scenario_producer.h"

#include <algorithm>
#include <cmath>

#include "tools/perf/client/methods.h"

namespace lepus::perf {

std::vector<Target> targets_of(const Topology& topology, unsigned number, unsigned count) {
  const std::vector<Target>& all = topology.targets();
  std::vector<Target> own;
  for (size_t index = number % all.size(); index < all.size(); index += count)
    own.push_back(all[index]);
  return own;
}

ScenarioProducer::ScenarioProducer(const ClientPlace& place, Stats& stats)
    : ScenarioClient(place, stats) {}

void ScenarioProducer::on_open(uint64_t now) {
  ScenarioClient::on_open(now);
  content_ = {};
  window_ = ConfirmWindow(group().publish.confirm_window);
  MessageMaker::Config config;
  config.plan = &group().publish;
  config.exchange = place().topology->exchange();
  config.targets = targets_of(*place().topology, place().number, group().count);
  config.frame_size_max = connection().frame_size_max();
  messages_ = std::make_unique<MessageMaker>(config);
  is_ready_ = !window_.enabled();
  if (window_.enabled()) write_confirm_select(output());
}

bool ScenarioProducer::on_answer(MethodId id, const uint8_t* arguments, size_t size) {
  if (id == method::basic_ack || id == method::basic_nack) {
    settle(arguments, size, id == method::basic_ack);
    return true;
  }
  if (id == method::basic_return) {
    stats().returned.add(1);
    return true;
  }
  if (id != method::confirm_select_ok) return false;
  is_ready_ = true;
  return true;
}

void ScenarioProducer::settle(const uint8_t* arguments, size_t size, bool acked) {
  if (size < 9) throw PerfError("the broker sent a confirm of ", size, " bytes");
  uint64_t count = 0;
  const uint64_t received = received_ns();
  window_.on_confirm(load_u64(arguments), (arguments[8] & 1) != 0, [&](uint64_t time_ns) {
    ++count;
    stats().confirm_latency.record(received > time_ns ? received - time_ns : 0);
  });
  (acked ? stats().confirmed : stats().nacked).add(count);
}

void ScenarioProducer::on_phase(uint64_t now) {
  const double interval = interval_ns(now);
  if (std::isinf(interval)) {
    next_due_ns_ = never;
    return;
  }
  // Paced clients take turns within one interval. What is overdue stays overdue.
  const double share = place().number / std::max(1.0, static_cast<double>(pace().active));
  const uint64_t first = now + static_cast<uint64_t>(interval * share);
  const bool was_paced = next_due_ns_ != never && next_due_ns_ != 0;
  next_due_ns_ = interval > 0 && was_paced ? std::min(next_due_ns_, first) : first;
  if (interval <= 0) next_due_ns_ = 0;
}

uint64_t ScenarioProducer::due_ns() const {
  if (!is_open() || !is_ready_ || !in_phase() || window_.free_count() == 0) return never;
  return next_due_ns_;
}

void ScenarioProducer::act(uint64_t now) {
  constexpr size_t turn_size = size_t{1} << 16;
  if (connection().blocked() != is_blocked_) {
    is_blocked_ = !is_blocked_;
    if (is_blocked_) stats().blocked.add(1);
  }
  const size_t limit = output().size() + turn_size;
  while (next_due_ns_ <= now && window_.free_count() > 0 && output().size() < limit) {
    const double interval = interval_ns(next_due_ns_);
    if (std::isinf(interval)) {
      // A ramp from nothing: look again soon.
      constexpr uint64_t look_again_ns = 1000000;
      next_due_ns_ = now + look_again_ns;
      return;
    }
    const uint64_t due = interval > 0 ? next_due_ns_ : now;
    if (interval > 0) stats().send_lag.record(now - due);
    publish(due);
    next_due_ns_ = interval > 0 ? due + std::max<uint64_t>(1, static_cast<uint64_t>(interval)) : 0;
  }
}

void ScenarioProducer::publish(uint64_t time_ns) {
  window_.on_publish(time_ns);
  messages_->append(output(), time_ns);
  stats().published.add(1);
}

}  // namespace lepus::perf
