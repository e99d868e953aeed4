// Frames made by hand, for what no TCP would send; and a stack that takes them.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "net/bypass/addresses.h"
#include "net/bypass/module.h"
#include "tests/dpdk/wire.h"

namespace lepus::net::bypass {

using Raw = std::vector<std::uint8_t>;

inline void put_u16(Raw& raw, std::size_t at, unsigned value) {
  raw[at] = static_cast<std::uint8_t>(value >> 8);
  raw[at + 1] = static_cast<std::uint8_t>(value);
}

struct Segment {
  std::string source = "10.9.0.2";
  std::string target = "10.9.0.1";
  std::uint16_t source_port = 40'000;
  std::uint16_t target_port = 5672;
  std::uint32_t sequence = 1000;
  std::uint32_t acknowledged = 0;
  std::uint8_t flags = 0x02;  ///< SYN
  std::string bytes = {};
  std::uint16_t window = 60'000;
};

/// Ethernet, IPv4 and TCP with right checksums.
inline Raw tcp_frame(const Segment& segment) {
  Raw raw(54 + segment.bytes.size());
  const Raw ethernet = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
  std::copy(ethernet.begin(), ethernet.end(), raw.begin());
  raw[14] = 0x45;
  put_u16(raw, 16, static_cast<unsigned>(raw.size() - 14));
  raw[22] = 64;
  raw[23] = 6;
  std::memcpy(&raw[26], parse_address(segment.source)->bytes.data(), 4);
  std::memcpy(&raw[30], parse_address(segment.target)->bytes.data(), 4);
  put_u16(raw, 24, ~checksum(&raw[14], 20) & 0xffff);
  put_u16(raw, 34, segment.source_port);
  put_u16(raw, 36, segment.target_port);
  put_u16(raw, 38, segment.sequence >> 16);
  put_u16(raw, 40, segment.sequence & 0xffff);
  put_u16(raw, 42, segment.acknowledged >> 16);
  put_u16(raw, 44, segment.acknowledged & 0xffff);
  raw[46] = 0x50;
  raw[47] = segment.flags;
  put_u16(raw, 48, segment.window);
  std::copy(segment.bytes.begin(), segment.bytes.end(), raw.begin() + 54);
  const unsigned pseudo = checksum(&raw[26], 8) + 6 + static_cast<unsigned>(raw.size() - 34);
  put_u16(raw, 50, ~checksum(&raw[34], raw.size() - 34, pseudo) & 0xffff);
  return raw;
}

/// A stack that listens to 5672 and takes what comes; what it sends is kept.
class RawStack final : private StackUser, private ConnectionUser {
 public:
  /// `make` makes it; null: a copy of the module.
  explicit RawStack(std::uint32_t half_open_max = 1024, std::uint16_t vlan = 0,
                    MakeStack make = nullptr)
      : port_(1), out_(2) {
    port_.connect(out_);
    out_.connect(port_);
    StackConfig config;
    config.port = &port_;
    config.user = this;
    config.mac = {2, 0, 0, 0, 0, 1};
    config.networks = networks_.data();
    config.network_count = static_cast<std::uint32_t>(networks_.size());
    config.half_open_max = half_open_max;
    config.vlan = vlan;
    config.gateway_v6 = *parse_address("fd09::9");
    config.secret = {3, 4};
    if (make == nullptr) make = load_stack("").make;
    CHECK(make != nullptr);
    stack_ = make(stack_version, config);
    CHECK(stack_ != nullptr);
    CHECK(stack_->listen(*parse_endpoint("10.9.0.1:5672"), 0));
    CHECK(stack_->listen(*parse_endpoint("[fd09::1]:5672"), 1));
    (void)answers();
  }
  RawStack(const RawStack&) = delete;
  RawStack& operator=(const RawStack&) = delete;
  ~RawStack() {
    for (Connection* one : connections) one->reset();
    stack_->destroy();
  }

  /// `sums`: what the device found of both checksums.
  void input(const Raw& raw, SumState sums = SumState::unknown) {
    Frame* const frame = port_.allocate();
    CHECK(frame != nullptr);
    std::copy(raw.begin(), raw.end(), frame->data);
    frame->size = static_cast<std::uint32_t>(raw.size());
    frame->ip_sum = sums;
    frame->tcp_sum = sums;
    stack_->input(frame);
  }
  void advance(std::uint64_t ms) { stack_->advance(now_ms_ += ms); }
  std::uint64_t count(FrameFate fate) {
    return stack_->stats().frames_in[static_cast<std::size_t>(fate)];
  }
  const StackStats& stats() { return stack_->stats(); }
  /// What it sent since the last call.
  std::vector<Raw> answers() {
    std::vector<Raw> all;
    Frame* frame = nullptr;
    while (out_.receive(&frame, 1) == 1) {
      all.emplace_back(frame->data, frame->data + frame->size);
      out_.release(frame);
    }
    return all;
  }
  Stack& stack() { return *stack_; }
  std::size_t frames_in_use() const { return port_.in_use(); }

  std::vector<Connection*> connections;
  std::string received;
  int failures = 0;
  std::size_t acknowledged = 0;  ///< Of what was written.

 private:
  void on_connection(Connection& connection, std::uint32_t) override {
    connection.set_user(this);
    connections.push_back(&connection);
  }
  void on_input(const std::uint8_t* bytes, std::uint32_t size) override {
    received.append(reinterpret_cast<const char*>(bytes), size);
  }
  void on_peer_end() override {}
  void on_acknowledged(std::uint32_t size) override { acknowledged += size; }
  void on_failed(Failure) override { ++failures; }

  std::vector<Network> networks_ = {*parse_network("10.9.0.1/24"), *parse_network("fd09::1/64"),
                                    *parse_network("10.9.7.1/24")};
  WirePort port_;
  WirePort out_;
  Stack* stack_ = nullptr;
  std::uint64_t now_ms_ = 0;
};

}  // namespace lepus::net::bypass
