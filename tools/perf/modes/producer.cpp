// The producer's turn: confirms in, messages prepared, bytes out.
#include "tools/perf/modes/producer.h"

#include "tools/perf/client/methods.h"
#include "tools/perf/goal.h"
#include "tools/perf/modes/control.h"

namespace lepus::perf {

Producer::Producer(const Config& config, Stats& stats)
    : stats_(stats),
      window_(config.options->confirm_window),
      share_(share_of_messages(*config.options, config.number)) {
  const Options& options = *config.options;
  ConnectionConfig connect;
  connect.uri = &options.uri;
  connect.frame_size_max = options.frame_size_max;
  connect.number = config.number;
  connection_.open_and_wait(connect);
  if (window_.enabled()) {
    write_confirm_select(connection_.output());
    call(connection_, method::confirm_select_ok);
  }
  PublishRing::Config ring;
  ring.options = &options;
  ring.exchange = config.topology->exchange();
  ring.targets = own_targets(config);
  ring.frame_size_max = connection_.frame_size_max();
  ring_ = std::make_unique<PublishRing>(ring);
  if (options.rate_per_s > 0) interval_ns_ = 1e9 * options.producers / options.rate_per_s;
}

// With more queues than producers each producer serves its share of them in turn.
std::vector<Target> Producer::own_targets(const Config& config) {
  const std::vector<Target>& all = config.topology->targets();
  std::vector<Target> own;
  const size_t step = config.options->producers;
  for (size_t index = config.number % all.size(); index < all.size(); index += step)
    own.push_back(all[index]);
  return own;
}

void Producer::start(uint64_t start_ns) { start_ns_ = start_ns; }

uint64_t Producer::due_ns() const {
  return start_ns_ +
         static_cast<uint64_t>(static_cast<double>(ring_->prepared_count()) * interval_ns_);
}

uint64_t Producer::wake_ns() const {
  if (readable) return 0;
  if (!writable) return never;
  if (ring_->pending()) return 0;
  if (window_.free_count() == 0 || left_count() == 0) return never;
  return paced() ? due_ns() : start_ns_;
}

void Producer::run(uint64_t now) {
  if (readable) {
    received_ns_ = 0;
    readable = connection_.receive(*this);
    if (connection_.blocked() != was_blocked_) {
      was_blocked_ = !was_blocked_;
      if (was_blocked_) stats_.blocked.add(1);
    }
  }
  if (!writable) return;
  prepare(now);
  if (ring_->pending()) writable = ring_->send(connection_);
  const uint64_t sent = ring_->sent_count();
  stats_.published.add(sent - sent_reported_);
  sent_reported_ = sent;
}

void Producer::prepare(uint64_t now) {
  uint64_t count = std::min({ring_->free_count(), window_.free_count(), left_count()});
  if (now < start_ns_) return;
  if (!paced()) {
    for (; count > 0; --count) {
      window_.on_publish(now);
      ring_->prepare(now);
    }
    return;
  }
  for (; count > 0; --count) {
    const uint64_t due = due_ns();
    if (due > now) return;
    stats_.send_lag.record(now - due);
    window_.on_publish(due);
    ring_->prepare(due);
  }
}

void Producer::on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
  if (id == method::basic_ack) return settle(arguments, size, true);
  if (id == method::basic_nack) return settle(arguments, size, false);
  if (id == method::basic_return) return stats_.returned.add(1);
  connection_.on_method(channel, id, arguments, size);
}

void Producer::settle(const uint8_t* arguments, size_t size, bool acked) {
  if (size < 9) throw PerfError("the broker sent a confirm of ", size, " bytes");
  uint64_t count = 0;
  // One clock reading for all that a receive brought: it had all arrived when the call returned.
  if (received_ns_ == 0) received_ns_ = now_ns();
  window_.on_confirm(load_u64(arguments), (arguments[8] & 1) != 0, [&](uint64_t time_ns) {
    ++count;
    stats_.confirm_latency.record(received_ns_ > time_ns ? received_ns_ - time_ns : 0);
  });
  (acked ? stats_.confirmed : stats_.nacked).add(count);
}

void Producer::close() noexcept {
  try {
    constexpr int stalled_ms = 1000;
    while (!ring_->send(connection_)) connection_.wait_writable(stalled_ms);
    connection_.close_and_wait();
  } catch (const PerfError&) {
    connection_.close_socket();
  }
}

}  // namespace lepus::perf
