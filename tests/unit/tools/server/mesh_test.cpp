// The rings between threads: nothing lost, nothing overtaken, also when a ring is full; sleeping
// receivers are woken, and only those.
#include "tools/server/mesh.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/base/random.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace lepus::server {
namespace {

using core::CreditReturn;
using test::FakeDriver;
namespace limits = core::limits;

class MeshTest : public ::testing::Test {
 protected:
  MeshTest() {
    mesh_.set_loop(0, loop0_);
    mesh_.set_loop(1, loop1_);
    mesh_.set_loop(2, loop2_);
    mesh_.set_loop(3, loop3_);
  }
  /// Two turns: an op starts in the first and is back in the second.
  void run() {
    loop0_.run_turn();
    loop0_.run_turn();
  }
  /// Any small command that carries a number.
  static CreditReturn numbered(std::uint32_t number) { return {{}, number}; }
  /// Numbers of CreditReturn; of commands of the control thread 1000 and more.
  struct Collect {
    void operator()(const CreditReturn& command) const { got.push_back(command.count); }
    void operator()(const core::TopologyApply& command) const {
      got.push_back(1000 + static_cast<std::uint32_t>(command.version));
    }
    template <class Command>
    void operator()(const Command&) const {
      ADD_FAILURE() << "nobody sent that";
    }
    std::vector<std::uint32_t>& got;
  };
  /// What arrives at `end` in one drain.
  static std::vector<std::uint32_t> drain(ShardEnd& end) {
    std::vector<std::uint32_t> got;
    const Collect collect{got};
    (void)end.drain([&](auto& command) { std::visit(collect, command); });
    return got;
  }

  FakeDriver driver0_{100}, driver1_{101}, driver2_{102}, driver3_{103};
  io::Loop loop0_{driver0_, {}}, loop1_{driver1_, {}}, loop2_{driver2_, {}}, loop3_{driver3_, {}};
  Mesh mesh_{4};
};

TEST_F(MeshTest, OnlyPairsThatTalkHaveMemory) {
  ShardEnd zero(mesh_, 0), two(mesh_, 2);
  zero.send(2, numbered(1));
  EXPECT_EQ(drain(two), std::vector<std::uint32_t>{1});
  for (core::ShardId from = 0; from < mesh_.shard_count(); ++from) {
    for (core::ShardId to = 0; to < mesh_.shard_count(); ++to)
      EXPECT_EQ(mesh_.peer_ring(from, to).is_allocated(), from == 0 && to == 2);
    EXPECT_FALSE(mesh_.ring_to_control(from).is_allocated());
    EXPECT_FALSE(mesh_.ring_from_control(from).is_allocated());
  }
}

TEST_F(MeshTest, EachPairHasItsOwnOrder) {
  ShardEnd zero{mesh_, 0};
  ShardEnd one{mesh_, 1};
  ShardEnd two{mesh_, 2};
  zero.send(2, numbered(1));
  one.send(2, numbered(2));
  zero.send(2, numbered(3));
  two.send(0, numbered(4));
  EXPECT_EQ(drain(two), (std::vector<std::uint32_t>{1, 3, 2}));
  EXPECT_EQ(drain(zero).size(), 1U);
  EXPECT_TRUE(drain(one).empty());
  EXPECT_TRUE(drain(two).empty());
}

/// A queue that shard 0 knows is not known to shard 1 yet: what is for it must not be lost there.
TEST_F(MeshTest, WhatNamesAChangeWaitsUntilItIsApplied) {
  ShardEnd zero{mesh_, 0};
  ShardEnd one{mesh_, 1};
  ShardEnd two{mesh_, 2};
  zero.send(1, numbered(1));
  zero.send_to_control(core::TopologyApplied{1});
  zero.send(1, numbered(2));
  zero.send(1, numbered(3));
  two.send(1, numbered(4));
  EXPECT_EQ(drain(one), (std::vector<std::uint32_t>{1, 4})) << "shard 2 knows of no change";
  two.send(1, numbered(5));
  EXPECT_EQ(drain(one), std::vector<std::uint32_t>{5});
  one.send_to_control(core::TopologyApplied{1});
  EXPECT_EQ(drain(one), (std::vector<std::uint32_t>{2, 3}));
}

/// Of ten changes a shard is told once, in front of what is sent to it next.
TEST_F(MeshTest, AChangeThatIsAppliedHoldsNothingBack) {
  ShardEnd zero{mesh_, 0};
  ShardEnd one{mesh_, 1};
  for (std::uint64_t version = 1; version <= 10; ++version) {
    zero.send_to_control(core::TopologyApplied{version});
    one.send_to_control(core::TopologyApplied{version});
  }
  zero.send(1, numbered(1));
  zero.send(1, numbered(2));
  EXPECT_EQ(one.drain([](auto&) {}), 3U) << "one TopologyKnown and two commands";
}

TEST_F(MeshTest, TheControlThreadHasCommandsOfItsOwn) {
  ShardEnd zero{mesh_, 0};
  ShardEnd one{mesh_, 1};
  ControlEnd control{mesh_};
  control.send(0, core::TopologyApply{7, nullptr});
  one.send(0, numbered(1));
  EXPECT_EQ(drain(zero), (std::vector<std::uint32_t>{1, 1007}));
  zero.send_to_control(core::TopologyApplied{7});
  zero.tell_control(Serving{});
  one.tell_control(ConnectionsClosed{});
  std::vector<std::pair<core::ShardId, std::size_t>> got;  // From whom, and which alternative.
  EXPECT_TRUE(control.drain(
      [&](core::ShardId from, ShardToControl& command) { got.emplace_back(from, command.index()); },
      [](AdminToControl&) { FAIL(); }));
  const std::vector<std::pair<core::ShardId, std::size_t>> expected{
      {0, ShardToControl{core::TopologyApplied{}}.index()},
      {0, ShardToControl{Serving{}}.index()},
      {1, ShardToControl{ConnectionsClosed{}}.index()}};
  EXPECT_EQ(got, expected);
  EXPECT_FALSE(control.drain([](core::ShardId, ShardToControl&) { FAIL(); },
                             [](AdminToControl&) { FAIL(); }));
}

/// Numbers of what arrives, of a Reply its message_count and of a TopologyApply 1000 and more.
struct CollectAdmin {
  void operator()(const Acknowledged& command) const { got.push_back(command.number); }
  void operator()(const core::Reply& command) const { got.push_back(command.message_count); }
  void operator()(const core::TopologyApply& command) const {
    got.push_back(1000 + static_cast<std::uint32_t>(command.version));
  }
  template <class Command>
  void operator()(const Command&) const {
    ADD_FAILURE() << "nobody sent that";
  }
  std::vector<std::uint32_t>& got;
};

TEST_F(MeshTest, TheAdminThreadTalksToEverybody) {
  io::Loop admin_loop{driver3_, {}};
  Mesh mesh{3};
  for (core::ShardId id = 0; id < 3; ++id) mesh.set_loop(id, loop0_);
  mesh.set_admin_loop(admin_loop);
  ShardEnd zero{mesh, 0};
  ShardEnd one{mesh, 1};
  ControlEnd control{mesh};
  AdminEnd admin{mesh};

  one.tell_admin(Acknowledged{3});
  control.tell_admin(core::TopologyApply{1, nullptr});
  zero.send_to_control(core::Reply{{}, 5, 0, {}, 0, {}, nullptr});
  EXPECT_EQ(admin.told_count(), 1U);
  EXPECT_EQ(admin.handled_count(), 0U);
  std::vector<std::uint32_t> got;
  const CollectAdmin collect{got};
  EXPECT_TRUE(admin.drain([&](auto& command) { std::visit(collect, command); }));
  EXPECT_EQ(got, (std::vector<std::uint32_t>{1001, 5, 3}));
  EXPECT_EQ(admin.handled_count(), 1U);
  EXPECT_FALSE(admin.drain([](auto&) { FAIL(); }));

  admin.send(1, core::Purge{core::QueueId{7}, {}});
  int purges = 0;
  EXPECT_TRUE(one.drain([&](auto& command) {
    std::visit([&](auto& kind) { purges += std::is_same_v<core::Purge&, decltype(kind)>; },
               command);
  }));
  EXPECT_EQ(purges, 1);
  admin.tell_control(AdminEnded{});
  int ends = 0;
  EXPECT_TRUE(control.drain(
      [](core::ShardId, ShardToControl&) { FAIL(); },
      [&](AdminToControl& command) { ends += std::holds_alternative<AdminEnded>(command); }));
  EXPECT_EQ(ends, 1);
}

/// What is staged was told, too: whoever goes by told_count() waits for it.
TEST_F(MeshTest, WhatWasToldIsKnownWhenAsMuchIsHandled) {
  io::Loop admin_loop{driver3_, {}};
  Mesh mesh{2};
  for (core::ShardId id = 0; id < 2; ++id) mesh.set_loop(id, loop0_);
  mesh.set_admin_loop(admin_loop);
  ControlEnd control{mesh};
  AdminEnd admin{mesh};
  const std::uint64_t count = limits::mailbox_capacity + 1;
  for (std::uint64_t i = 1; i <= count; ++i) control.tell_admin(core::TopologyApply{i, nullptr});
  EXPECT_TRUE(control.has_staged());
  EXPECT_EQ(admin.told_count(), count);
  while (admin.drain([](auto&) {})) {
  }
  EXPECT_EQ(admin.handled_count(), count - 1);
  EXPECT_TRUE(control.push_staged());
  EXPECT_TRUE(admin.drain([](auto&) {}));
  EXPECT_EQ(admin.handled_count(), count);
}

TEST_F(MeshTest, WithoutAnAdminThreadNothingIsTold) {
  ControlEnd control{mesh_};
  control.tell_admin(core::TopologyApply{1, nullptr});
  EXPECT_EQ(mesh_.admin_rings().told_count.load(), 0U);
  EXPECT_FALSE(mesh_.admin_rings().from_control.is_allocated());
  ShardEnd zero{mesh_, 0};
  EXPECT_DEATH(zero.tell_admin(Acknowledged{1}), "has_admin");
}

/// What nobody took is given back with the mesh.
TEST_F(MeshTest, CommandsOwnWhatTheyCarry) {
  core::MemoryAccount account;
  core::MessageRef message = core::Message::create({"", "q", {}, 0, false}, account);
  const core::MessageRef watched = message;
  message->leave_account();
  {
    Mesh mesh{2 + 1};
    for (core::ShardId id = 0; id < 3; ++id) mesh.set_loop(id, loop0_);
    ShardEnd sender{mesh, 0};
    sender.send(1, core::Enqueue{core::QueueId{1}, nullptr, std::move(message), {}, 0});
    EXPECT_FALSE(watched.is_only_reference());
  }
  EXPECT_TRUE(watched.is_only_reference());
}

TEST_F(MeshTest, AFullRingStagesInOrder) {
  ShardEnd sender{mesh_, 0};
  ShardEnd receiver{mesh_, 1};
  core::Random random{4};
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  bool was_congested = false;
  for (int step = 0; step < 100; ++step) {
    for (std::uint64_t i = random.below(limits::mailbox_capacity); i > 0; --i)
      sender.send(1, numbered(sent++));
    ASSERT_EQ(sender.congested(1), sender.has_staged());
    ASSERT_FALSE(sender.congested(2));
    was_congested |= sender.has_staged();
    for (const std::uint32_t number : drain(receiver)) ASSERT_EQ(number, received++);
    if (random.chance(50)) (void)sender.push_staged();
  }
  EXPECT_TRUE(was_congested);
  while (received < sent) {
    (void)sender.push_staged();
    for (const std::uint32_t number : drain(receiver)) ASSERT_EQ(number, received++);
  }
  EXPECT_FALSE(sender.congested(1));
  EXPECT_FALSE(sender.has_staged());
  EXPECT_FALSE(sender.push_staged());
}

TEST_F(MeshTest, ADrainIsBounded) {
  ShardEnd sender{mesh_, 0};
  ShardEnd receiver{mesh_, 1};
  for (std::uint32_t i = 0; i < limits::mailbox_drain_max + 5; ++i) sender.send(1, numbered(i));
  EXPECT_EQ(drain(receiver).size(), limits::mailbox_drain_max);
  EXPECT_EQ(drain(receiver).size(), 5U);
}

TEST_F(MeshTest, OnlySleepersAreWoken) {
  ShardEnd sender{mesh_, 0};
  sender.send(1, numbered(1));
  sender.send(2, numbered(1));
  sender.send(2, numbered(2));
  loop2_.sleep_flag().announce();
  sender.wake();
  run();
  EXPECT_EQ(driver0_.wakes, std::vector<int>{102});
  // Nothing new: nobody is woken.
  loop2_.sleep_flag().announce();
  sender.wake();
  loop0_.run_turn();
  EXPECT_EQ(driver0_.wakes.size(), 1U);
}

TEST_F(MeshTest, AWakeDuringAWakeIsSentAfterIt) {
  ShardEnd sender{mesh_, 0};
  driver0_.completes = false;
  sender.send(1, numbered(1));
  loop1_.sleep_flag().announce();
  sender.wake();
  loop0_.run_turn();
  sender.send(1, numbered(2));
  loop1_.sleep_flag().announce();
  sender.wake();
  loop0_.run_turn();
  EXPECT_EQ(driver0_.wakes.size(), 1U);
  driver0_.completes = true;
  for (int i = 0; i < 3; ++i) loop0_.run_turn();
  EXPECT_EQ(driver0_.wakes, (std::vector<int>{101, 101}));
  EXPECT_EQ(loop0_.ops_in_flight(), 0U);
}

TEST_F(MeshTest, WhatWasStagedWakesWhenItMoves) {
  ShardEnd sender{mesh_, 0};
  ShardEnd receiver{mesh_, 1};
  for (std::uint32_t i = 0; i < limits::mailbox_capacity + 1; ++i) sender.send(1, numbered(i));
  sender.wake();
  EXPECT_TRUE(sender.has_staged());
  while (!drain(receiver).empty()) {
  }
  loop1_.sleep_flag().announce();
  EXPECT_TRUE(sender.push_staged());
  sender.wake();
  run();
  EXPECT_EQ(driver0_.wakes, std::vector<int>{101});
}

TEST_F(MeshTest, TwoThreads) {
  constexpr std::uint32_t count = 200'000;
  std::thread sending([this] {
    ShardEnd sender{mesh_, 0};
    for (std::uint32_t i = 0; i < count; ++i) {
      sender.send(1, numbered(i));
      (void)sender.push_staged();
    }
    while (sender.has_staged()) {
      if (!sender.push_staged()) std::this_thread::yield();
    }
  });
  ShardEnd receiver{mesh_, 1};
  std::uint32_t received = 0;
  while (received < count) {
    const auto got = drain(receiver);
    for (const std::uint32_t number : got) ASSERT_EQ(number, received++);
    if (got.empty()) std::this_thread::yield();
  }
  sending.join();
}

TEST_F(MeshTest, SendingToOneselfStops) {
  ShardEnd end{mesh_, 1};
  EXPECT_DEATH(end.send(1, numbered(1)), "self_");
}

}  // namespace
}  // namespace lepus::server
