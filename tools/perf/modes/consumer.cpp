// The consumer's turn: one large receive, skip through it, acks out.
#include "tools/perf/modes/consumer.h"

#include "tools/perf/client/methods.h"
#include "tools/perf/modes/control.h"

namespace lepus::perf {

namespace {
constexpr size_t receive_size_small = size_t{1} << 18;
// Large bodies are dropped in the kernel, so the buffer only has to take what stands between them.
constexpr uint64_t body_size_large = 32768;
constexpr size_t receive_size_large = 4096;
constexpr unsigned receives_per_turn_large = 64;
// A producer of the same thread publishes 256 KiB a turn at most (publish_ring.h). A consumer goes
// on as long as its buffer is filled, so that many producers, or a fanout, cannot outrun it within
// the generator: what the broker delivers is read before more is published.
constexpr unsigned receives_per_turn_small = 32;
// A broker that does not read acks is not sent more work to acknowledge.
constexpr size_t ack_backlog_size_max = size_t{1} << 20;
}  // namespace

Consumer::Consumer(const Config& config, Stats& stats)
    : stats_(stats),
      budget_(config.budget),
      auto_ack_(config.options->auto_ack),
      // What is drained was written long ago, perhaps before this machine was started.
      stamped_(config.options->body_size >= sizeof(uint64_t) &&
               config.options->mode != Mode::drain),
      ack_batch_(config.options->ack_batch),
      receives_per_turn_(config.options->body_size >= body_size_large ? receives_per_turn_large
                                                                      : receives_per_turn_small) {
  const Options& options = *config.options;
  ConnectionConfig connect;
  connect.uri = &options.uri;
  connect.frame_size_max = options.frame_size_max;
  connect.receive_size =
      options.body_size >= body_size_large ? receive_size_large : receive_size_small;
  connect.number = options.producers + config.number;
  connection_.open_and_wait(connect);
  if (!auto_ack_ && options.prefetch > 0) {
    write_qos(connection_.output(), options.prefetch);
    call(connection_, method::basic_qos_ok);
  }
  const std::vector<std::string>& queues = config.topology->queues();
  for (size_t index = config.number % queues.size(); index < queues.size();
       index += options.consumers) {
    write_consume(connection_.output(), queues[index], auto_ack_, options.consumer_arguments);
    ++consumes_pending_;
  }
  // Deliveries may follow the first consume-ok at once, so the ordinary path waits for the others.
  constexpr int answer_timeout_ms = 60000;
  connection_.flush_and_wait();
  while (consumes_pending_ > 0) {
    connection_.wait_readable(answer_timeout_ms);
    receive();
  }
}

uint64_t Consumer::wake_ns() const {
  const size_t backlog_size = connection_.output_size();
  if (readable && backlog_size < ack_backlog_size_max) return 0;
  return writable && backlog_size > 0 ? 0 : never;
}

void Consumer::run(uint64_t) {
  if (readable && connection_.output_size() < ack_backlog_size_max) receive();
  if (writable && connection_.output_size() > 0) writable = connection_.flush();
}

void Consumer::receive() {
  const uint64_t completed_before = completed_;
  readable = true;
  for (unsigned count = 0; readable && count < receives_per_turn_; ++count) {
    received_ns_ = 0;
    readable = connection_.receive(*this);
  }
  stats_.delivered.add(completed_ - completed_before);
  if (redelivered_ > 0) {
    stats_.redelivered.add(redelivered_);
    redelivered_ = 0;
  }
  if (!auto_ack_) write_acks();
}

void Consumer::on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
  if (id == method::basic_deliver) return on_deliver(arguments, size);
  if (id == method::basic_consume_ok && consumes_pending_ > 0) {
    --consumes_pending_;
    return;
  }
  connection_.on_method(channel, id, arguments, size);
}

void Consumer::on_deliver(const uint8_t* arguments, size_t size) {
  const size_t tag_offset = size_t{1} + arguments[0];
  if (size < tag_offset + 9) throw PerfError("the broker sent a basic.deliver of ", size, " bytes");
  const uint64_t tag = load_u64(arguments + tag_offset);
  if (tag != delivered_tag_ + 1) {
    throw PerfError("delivery tag ", tag, " follows ", delivered_tag_, " on the same channel");
  }
  delivered_tag_ = tag;
  redelivered_ += arguments[tag_offset + 8] & 1;
}

void Consumer::on_header(const uint8_t* payload, size_t size) {
  sent_ns_ = 0;
  if (content_.on_header(payload, size)) complete();
}

void Consumer::on_body(const uint8_t* payload, size_t size) {
  if (!stamped_ || !content_.at_first_frame() || size < sizeof sent_ns_) return;
  std::memcpy(&sent_ns_, payload, sizeof sent_ns_);
}

void Consumer::on_body_end(size_t size) {
  if (!content_.on_body_end(size)) return;
  complete();
  if (sent_ns_ == 0) return;
  // One clock reading for all that a receive brought: it had all arrived when the call returned.
  if (received_ns_ == 0) received_ns_ = now_ns();
  stats_.latency.record(received_ns_ > sent_ns_ ? received_ns_ - sent_ns_ : 0);
}

// Once the budget is used up nothing more is taken, so what was is a prefix of the deliveries.
void Consumer::complete() {
  if (budget_ == nullptr || budget_->take()) ++completed_;
}

void Consumer::write_acks() {
  while (completed_ - acked_tag_ >= ack_batch_) {
    acked_tag_ += ack_batch_;
    write_ack(connection_.output(), acked_tag_, ack_batch_ > 1);
  }
}

void Consumer::close() noexcept {
  if (!auto_ack_ && acked_tag_ < completed_) {
    acked_tag_ = completed_;
    write_ack(connection_.output(), acked_tag_, true);
  }
  connection_.close_and_wait();
}

}  // namespace lepus::perf
