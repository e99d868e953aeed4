// The command line of lepus-perf as one plain structure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lepus::perf {

enum class Mode : uint8_t { throughput, drain, rpc, connections, queues, churn };
enum class ExchangeType : uint8_t { default_exchange, direct, fanout, topic, headers };

const char* name_of(Mode mode);
const char* name_of(ExchangeType type);

struct Uri {
  std::string user = "guest";
  std::string password = "guest";
  std::string host = "127.0.0.1";
  uint16_t port = 5672;
  std::string vhost = "/";
  bool tls = false;
};

// amqp[s]://user:pass@host:port/vhost, each part optional, %-escapes understood, IPv6 hosts in
// brackets. PerfError if bad.
Uri parse_uri(const std::string& text);

// Where results go.
struct Output {
  std::string json_path;  // empty: no JSON; "-": standard output, and no text there
  std::string hdr_path;   // empty: no log of histograms
  bool quiet = false;     // no progress
};

struct Options {
  Mode mode = Mode::throughput;
  Uri uri;
  uint32_t frame_size_max = 131072;

  unsigned producers = 1;
  unsigned consumers = 1;
  unsigned queues = 1;
  ExchangeType exchange_type = ExchangeType::default_exchange;
  unsigned bindings = 0;  // extra bindings per queue that match nothing
  std::string prefix = "perf";
  std::vector<std::pair<std::string, std::string>> queue_arguments;
  std::vector<std::pair<std::string, std::string>> consumer_arguments;
  bool reads_streams() const;  // each consumer reads all messages of its queue
  bool has_streams() const;    // the queues are streams

  uint64_t body_size = 128;
  double rate_per_s = 0;        // of all producers together; 0 = as fast as possible
  unsigned confirm_window = 0;  // 0 = no confirms
  uint64_t messages = 0;        // of all producers or consumers together; 0 = as --duration says
  bool persistent = false;
  unsigned priorities = 0;  // messages have priority 0, 1, ... in turn; 0 = none
  bool keep = false;        // queues are neither emptied before nor deleted after the run
  bool mandatory = false;

  uint16_t prefetch = 0;  // 0 = unlimited
  unsigned ack_batch = 1;
  bool auto_ack = false;

  unsigned count = 1000;  // connections or queues in those modes
  uint16_t channels = 1;  // per connection in mode connections
  unsigned window =
      0;  // operations in flight in modes rpc, connections, queues, churn; 0 = the mode's own

  double duration_s = 10;
  double warmup_s = 1;
  unsigned threads = 1;
  bool spin = false;

  int pid = 0;  // of the broker; 0 = not watched
  Output output;
};

// Parses and checks. Prints help or a message and returns an exit code when there is nothing to
// run.
std::optional<int> parse_options(int argc, char** argv, Options& options);

}  // namespace lepus::perf
