// The fixture of the control thread's tests: the test is in the place of the shards.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/topology/topology_rules.h"
#include "tests/unit/persist/recovery/memory_store.h"
#include "tests/unit/tools/server/fake_driver.h"
#include "tools/server/control.h"

namespace lepus::server {

using core::TopologyApply;
using core::TopologyDone;
using core::TopologyRequest;
using test::FakeDriver;

/// A shard that answers only when the test says so.
struct FakeShard {
  FakeShard(Mesh& mesh, core::ShardId id) : end(mesh, id), replica(2) {}
  void receive() {
    (void)end.drain([this](auto& command) { keep(command); });
  }
  template <class Kind>
  std::size_t count() {
    receive();
    std::size_t found = 0;
    for (const ControlToShard& command : commands) found += std::holds_alternative<Kind>(command);
    return found;
  }
  /// The oldest command, which must be of this kind.
  template <class Kind>
  Kind take() {
    receive();
    if (commands.empty() || !std::holds_alternative<Kind>(commands.front())) {
      ADD_FAILURE() << "the next command is of another kind";
      return {};
    }
    Kind taken = std::move(std::get<Kind>(commands.front()));
    commands.pop_front();
    return taken;
  }
  /// Applies the next change to the replica, tells the control thread unless `silent`.
  std::uint64_t apply(bool silent = false) {
    const auto next = take<TopologyApply>();
    for (const core::TopologyChange& change : next.changes->list) replica.apply(change);
    if (!silent) end.tell_control(core::TopologyApplied{next.version});
    return next.version;
  }

  static inline core::ShardId control_id = 2;
  ShardEnd end;
  core::Topology replica;
  std::deque<ControlToShard> commands;

 private:
  void keep(ControlToShard& command) { commands.push_back(std::move(command)); }
  void keep(core::PeerCommand&) { ADD_FAILURE() << "no shard sends anything"; }
  void keep(AdminToShard&) { ADD_FAILURE() << "there is no admin thread"; }
};

class ControlTest : public ::testing::Test {
 protected:
  explicit ControlTest(const std::string& default_queue_type = {}) {
    mesh_.set_loop(0, loops_[0]);
    mesh_.set_loop(1, loops_[1]);
    mesh_.set_loop(2, loops_[2]);
    control_ = std::make_unique<Control>(Control::Parts{&mesh_,
                                                        &loops_[2],
                                                        &log_,
                                                        1'000,
                                                        [this] { return memory_bytes_; },
                                                        &store_,
                                                        &disk_reading_,
                                                        5'000,
                                                        {},
                                                        default_queue_type});
    zero_ = std::make_unique<FakeShard>(mesh_, core::ShardId{0});
    one_ = std::make_unique<FakeShard>(mesh_, core::ShardId{1});
  }
  void start() {
    EXPECT_EQ(control_->start({}, {"/", "other"}), "");
    run();
    zero_->apply();
    one_->apply();
    run();
    vhost_ = zero_->replica.find_vhost("/")->id;
  }
  void run() {
    for (int i = 0; i < 3; ++i) loops_[2].run_turn();
  }
  /// Sends without running the control thread: what comes before the next run() is one turn.
  void post(FakeShard& from, const TopologyRequest& request, core::ChannelRef channel) {
    from.end.tell_control(
        core::TopologyAsk{channel, 0, std::make_unique<TopologyRequest>(request)});
  }
  void advance(core::Nanos duration) {
    drivers_[2].time += duration;
    run();
  }
  TopologyRequest declare(std::string_view name) const {
    TopologyRequest request;
    request.kind = TopologyRequest::Kind::declare_queue;
    request.vhost = vhost_;
    request.name = name;
    request.connection = core::ConnectionId{1};
    return request;
  }
  TopologyRequest declare_durable(std::string_view name) const {
    TopologyRequest request = declare(name);
    request.durable = true;
    return request;
  }
  void ask(FakeShard& from, const TopologyRequest& request, core::ChannelRef channel,
           std::uint32_t message_count = 0) {
    from.end.tell_control(
        core::TopologyAsk{channel, message_count, std::make_unique<TopologyRequest>(request)});
    run();
  }

  FakeDriver drivers_[3]{FakeDriver{0}, FakeDriver{1}, FakeDriver{2}};
  io::Loop loops_[3]{{drivers_[0], {}}, {drivers_[1], {}}, {drivers_[2], {}}};
  core::NullLog log_;
  Mesh mesh_{3};
  std::uint64_t memory_bytes_ = 0;
  std::int64_t disk_free_ = 5'000;
  SlowReading<std::int64_t> disk_reading_{[this] { return disk_free_; }};
  persist::test::MemoryStore store_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<FakeShard> zero_;
  std::unique_ptr<FakeShard> one_;
  core::VhostId vhost_;
};

inline constexpr core::ChannelRef channel_of_zero{0, 5, 1};
inline constexpr core::ChannelRef channel_of_one{1, 6, 2};

}  // namespace lepus::server
