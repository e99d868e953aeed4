// Command line: CLI11 for the syntax, own checks for combinations that make no sense.
#include "tools/perf/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include <map>

#include "tools/perf/client/error.h"
#include "tools/perf/commands/commands.h"

namespace lepus::perf {

namespace {

const std::map<std::string, Mode> mode_names{{"throughput", Mode::throughput},
                                             {"latency", Mode::throughput},
                                             {"drain", Mode::drain},
                                             {"connections", Mode::connections},
                                             {"queues", Mode::queues},
                                             {"churn", Mode::churn},
                                             {"rpc", Mode::rpc}};
const std::map<std::string, ExchangeType> exchange_names{
    {"default", ExchangeType::default_exchange},
    {"direct", ExchangeType::direct},
    {"fanout", ExchangeType::fanout},
    {"topic", ExchangeType::topic},
    {"headers", ExchangeType::headers}};

// The value of a named choice; the error lists all names.
template <class Value>
Value choose(const std::map<std::string, Value>& names, const char* option,
             const std::string& name) {
  if (const auto found = names.find(name); found != names.end()) return found->second;
  std::string known;
  for (const auto& entry : names) known.append(known.empty() ? "" : ", ").append(entry.first);
  throw PerfError(option, " must be one of ", known, "; not ", name);
}

constexpr const char* description =
    "lepus-perf: load generator for AMQP 0-9-1 brokers\n\n"
    "Modes:\n"
    "  throughput   producers and consumers at full speed or at --rate (alias: latency)\n"
    "  drain        consume what waits in the queues until they are empty, or --messages of it\n"
    "  rpc          request/reply round trips through an exclusive reply queue\n"
    "  connections  open --count idle connections and hold them for --duration\n"
    "  queues       declare --count queues (--persistent: durable), --window declares in flight\n"
    "  churn        open and close connections, --window at a time\n\n"
    "Commands, each with a --help of its own:\n";

constexpr const char* examples =
    "Examples:\n"
    "  lepus-perf --auto-ack                                  128-byte messages, as fast as "
    "possible\n"
    "  lepus-perf --confirm 1000 --ack-batch 10 --prefetch 500 --pid $(pidof lepus)\n"
    "  lepus-perf --rate 5000 --auto-ack --json out.json      latency at 5 000 msg/s\n"
    "  lepus-perf --producers 4 --consumers 4 --queues 4 --body-size 1k\n"
    "  lepus-perf --exchange fanout --queues 10 --consumers 10 --auto-ack\n"
    "  lepus-perf --exchange topic --queues 4 --consumers 4 --bindings 1000\n"
    "  lepus-perf --persistent --confirm 1 --consumers 0      what a confirm takes\n"
    "  lepus-perf --persistent --confirm 1000 --consumers 0 --messages 1000000 --keep\n"
    "  lepus-perf drain --prefetch 1000 --ack-batch 100       what the line above has left\n"
    "  lepus-perf rpc --uri amqp://user:secret@127.0.0.1:5673/vhost\n"
    "  lepus-perf connections --count 2000 --pid 4711 --duration 5\n"
    "  lepus-perf queues --count 20000 --persistent --pid 4711\n"
    "  lepus-perf churn --window 16\n\n"
    "Latency is measured from the time a message was due (with --rate) or written (without) to its "
    "receipt, by a\n"
    "time stamp in the first 8 bytes of the body; that of a confirm to the confirm's receipt.\n"
    "Exit code 1: bad options, the broker ended the run, or a run with --messages or mode drain\n"
    "stood still for 30 s.";

void add_load_options(CLI::App& app, Options& o) {
  app.add_option("--producers", o.producers, "Publishing connections")->capture_default_str();
  app.add_option("--consumers", o.consumers, "Consuming connections")->capture_default_str();
  app.add_option("--queues", o.queues, "Queues; clients are spread over them")
      ->capture_default_str();
  app.add_option("--bindings", o.bindings, "Extra bindings per queue that match no message")
      ->capture_default_str();
  app.add_option("--prefix", o.prefix, "Start of queue and exchange names")->capture_default_str();
  app.add_option("--body-size,--size", o.body_size, "Body bytes (k, m suffixes allowed)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->capture_default_str();
  app.add_option("--rate", o.rate_per_s,
                 "Messages per second of all producers together; 0 = unlimited")
      ->check(CLI::NonNegativeNumber.description(""));
  app.add_option("--confirm", o.confirm_window,
                 "Publisher confirms with that many unconfirmed at most");
  app.add_option("--messages", o.messages,
                 "End after so many messages, all counted and confirmed, instead of --duration")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, uint64_t>{{"k", 1000}, {"m", 1000000}})
              .description(""));
  app.add_option("--prefetch", o.prefetch, "Unacknowledged messages per consumer; 0 = unlimited");
  app.add_option("--ack-batch", o.ack_batch, "Acknowledge that many with one ack")
      ->capture_default_str();
  app.add_flag("--auto-ack", o.auto_ack, "Consume without acknowledgements");
  app.add_flag("--persistent", o.persistent, "Persistent messages, durable queues");
  app.add_option("--priorities", o.priorities,
                 "Messages of so many priorities in turn, from 0 on; 0 = without priority")
      ->check(CLI::Range(0, 256).description(""));
  app.add_flag("--keep", o.keep, "Neither empty the queues before the run nor delete them after");
  app.add_flag("--mandatory", o.mandatory, "Publish with the mandatory flag, count returns");
}

void add_common_options(CLI::App& app, Options& o) {
  app.add_option("--frame-max", o.frame_size_max, "Largest frame offered in tune-ok, 4096 or more")
      ->capture_default_str();
  app.add_option("--count", o.count, "Connections or queues (modes connections, queues)")
      ->capture_default_str();
  app.add_option("--channels", o.channels, "Channels per connection (mode connections)")
      ->capture_default_str();
  app.add_option("--window", o.window,
                 "Operations in flight (rpc 1, connections 64, queues 1000, churn 8)");
  app.add_option("--duration", o.duration_s, "Measured seconds")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
  app.add_option("--warmup", o.warmup_s, "Seconds before measuring")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  app.add_option("--threads", o.threads, "Generator threads")->capture_default_str();
  app.add_flag("--spin", o.spin, "Never sleep: lower latency, one whole core per thread");
  app.add_option("--pid", o.pid, "Process id of the broker, for its CPU time and memory");
  app.add_option("--json", o.output.json_path, "Write the results as JSON; - = standard output");
  app.add_option("--hdr", o.output.hdr_path,
                 "Write each second's latencies as a log of HdrHistogram, in nanoseconds");
  app.add_flag("--quiet", o.output.quiet, "No progress lines");
}

void require(bool holds, const char* text) {
  if (!holds) throw PerfError(text);
}

void check(const Options& o) {
  require(o.producers + o.consumers > 0, "--producers and --consumers are both 0: nothing to do");
  require(o.producers + o.consumers <= 10000,
          "--producers and --consumers: at most 10000 together");
  const bool counts = o.mode == Mode::throughput || o.mode == Mode::drain;
  require(o.messages == 0 || counts, "--messages goes with the modes throughput and drain");
  require(!o.keep || counts, "--keep goes with the modes throughput and drain");
  require(o.messages == 0 || o.mode == Mode::drain || o.producers > 0,
          "--messages without producers: use mode drain");
  require(o.mode != Mode::drain || o.consumers > 0, "mode drain needs --consumers 1 or more");
  require(o.mode != Mode::drain || o.messages == 0 || !o.auto_ack,
          "mode drain with --messages gives back what is too much: not with --auto-ack");
  require(o.queues >= 1 && o.queues <= 1000000, "--queues must be 1 to 1000000");
  require(o.frame_size_max >= 4096, "--frame-max must be 4096 or more (AMQP 0-9-1 minimum)");
  require(o.ack_batch >= 1, "--ack-batch must be 1 or more");
  require(o.auto_ack || o.prefetch == 0 || o.ack_batch <= o.prefetch,
          "--ack-batch is larger than --prefetch: the consumer would wait for ever; lower it");
  require(o.threads >= 1 && o.threads <= 256, "--threads must be 1 to 256");
  require(o.count >= 1, "--count must be 1 or more");
  require(o.channels >= 1 && o.channels <= 2047, "--channels must be 1 to 2047");
  require(o.body_size <= (uint64_t{1} << 30), "--body-size: at most 1 GiB");
  require(o.confirm_window <= (1u << 24), "--confirm: at most 16777216");
  require(!o.prefix.empty() && o.prefix.size() <= 100, "--prefix must be 1 to 100 bytes");
  const bool binds =
      o.exchange_type != ExchangeType::default_exchange && o.exchange_type != ExchangeType::fanout;
  require(o.bindings == 0 || binds, "--bindings needs --exchange direct, topic or headers");
}

void split_arguments(const char* option, const std::vector<std::string>& texts,
                     std::vector<std::pair<std::string, std::string>>& arguments) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw PerfError(option, " wants KEY=VALUE, not ", text);
    }
    arguments.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
}

}  // namespace

bool Options::reads_streams() const {
  return std::any_of(consumer_arguments.begin(), consumer_arguments.end(),
                     [](const auto& argument) { return argument.first == "x-stream-offset"; });
}

bool Options::has_streams() const {
  return std::any_of(queue_arguments.begin(), queue_arguments.end(), [](const auto& argument) {
    return argument.first == "x-queue-type" && argument.second == "stream";
  });
}

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::throughput:
      return "throughput";
    case Mode::drain:
      return "drain";
    case Mode::rpc:
      return "rpc";
    case Mode::connections:
      return "connections";
    case Mode::queues:
      return "queues";
    case Mode::churn:
      return "churn";
  }
  return "?";
}

const char* name_of(ExchangeType type) {
  switch (type) {
    case ExchangeType::default_exchange:
      return "default";
    case ExchangeType::direct:
      return "direct";
    case ExchangeType::fanout:
      return "fanout";
    case ExchangeType::topic:
      return "topic";
    case ExchangeType::headers:
      return "headers";
  }
  return "?";
}

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  std::string about = description;
  for (const Command& command : commands())
    about += fmt::format("  {:<12} {}\n", command.name, command.summary);
  CLI::App app{about};
  app.footer(examples);
  app.get_formatter()->column_width(34);
  std::string uri = "amqp://guest:guest@127.0.0.1:5672/";
  std::vector<std::string> queue_arguments;
  std::vector<std::string> consumer_arguments;
  std::string mode = name_of(options.mode);
  std::string exchange = name_of(options.exchange_type);
  app.add_option("mode,--mode", mode, "What to do: see above")->capture_default_str();
  app.add_option("--uri", uri, "Broker")->capture_default_str();
  app.add_option("--exchange,--exchange-type", exchange,
                 "default, direct, fanout, topic or headers")
      ->capture_default_str();
  add_load_options(app, options);
  app.add_option("--queue-arg", queue_arguments,
                 "Queue argument KEY=VALUE (numbers are sent as integers)");
  app.add_option("--consumer-arg", consumer_arguments,
                 "Consumer argument KEY=VALUE; with x-stream-offset mode drain has each consumer "
                 "read all there is");
  add_common_options(app, options);
  app.set_version_flag("--version", "lepus-perf " LEPUS_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  options.mode = choose(mode_names, "the mode", mode);
  options.exchange_type = choose(exchange_names, "--exchange", exchange);
  options.uri = parse_uri(uri);
  if (options.mode == Mode::drain) options.producers = 0;
  split_arguments("--queue-arg", queue_arguments, options.queue_arguments);
  split_arguments("--consumer-arg", consumer_arguments, options.consumer_arguments);
  check(options);
  return std::nullopt;
}

}  // namespace lepus::perf
