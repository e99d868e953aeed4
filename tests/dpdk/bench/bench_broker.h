// A broker of one shard in the thread that turns it: what tools/server/node.cpp puts together,
// without a disk and without other threads. Messages live in memory.
#pragma once

#include <memory>
#include <string>

#include "core/access/password_hash.h"
#include "io/uring/uring_driver.h"
#include "tests/dpdk/bench/network.h"
#include "tools/server/control.h"
#include "tools/server/shard.h"

namespace lepus::net::bypass {

class BenchBroker {
 public:
  explicit BenchBroker(BenchNetwork& network) {
    mesh_.set_loop(0, shard_loop_);
    mesh_.set_loop(1, control_loop_);
    server::Shard::Parts parts{0,     &mesh_, &shard_loop_, std::make_unique<amqp::Settings>(),
                               &log_, 1};
    parts.secret_key = {1, 2};
    parts.transports.stack = network.make_stack(shard_loop_);
    shard_ = std::make_unique<server::Shard>(std::move(parts));
    shard_->add_listener(network.listening("listeners.tcp.default"));
    control_ = std::make_unique<server::Control>(
        server::Control::Parts{&mesh_, &control_loop_, &log_, UINT64_MAX, [] { return 0U; }});
    core::StoredDefinitions stored;
    stored.changes = {
        core::UserPut{
            {"guest", core::hash_password("guest", 1), std::string{core::sha256_name}, {}, {}}},
        core::PermissionPut{{"guest", "/", ".*", ".*", ".*"}}};
    if (const std::string error = control_->start(std::move(stored), {"/"}); !error.empty())
      fail(error);
  }

  /// A turn; and one of the control thread when it has something to do.
  void turn() {
    shard_loop_.run_turn();
    const bool is_asked = !mesh_.ring_to_control(0).empty();
    if (!is_asked && shard_loop_.now() < control_next_) return;
    control_next_ = shard_loop_.now() + control_pause;
    control_loop_.run_turn();
  }
  core::Nanos now() { return shard_loop_.now(); }

 private:
  static constexpr core::Nanos control_pause = 10 * core::nanos_per_ms;

  static std::unique_ptr<io::Driver> make_driver() {
    std::string error;
    auto driver = io::UringDriver::create({}, &error);
    if (driver == nullptr) fail(error);
    return driver;
  }

  core::NullLog log_;
  server::Mesh mesh_{2};
  std::unique_ptr<io::Driver> shard_driver_ = make_driver();
  std::unique_ptr<io::Driver> control_driver_ = make_driver();
  io::Loop shard_loop_{*shard_driver_, {io::IdleMode::poll, 0}};
  io::Loop control_loop_{*control_driver_, {io::IdleMode::poll, 0}};
  core::Nanos control_next_ = 0;
  std::unique_ptr<server::Shard> shard_;
  std::unique_ptr<server::Control> control_;
};

}  // namespace lepus::net::bypass
