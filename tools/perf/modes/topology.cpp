// Declaring is pipelined in blocks, so that thousands of queues or bindings take no round trip
// each.
#include "tools/perf/modes/topology.h"

#include "tools/perf/client/methods.h"
#include "tools/perf/modes/control.h"

namespace lepus::perf {

namespace {

constexpr size_t pipeline_count = 500;

// Runs `write(index)` for all indices, waiting for the answers after each block.
template <class Write>
void pipeline(Connection& control, size_t count, MethodId answer, Write write) {
  for (size_t index = 0; index < count;) {
    const size_t block_end = std::min(count, index + pipeline_count);
    const size_t block_size = block_end - index;
    for (; index < block_end; ++index) write(index);
    call(control, answer, block_size);
  }
}

bool uses_exchange(ExchangeType type) { return type != ExchangeType::default_exchange; }

}  // namespace

Topology::Topology(const Options& options) : options_(options) {
  const ExchangeType type = options.exchange_type;
  if (uses_exchange(type)) exchange_ = options.prefix + "." + name_of(type);
  const size_t width = std::to_string(options.queues - 1).size();
  for (unsigned index = 0; index < options.queues; ++index) {
    queues_.push_back(fmt::format("{}.q{:0{}}", options.prefix, index, width));
    switch (type) {
      case ExchangeType::default_exchange:
      case ExchangeType::direct:
        targets_.push_back({queues_.back(), ""});
        break;
      case ExchangeType::topic:
        targets_.push_back({queues_.back() + ".event", ""});
        break;
      case ExchangeType::headers:
        targets_.push_back({"", queues_.back()});
        break;
      case ExchangeType::fanout:
        if (targets_.empty()) targets_.push_back({options.prefix, ""});
        break;
    }
  }
}

void Topology::declare(Connection& control) const {
  Bytes& out = control.output();
  if (uses_exchange(options_.exchange_type)) {
    write_exchange_declare(out, exchange_, name_of(options_.exchange_type), options_.persistent);
    call(control, method::exchange_declare_ok);
  }
  const bool has_streams = options_.has_streams();
  if (has_streams && !options_.keep) {  // A stream cannot be emptied.
    pipeline(control, queues_.size(), method::queue_delete_ok,
             [&](size_t index) { write_queue_delete(out, queues_[index]); });
  }
  pipeline(control, queues_.size(), method::queue_declare_ok, [&](size_t index) {
    QueueDeclare declare;
    declare.name = queues_[index];
    declare.durable = options_.persistent;
    declare.arguments = &options_.queue_arguments;
    write_queue_declare(out, declare);
  });
  if (!has_streams && !options_.keep) {
    pipeline(control, queues_.size(), method::queue_purge_ok,
             [&](size_t index) { write_queue_purge(out, queues_[index]); });
  }
  if (!uses_exchange(options_.exchange_type)) return;
  for (size_t index = 0; index < queues_.size(); ++index) bind_queue(control, index);
}

void Topology::bind_queue(Connection& control, size_t index) const {
  Bytes& out = control.output();
  const ExchangeType type = options_.exchange_type;
  QueueBind bind;
  bind.queue = queues_[index];
  bind.exchange = exchange_;
  const std::string pattern = type == ExchangeType::topic ? queues_[index] + ".*" : queues_[index];
  (type == ExchangeType::headers ? bind.header_value : bind.key) = pattern;
  write_queue_bind(out, bind);
  call(control, method::queue_bind_ok);
  pipeline(control, options_.bindings, method::queue_bind_ok, [&](size_t extra) {
    // The first words are those of a matching key, so that a broker cannot reject them all at the
    // first word.
    const std::string other = fmt::format("{}.n{}x{}{}", options_.prefix, extra, index,
                                          type == ExchangeType::topic ? ".*" : "");
    (type == ExchangeType::headers ? bind.header_value : bind.key) = other;
    write_queue_bind(out, bind);
  });
}

uint64_t Topology::waiting_count(Connection& control) const {
  uint64_t sum = 0;
  for (const std::string& queue : queues_) {
    QueueDeclare declare;
    declare.name = queue;
    declare.passive = true;
    write_queue_declare(control.output(), declare);
    const Bytes arguments = call(control, method::queue_declare_ok);
    Reader answer(arguments.data(), arguments.size());
    answer.short_string();
    sum += answer.u32();
  }
  return sum;
}

void Topology::remove(Connection& control) const noexcept {
  if (options_.keep) return;
  try {
    Bytes& out = control.output();
    pipeline(control, queues_.size(), method::queue_delete_ok,
             [&](size_t index) { write_queue_delete(out, queues_[index]); });
    if (!uses_exchange(options_.exchange_type)) return;
    write_exchange_delete(out, exchange_);
    call(control, method::exchange_delete_ok);
  } catch (const PerfError&) {
    // The run's own error, if there was one, has already been kept; leftovers are purged by the
    // next run.
  }
}

}  // namespace lepus::perf
