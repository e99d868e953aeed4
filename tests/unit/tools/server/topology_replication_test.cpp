// Changes reach every shard in order, and never more at once than a shard takes without its clients
// noticing.
#include "tools/server/topology/topology_replication.h"

#include "core/limits.h"
#include "tests/unit/tools/server/control_world.h"

namespace lepus::server {
namespace {

using core::limits::topology_piece_max;
using core::limits::topology_unapplied_max;

core::TopologyChanges vhost_changes(std::size_t count, std::uint32_t first_id = 1) {
  core::TopologyChanges changes;
  changes.by = "ann";
  for (std::uint32_t id = first_id; id < first_id + count; ++id)
    changes.list.emplace_back(core::VhostAdded{core::VhostId{id}, "v" + std::to_string(id)});
  return changes;
}

class TopologyReplicationTest : public ::testing::Test {
 protected:
  TopologyReplicationTest() {
    for (core::ShardId id = 0; id < 3; ++id) mesh_.set_loop(id, loops_[id]);
    end_ = std::make_unique<ControlEnd>(mesh_);
    zero_ = std::make_unique<FakeShard>(mesh_, core::ShardId{0});
    one_ = std::make_unique<FakeShard>(mesh_, core::ShardId{1});
    replication_ = std::make_unique<TopologyReplication>(*end_, core::ShardId{2});
  }
  void append_all(core::TopologyChanges changes) {
    for (core::TopologyChanges& piece : split_changes(std::move(changes)))
      replication_->append(std::move(piece));
  }
  /// The shard applies the next piece and says so.
  void apply_one(FakeShard& shard, core::ShardId id) {
    replication_->on_applied(id, shard.apply(/*silent=*/true));
  }

  FakeDriver drivers_[3]{FakeDriver{0}, FakeDriver{1}, FakeDriver{2}};
  io::Loop loops_[3]{{drivers_[0], {}}, {drivers_[1], {}}, {drivers_[2], {}}};
  Mesh mesh_{3};
  std::unique_ptr<ControlEnd> end_;
  std::unique_ptr<FakeShard> zero_;
  std::unique_ptr<FakeShard> one_;
  std::unique_ptr<TopologyReplication> replication_;
};

class AdminReplicationTest : public TopologyReplicationTest {
 protected:
  AdminReplicationTest() {
    mesh_.set_admin_loop(admin_loop_);
    end_ = std::make_unique<ControlEnd>(mesh_);
    replication_ = std::make_unique<TopologyReplication>(*end_, core::ShardId{2});
    admin_ = std::make_unique<AdminEnd>(mesh_);
  }
  /// Versions that the admin thread gets.
  std::vector<std::uint64_t> receive() {
    std::vector<std::uint64_t> versions;
    const auto note = [&](auto& command) {
      if constexpr (std::is_same_v<ControlToAdmin&, decltype(command)>)
        versions.push_back(std::get<TopologyApply>(command).version);
    };
    while (admin_->drain(note)) {
    }
    return versions;
  }

  FakeDriver admin_driver_{3};
  io::Loop admin_loop_{admin_driver_, {}};
  std::unique_ptr<AdminEnd> admin_;
};

/// What a shard was sent, the admin thread was sent before.
TEST_F(AdminReplicationTest, NobodyWaitsForTheAdminThread) {
  for (std::uint32_t i = 1; i <= 5; ++i) replication_->append(vhost_changes(1, i));
  EXPECT_EQ(admin_->told_count(), 5U);
  for (int i = 0; i < 5; ++i) {
    apply_one(*zero_, 0);
    apply_one(*one_, 1);
  }
  EXPECT_EQ(replication_->applied_version(), 5U) << "the admin thread has not looked yet";
  EXPECT_EQ(receive(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

/// As long as it writes an answer, so much may wait for it, and no more.
TEST_F(AdminReplicationTest, ItIsBehindByABoundedAmount) {
  std::uint32_t id = 1;
  const auto append_until = [&](std::size_t max) {
    std::size_t sent = 0;
    for (; sent < max; ++sent) {
      const std::uint64_t before = admin_->told_count();
      replication_->append(vhost_changes(topology_piece_max, id));
      id += topology_piece_max;
      if (admin_->told_count() == before) break;
      (void)end_->push_staged();
      apply_one(*zero_, 0);
      apply_one(*one_, 1);
    }
    return sent;
  };
  const std::size_t pieces = admin_unapplied_max / topology_piece_max;
  EXPECT_EQ(append_until(pieces + 1), pieces);
  EXPECT_EQ(zero_->count<TopologyApply>(), 0U);
  replication_->on_admin_applied(1);
  EXPECT_EQ(zero_->count<TopologyApply>(), 1U) << "there is room for it now";
  EXPECT_DEATH(replication_->on_admin_applied(1), "admin_applied_");
}

TEST(SplitChanges, KeepsOrderAndAuthorInBoundedPieces) {
  const std::size_t count = 2 * topology_piece_max + 3;
  const std::vector<core::TopologyChanges> pieces = split_changes(vhost_changes(count));
  ASSERT_EQ(pieces.size(), 3U);
  std::uint32_t id = 0;
  for (const core::TopologyChanges& piece : pieces) {
    EXPECT_LE(piece.list.size(), topology_piece_max);
    EXPECT_EQ(piece.by, "ann");
    for (const core::TopologyChange& change : piece.list)
      EXPECT_EQ(std::get<core::VhostAdded>(change).id, core::VhostId{++id});
  }
  EXPECT_EQ(id, count);
  EXPECT_EQ(split_changes(vhost_changes(topology_piece_max)).size(), 1U);
}

TEST(SplitChanges, CutsRemovalsToo) {
  core::TopologyChanges changes;
  for (std::uint64_t id = 1; id <= 3 * topology_piece_max; ++id)
    changes.list.emplace_back(core::QueueRemoved{core::QueueId{id}});
  changes.list.emplace_back(core::VhostRemoved{core::VhostId{1}});
  const std::vector<core::TopologyChanges> pieces = split_changes(changes);
  ASSERT_EQ(pieces.size(), 4U);
  EXPECT_EQ(pieces[3].list.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<core::VhostRemoved>(pieces[3].list[0])) << "the last of all";
}

TEST(SplitChanges, RemovesAStoreWithItsExchange) {
  core::TopologyChanges changes;
  for (std::uint64_t id = 1; id <= topology_piece_max; ++id)
    changes.list.emplace_back(core::QueueRemoved{core::QueueId{id}});  // The last is a store.
  changes.list.emplace_back(core::ExchangeRemoved{core::ExchangeId{500}});
  changes.list.emplace_back(core::QueueRemoved{core::QueueId{501}});
  const std::vector<core::TopologyChanges> pieces = split_changes(changes);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<core::ExchangeRemoved>(pieces[0].list.back()));
  EXPECT_EQ(pieces[1].list.size(), 1U);
}

TEST(SplitChanges, LeavesAStoreWithItsExchange) {
  core::TopologyChanges changes = vhost_changes(topology_piece_max);
  core::QueueSpec store;
  store.store_of = core::ExchangeId{5};
  changes.list.emplace_back(core::QueueAdded{store});
  changes.list.emplace_back(core::VhostAdded{core::VhostId{1'000}, "last"});
  const std::vector<core::TopologyChanges> pieces = split_changes(changes);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<core::QueueAdded>(pieces[0].list.back()));
  EXPECT_EQ(pieces[1].list.size(), 1U);
}

/// A policy may take many turns of a shard: nothing before it may be half told meanwhile.
TEST(SplitChanges, BeginsAPieceWithEachPolicy) {
  core::TopologyChanges changes = vhost_changes(2);
  changes.list.emplace_back(core::PolicyPut{});
  changes.list.emplace_back(core::PolicyRemoved{});
  changes.list.emplace_back(core::VhostAdded{core::VhostId{1'000}, "last"});
  const std::vector<core::TopologyChanges> pieces = split_changes(changes);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].list.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<core::PolicyPut>(pieces[1].list[0]));
  EXPECT_TRUE(std::holds_alternative<core::PolicyRemoved>(pieces[2].list[0]));
  EXPECT_EQ(pieces[2].list.size(), 2U);
}

TEST_F(TopologyReplicationTest, WaitsForTheSlowestShard) {
  const std::size_t piece_count = topology_unapplied_max / topology_piece_max;
  append_all(vhost_changes((piece_count + 2) * topology_piece_max));
  EXPECT_EQ(replication_->version(), piece_count + 2);
  EXPECT_EQ(zero_->count<TopologyApply>(), piece_count);
  EXPECT_EQ(one_->count<TopologyApply>(), piece_count);
  apply_one(*zero_, 0);
  apply_one(*zero_, 0);
  EXPECT_EQ(one_->count<TopologyApply>(), piece_count) << "the other has applied nothing";
  EXPECT_EQ(replication_->applied_version(), 0U);
  apply_one(*one_, 1);
  EXPECT_EQ(replication_->applied_version(), 1U);
  EXPECT_EQ(one_->count<TopologyApply>(), piece_count) << "one came for the one that was applied";
  while (replication_->applied_version() < replication_->version()) {
    if (zero_->count<TopologyApply>() > 0) apply_one(*zero_, 0);
    if (one_->count<TopologyApply>() > 0) apply_one(*one_, 1);
  }
  EXPECT_EQ(zero_->replica.vhosts().size(), (piece_count + 2) * topology_piece_max);
  EXPECT_EQ(one_->replica.vhosts().size(), (piece_count + 2) * topology_piece_max);
}

TEST_F(TopologyReplicationTest, WhatComesLaterStaysBehind) {
  append_all(vhost_changes(2 * topology_unapplied_max));
  replication_->append(vhost_changes(1, 100'000));
  std::uint64_t last = 0;
  while (replication_->applied_version() < replication_->version()) {
    apply_one(*zero_, 0);
    apply_one(*one_, 1);
    EXPECT_EQ(replication_->applied_version(), ++last);
    const bool is_last_there = zero_->replica.find_vhost("v100000") != nullptr;
    EXPECT_EQ(is_last_there, last == replication_->version());
  }
}

TEST_F(TopologyReplicationTest, APieceLargerThanTheWindowGoesAlone) {
  replication_->append(vhost_changes(topology_unapplied_max + 1));
  replication_->append(vhost_changes(1, 100'000));
  EXPECT_EQ(zero_->count<TopologyApply>(), 1U);
  apply_one(*zero_, 0);
  apply_one(*one_, 1);
  EXPECT_EQ(zero_->count<TopologyApply>(), 1U);
  EXPECT_EQ(one_->count<TopologyApply>(), 1U);
}

TEST_F(TopologyReplicationTest, NothingIsSentToThreadsThatEnd) {
  append_all(vhost_changes(2 * topology_unapplied_max));
  replication_->stop();
  const std::size_t sent = zero_->count<TopologyApply>();
  for (std::size_t i = 0; i < sent; ++i) {
    apply_one(*zero_, 0);
    apply_one(*one_, 1);
  }
  EXPECT_EQ(zero_->count<TopologyApply>(), 0U);
}

}  // namespace
}  // namespace lepus::server
