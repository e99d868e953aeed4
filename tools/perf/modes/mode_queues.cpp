// Mode queues: declares --count queues (durable with --persistent) on one channel with --window
// declares in flight, holds them for --duration, deletes them the same way.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tools/perf/client/connection.h"
#include "tools/perf/client/event_loop.h"
#include "tools/perf/client/methods.h"
#include "tools/perf/modes/modes.h"
#include "tools/perf/progress.h"
#include "tools/perf/report.h"

namespace lepus::perf {

namespace {

constexpr uint64_t progress_ns = 1000000000;

double seconds_since(uint64_t start_ns) { return static_cast<double>(now_ns() - start_ns) / 1e9; }

// Keeps a window of requests of one kind in flight until all are answered. Called by the frame
// scanner.
class Pipeline {
 public:
  struct Config {
    const char* what;
    MethodId answer;
    uint64_t count;
    uint64_t window;
    bool quiet;
    bool interruptible;
  };
  Pipeline(Connection& connection, const Config& config)
      : connection_(connection), config_(config) {}

  // write(index) appends the request to the connection's output.
  template <class Write>
  void run(Write write) {
    constexpr int answer_timeout_ms = 60000;
    const uint64_t start_ns = now_ns();
    uint64_t report_ns = start_ns + progress_ns;
    ProgressLine progress(config_.quiet);
    while (answered_ < wanted_count()) {
      // Refilled by halves, so that requests travel in batches.
      if (sent_ - answered_ <= config_.window / 2) {
        for (; sent_ < wanted_count() && sent_ - answered_ < config_.window; ++sent_) write(sent_);
      }
      if (connection_.flush())
        connection_.wait_readable(answer_timeout_ms);
      else
        connection_.wait_either(answer_timeout_ms);
      connection_.receive(*this);
      if (now_ns() < report_ns) continue;
      const double passed_s = seconds_since(start_ns);
      progress.show(fmt::format("{:6.1f} s  {} of {} queues {}", passed_s, answered_, config_.count,
                                config_.what),
                    seconds_left_at(answered_, config_.count, passed_s));
      report_ns += progress_ns;
    }
  }
  uint64_t answered_count() const { return answered_; }

  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
    if (id != config_.answer) return connection_.on_method(channel, id, arguments, size);
    ++answered_;
  }
  void on_header(const uint8_t*, size_t) {}
  void on_body(const uint8_t*, size_t) {}
  void on_body_end(size_t) {}

 private:
  // After an interrupt, what has been sent is still waited for.
  uint64_t wanted_count() const {
    return config_.interruptible && interrupted() ? sent_ : config_.count;
  }

  Connection& connection_;
  const Config config_;
  uint64_t sent_ = 0;
  uint64_t answered_ = 0;
};

void hold(const Options& options) {
  constexpr auto step = std::chrono::milliseconds(20);
  const uint64_t start_ns = now_ns();
  while (seconds_since(start_ns) < options.duration_s && !interrupted())
    std::this_thread::sleep_for(step);
}

}  // namespace

RunReport run_queues(const Options& options) {
  Connection connection;
  ConnectionConfig config;
  config.uri = &options.uri;
  config.frame_size_max = options.frame_size_max;
  config.receive_size = size_t{1} << 16;
  connection.open_and_wait(config);
  const uint64_t window = options.window > 0 ? options.window : 1000;
  const auto name = [&](uint64_t index) { return fmt::format("{}.n{}", options.prefix, index); };

  ObjectsResult result;
  result.unit = "queue";
  result.broker_before = sample_process(options.pid);
  const uint64_t create_ns = now_ns();
  Pipeline declares(connection, {"declared", method::queue_declare_ok, options.count, window,
                                 options.output.quiet, true});
  declares.run([&](uint64_t index) {
    const std::string queue = name(index);
    QueueDeclare declare;
    declare.name = queue;
    declare.durable = options.persistent;
    declare.arguments = &options.queue_arguments;
    write_queue_declare(connection.output(), declare);
  });
  result.create_s = seconds_since(create_ns);
  result.count = declares.answered_count();
  result.broker_created = sample_process(options.pid);
  hold(options);
  result.broker_after = sample_process(options.pid);
  const uint64_t remove_ns = now_ns();
  Pipeline deletes(connection, {"deleted", method::queue_delete_ok, result.count, window,
                                options.output.quiet, false});
  deletes.run([&](uint64_t index) { write_queue_delete(connection.output(), name(index)); });
  result.remove_s = seconds_since(remove_ns);
  const BrokerInfo broker{connection.product(), connection.version()};
  connection.close_and_wait();
  return report_objects(options, broker, result);
}

}  // namespace lepus::perf
