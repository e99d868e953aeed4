// How close the loop and its streams come to the bare kernel: a relay that turns each basic.publish
// into a basic.deliver, with nothing of a broker in between, driven by one producer (confirms, a
// window of messages) and one consumer (an ack per 100 messages). One iteration is one message.
//   LEPUS_RELAY_PORT=port   drive a relay that runs there instead (CPU time of the relay is then
//   not known)
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/bytes.h"
#include "io/os.h"
#include "io/timers.h"
#include "io/uring/uring_driver.h"
#include "net/stream/listener.h"
#include "net/stream/socket_stream.h"
#include "net/stream/stream_set.h"

namespace lepus::net {
namespace {

constexpr std::uint32_t method_id(unsigned class_id, unsigned method) {
  return class_id << 16 | method;
}

// ---- the relay ----

class Relay;

class RelayConnection final : public StreamHandler {
 public:
  RelayConnection(Relay& relay, std::unique_ptr<Stream> accepted)
      : relay_(relay), stream_(std::move(accepted)) {}
  void start() { stream_->start(*this); }
  void on_bytes(core::Bytes bytes) override;
  void on_peer_closed() override { stream_->close(); }
  void on_sent() override {}
  void on_closed(std::string_view why) override;

 private:
  std::size_t parse(core::Bytes bytes);
  void on_method(core::Bytes payload, std::uint16_t channel);
  void on_publish();
  void send_method(std::uint16_t channel, std::uint32_t method, std::string_view arguments);
  std::uint8_t* begin_method(std::uint16_t channel, std::uint32_t method, std::size_t size);
  void end_method(std::size_t size);

  Relay& relay_;
  std::unique_ptr<Stream> stream_;
  std::vector<std::uint8_t> carry_;
  RelayConnection* target_ = nullptr;
  std::uint64_t published_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t tag_ = 0;
  bool greeted_ = false;
};

class Relay final : public Acceptor, public io::TurnHooks {
 public:
  explicit Relay(io::Driver& driver) : loop(driver, {io::IdleMode::sleep, 0}), set(loop) {
    loop.set_hooks(this);
  }
  void on_accept(std::unique_ptr<Stream> stream, const ListenerIdentity&) override {
    connections_.push_back(std::make_unique<RelayConnection>(*this, std::move(stream)));
    ++open_count;
    connections_.back()->start();
  }
  void on_accept_error(int) override {}
  void on_listener_closed() override {}
  bool drain_mailboxes() override { return false; }
  void flush() override { set.flush(); }
  bool may_sleep() override { return open_count > 0 || connections_.empty(); }
  bool is_done() const { return open_count == 0 && !connections_.empty(); }

  io::Loop loop;
  StreamSet set;
  RelayConnection* consumer = nullptr;
  int open_count = 0;

 private:
  std::vector<std::unique_ptr<RelayConnection>> connections_;
};

void RelayConnection::on_bytes(core::Bytes bytes) {
  if (!carry_.empty()) {
    carry_.insert(carry_.end(), bytes.begin(), bytes.end());
    bytes = carry_;
  }
  const std::size_t used = parse(bytes);
  if (!carry_.empty()) {
    carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(used));
  } else {
    carry_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
  }
  if (confirmed_ == published_) return;
  confirmed_ = published_;
  std::uint8_t* at = begin_method(1, method_id(60, 80), 9);
  core::store_u8(core::store_u64(at, confirmed_), 1);
  end_method(9);
}

std::size_t RelayConnection::parse(core::Bytes bytes) {
  std::size_t used = 0;
  if (!greeted_) {
    if (bytes.size() < 8) return 0;
    greeted_ = true;
    used = 8;
    send_method(0, method_id(10, 10), "");
  }
  while (bytes.size() - used >= 8) {
    const std::uint8_t* frame = bytes.data() + used;
    const std::size_t size = core::load_u32(frame + 3) + std::size_t{8};
    if (bytes.size() - used < size) break;
    if (frame[0] == 1) {
      on_method({frame + 7, size - 8}, core::load_u16(frame + 1));
    } else if (target_ != nullptr) {
      target_->stream_->out().append({frame, size});
      target_->stream_->touch();
    }
    used += size;
  }
  return used;
}

void RelayConnection::on_method(core::Bytes payload, std::uint16_t channel) {
  const std::uint32_t method = core::load_u32(payload.data());
  if (method == method_id(60, 40)) return on_publish();
  if (method == method_id(60, 80)) return;
  if (method == method_id(60, 20)) relay_.consumer = this;
  send_method(channel, method + 1, "");
}

void RelayConnection::on_publish() {
  ++published_;
  target_ = relay_.consumer;
  if (target_ == nullptr) return;
  constexpr std::size_t size = 2 + 8 + 1 + 1 + 2;
  std::uint8_t* at = target_->begin_method(1, method_id(60, 60), size);
  at = core::store_shortstr(at, "c");
  at = core::store_u64(at, ++target_->tag_);
  at = core::store_u8(at, 0);
  at = core::store_shortstr(at, "");
  core::store_shortstr(at, "q");
  target_->end_method(size);
}

void RelayConnection::send_method(std::uint16_t channel, std::uint32_t method,
                                  std::string_view arguments) {
  std::uint8_t* at = begin_method(channel, method, arguments.size());
  core::store_bytes(at, core::as_bytes(arguments));
  end_method(arguments.size());
}

std::uint8_t* RelayConnection::begin_method(std::uint16_t channel, std::uint32_t method,
                                            std::size_t size) {
  std::uint8_t* at = stream_->out().reserve(size + 12);
  at = core::store_u8(at, 1);
  at = core::store_u16(at, channel);
  at = core::store_u32(at, static_cast<std::uint32_t>(size + 4));
  at = core::store_u32(at, method);
  core::store_u8(at + size, 0xCE);
  return at;
}

void RelayConnection::end_method(std::size_t size) {
  stream_->out().commit(size + 12);
  stream_->touch();
}

void RelayConnection::on_closed(std::string_view) {
  if (relay_.consumer == this) relay_.consumer = nullptr;
  --relay_.open_count;
  relay_.set.destroy_later(std::move(stream_));
}

// ---- the load ----

std::string frame(std::uint8_t type, std::string_view payload) {
  std::string bytes(7, '\0');
  auto* at = reinterpret_cast<std::uint8_t*>(bytes.data());
  at = core::store_u8(at, type);
  at = core::store_u16(at, 1);
  core::store_u32(at, static_cast<std::uint32_t>(payload.size()));
  return bytes.append(payload).append(1, '\xCE');
}
std::string method_frame(std::uint32_t method, std::string_view arguments) {
  std::string payload(4, '\0');
  core::store_u32(reinterpret_cast<std::uint8_t*>(payload.data()), method);
  return frame(1, payload.append(arguments));
}
std::string publish_frames(std::size_t body_size) {
  std::string header(14, '\0');
  auto* at = reinterpret_cast<std::uint8_t*>(header.data());
  at = core::store_u32(at, 60U << 16);
  at = core::store_u64(at, body_size);
  core::store_u16(at, 0);
  return method_frame(method_id(60, 40), std::string("\0\0\0\1q\0", 6)) + frame(2, header) +
         frame(3, std::string(body_size, 'b'));
}

class LoadClient {
 public:
  explicit LoadClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const int on = 1;
    CHECK(setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    buffer_.resize(std::size_t{256} << 10);
  }
  ~LoadClient() { ::close(fd_); }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      CHECK(size > 0);
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  /// Waits for some bytes and visits each whole frame in them.
  template <class Visit>
  void read(Visit&& visit, int flags = 0) {
    const ssize_t got = ::recv(fd_, buffer_.data() + kept_, buffer_.size() - kept_, flags);
    if (got < 0 && flags != 0) return;
    CHECK(got > 0);
    const std::size_t end = kept_ + static_cast<std::size_t>(got);
    std::size_t at = 0;
    while (end - at >= 8) {
      const std::size_t size = core::load_u32(&buffer_[at + 3]) + std::size_t{8};
      if (end - at < size) break;
      visit(&buffer_[at]);
      at += size;
    }
    std::memmove(buffer_.data(), &buffer_[at], end - at);
    kept_ = end - at;
  }
  void wait_for(std::uint32_t method) {
    bool seen = false;
    while (!seen) {
      read([&](const std::uint8_t* f) {
        seen = seen || (f[0] == 1 && core::load_u32(f + 7) == method);
      });
    }
  }
  void greet() {
    write(std::string_view("AMQP\0\0\x09\x01", 8));
    write(method_frame(method_id(10, 11), "") + method_frame(method_id(10, 40), "") +
          method_frame(method_id(20, 10), ""));
  }

 private:
  int fd_;
  std::vector<std::uint8_t> buffer_;
  std::size_t kept_ = 0;
};

void produce(LoadClient& client, std::uint64_t count, std::size_t body_size) {
  constexpr std::uint64_t batch = 64;
  constexpr std::uint64_t window = 8192;
  std::string block;
  for (std::uint64_t i = 0; i < batch; ++i) block += publish_frames(body_size);
  const std::size_t message_size = block.size() / batch;
  std::uint64_t sent = 0;
  std::uint64_t confirmed = 0;
  const auto on_confirm = [&](const std::uint8_t* f) { confirmed = core::load_u64(f + 11); };
  while (confirmed < count) {
    if (sent < count && sent - confirmed < window) {
      const std::uint64_t part = std::min(batch, count - sent);
      client.write(std::string_view(block).substr(0, part * message_size));
      sent += part;
      client.read(on_confirm, MSG_DONTWAIT);
    } else {
      client.read(on_confirm);
    }
  }
}

void consume(LoadClient& client, std::uint64_t count) {
  std::uint64_t received = 0;
  std::uint64_t acked = 0;
  while (received < count) {
    client.read([&](const std::uint8_t* f) { received += f[0] == 3; });
    if (received - acked < 100) continue;
    acked = received;
    std::string arguments(9, '\1');
    core::store_u64(reinterpret_cast<std::uint8_t*>(arguments.data()), acked);
    client.write(method_frame(method_id(60, 80), arguments));
  }
}

void drive(std::uint16_t port, std::uint64_t count, std::size_t body_size) {
  LoadClient consumer(port);
  consumer.greet();
  consumer.write(method_frame(method_id(50, 10), std::string("\0\0\1q\0\0\0\0\0", 9)));
  consumer.write(method_frame(method_id(60, 20), std::string("\0\0\1q\1c\0\0\0\0\0", 11)));
  consumer.wait_for(method_id(60, 21));
  LoadClient producer(port);
  producer.greet();
  producer.write(method_frame(method_id(85, 10), std::string(1, '\0')));
  producer.wait_for(method_id(85, 11));
  std::thread consuming([&] { consume(consumer, count); });
  produce(producer, count, body_size);
  consuming.join();
}

double thread_cpu_ns() {
  rusage usage{};
  CHECK(getrusage(RUSAGE_THREAD, &usage) == 0);
  const auto ns = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

struct RelayCost {
  double cpu_ns = 0;
  std::uint64_t turns = 0;
};

void serve(io::UringDriver& driver, int listener_fd, RelayCost& cost) {
  const double before = thread_cpu_ns();
  Relay relay(driver);
  Listener listener(relay.set, Listening{{}, listener_fd}, relay);
  listener.start();
  while (!relay.is_done()) relay.loop.run_turn();
  cost.cpu_ns = thread_cpu_ns() - before;
  cost.turns = relay.loop.turn_count();
  listener.stop();
  while (relay.loop.ops_in_flight() > 0) relay.loop.run_turn();
}

void relay_messages(benchmark::State& state) {
  const auto body_size = static_cast<std::size_t>(state.range(0));
  constexpr std::uint64_t count = 1'000'000;
  const char* external = std::getenv("LEPUS_RELAY_PORT");
  RelayCost total;
  for (auto _ : state) {
    if (external != nullptr) {
      drive(static_cast<std::uint16_t>(std::atoi(external)), count, body_size);
      continue;
    }
    std::string error;
    const auto driver = io::UringDriver::create({}, &error);
    if (driver == nullptr) return state.SkipWithError(error.c_str());
    const io::ListenOutcome listening = io::listen_tcp({"127.0.0.1", 0, 16});
    CHECK(listening.fd >= 0);
    const std::uint16_t port = io::local_port(listening.fd);
    RelayCost cost;
    std::thread relaying([&] { serve(*driver, listening.fd, cost); });
    drive(port, count, body_size);
    relaying.join();
    total.cpu_ns += cost.cpu_ns;
    total.turns += cost.turns;
  }
  const double messages = static_cast<double>(state.iterations()) * static_cast<double>(count);
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.counters["relay_cpu_ns"] = total.cpu_ns / messages;
  state.counters["per_turn"] = total.turns == 0 ? 0 : messages / static_cast<double>(total.turns);
}
BENCHMARK(relay_messages)->Arg(128)->Arg(1024)->Unit(benchmark::kMillisecond)->UseRealTime();

// ---- parts ----

struct Ticker {
  void on_timer(io::Timer&) { ++fired; }
  std::uint64_t fired = 0;
};

void rearm_timer(benchmark::State& state) {
  io::TimerWheel wheel(0);
  Ticker ticker;
  std::vector<io::Timer> timers(1000);
  for (io::Timer& timer : timers) timer.bind<&Ticker::on_timer>(&ticker);
  core::Nanos now = 0;
  std::size_t i = 0;
  for (auto _ : state) {
    wheel.arm(timers[i], now + core::nanos_per_s * 30);
    if (++i == timers.size()) {
      i = 0;
      now += core::nanos_per_ms;
      wheel.run_due(now);
    }
  }
  for (io::Timer& timer : timers) wheel.cancel(timer);
}
BENCHMARK(rearm_timer);

void idle_turn(benchmark::State& state) {
  std::string error;
  const auto driver = io::UringDriver::create({}, &error);
  if (driver == nullptr) return state.SkipWithError(error.c_str());
  io::Loop loop(*driver, {io::IdleMode::poll, 0});
  for (auto _ : state) loop.run_turn();
}
BENCHMARK(idle_turn);

void append_to_chain(benchmark::State& state) {
  BlockPool pool;
  SendChain chain(pool);
  std::vector<std::uint8_t> body(static_cast<std::size_t>(state.range(0)), 'b');
  for (auto _ : state) {
    std::uint8_t* at = chain.reserve(32);
    std::memset(at, 1, 32);
    chain.commit(32);
    chain.append(body);
    if (chain.size() > 60'000) chain.consume(chain.size());
  }
  chain.clear();
}
BENCHMARK(append_to_chain)->Arg(128);

}  // namespace
}  // namespace lepus::net
