// Two stacks in two threads, as shards are: copies of the module share nothing. Meant for
// ThreadSanitizer, too (docs/TESTING.md): the wire between them is locked, all else belongs to one.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "tests/dpdk/raw_frames.h"
#include "tests/dpdk/stack_pair.h"

namespace lepus::net::bypass {
namespace {

/// Frames are copied on their way: each belongs to the thread that received or allocated it.
class LockedPort final : public FramePort {
 public:
  LockedPort() : own_(1), dropped_(2) { own_.connect(dropped_); }
  void connect(LockedPort& other) { other_ = &other; }
  std::uint32_t receive(Frame** frames, std::uint32_t count) override {
    std::vector<Raw> came;
    {
      const std::lock_guard lock(mutex_);
      const auto end = arrived_.begin() +
                       static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, arrived_.size()));
      came.assign(arrived_.begin(), end);
      arrived_.erase(arrived_.begin(), end);
    }
    std::uint32_t taken = 0;
    for (const Raw& raw : came) {
      Frame* const frame = own_.allocate();
      if (frame == nullptr) break;
      std::copy(raw.begin(), raw.end(), frame->data);
      frame->size = static_cast<std::uint32_t>(raw.size());
      frames[taken++] = frame;
    }
    return taken;
  }
  Frame* allocate() override { return own_.allocate(); }
  void send(Frame* frame) override {
    Raw raw(frame->data, frame->data + frame->size);
    own_.release(frame);
    const std::lock_guard lock(other_->mutex_);
    other_->arrived_.push_back(std::move(raw));
  }
  void flush() override {}
  void release(Frame* frame) override { own_.release(frame); }
  bool is_nearly_empty() const override { return own_.is_nearly_empty(); }
  Offloads offloads() const override { return {}; }
  bool is_gone() const override { return false; }
  PortCounts counts() const override { return own_.counts(); }

 private:
  WirePort own_;
  WirePort dropped_;
  LockedPort* other_ = nullptr;
  std::mutex mutex_;
  std::deque<Raw> arrived_;  ///< Under the mutex.
};

constexpr std::size_t connections = 20;
constexpr std::size_t size = 200'000;

/// One thread's stack.
class Side final : private StackUser {
 public:
  explicit Side(std::uint8_t number) : number_(number) {}
  LockedPort& port() { return port_; }
  /// Until all of its connections are through, and the other side's.
  void run(std::atomic<int>& unfinished) {
    make();
    const auto begin = std::chrono::steady_clock::now();
    bool was_through = false;
    while (unfinished > 0) {
      const auto passed = std::chrono::steady_clock::now() - begin;
      if (passed > std::chrono::seconds(120)) break;
      step(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(passed).count()));
      if (!was_through && is_through()) {
        was_through = true;
        --unfinished;
      }
    }
    for (const auto& one : ends_) one->give_back();
    stack_->destroy();
  }
  std::size_t wrong() const {
    std::size_t sum = 0;
    for (const auto& one : ends_) sum += one->wrong + (one->failed ? 1 : 0);
    return sum;
  }

 private:
  void make() {
    StackConfig config;
    config.port = &port_;
    config.user = this;
    config.mac = {2, 0, 0, 0, 0, static_cast<std::uint8_t>(number_ + 1)};
    config.networks = &networks_[number_];
    config.network_count = 1;
    config.secret = {5, number_};
    stack_ = load_stack("").make(stack_version, config);
    CHECK(stack_ != nullptr);
    const Endpoint server{networks_[0].address, 5672};
    if (number_ == 0) return (void)stack_->listen(server, 0);
    for (std::size_t i = 0; i < connections; ++i) {
      const auto port = static_cast<std::uint16_t>(3000 + i);
      Connection* const made = stack_->connect({networks_[1].address, port}, server);
      ends_.push_back(
          std::make_unique<PairEnd>(PairEnd::Kind::client, *made, size, static_cast<unsigned>(i)));
    }
  }
  void step(std::uint64_t now_ms) {
    stack_->advance(now_ms);
    std::array<Frame*, 32> frames;
    const std::uint32_t count = port_.receive(frames.data(), frames.size());
    for (std::uint32_t i = 0; i < count; ++i) stack_->input(frames[i]);
    for (const auto& one : ends_) one->poll();
    if (count == 0) std::this_thread::yield();
  }
  /// The server has nothing to wait for.
  bool is_through() const {
    return number_ == 1 &&
           std::all_of(ends_.begin(), ends_.end(), [](const auto& one) { return one->has_all(); });
  }
  void on_connection(Connection& connection, std::uint32_t) override {
    ends_.push_back(std::make_unique<PairEnd>(PairEnd::Kind::echo, connection, size, 0));
  }

  std::uint8_t number_;
  std::array<Network, 2> networks_ = {*parse_network("10.9.0.1/24"), *parse_network("10.9.0.2/24")};
  LockedPort port_;
  Stack* stack_ = nullptr;
  std::vector<std::unique_ptr<PairEnd>> ends_;
};

TEST(StackThreads, TwoStacksShareNothing) {
  Side server(0);
  Side client(1);
  server.port().connect(client.port());
  client.port().connect(server.port());
  std::atomic<int> unfinished{1};
  std::thread other([&] { server.run(unfinished); });
  client.run(unfinished);
  other.join();
  EXPECT_EQ(unfinished, 0);
  EXPECT_EQ(client.wrong() + server.wrong(), 0U);
}

}  // namespace
}  // namespace lepus::net::bypass
