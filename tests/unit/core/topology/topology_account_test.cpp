// What queues, exchanges and bindings count, and that all of it is taken off again.
#include "core/topology/topology_account.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/base/ids.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

constexpr VhostId the_vhost{1};
constexpr ExchangeId source_id{2};
constexpr ExchangeId target_id{3};
constexpr QueueId queue_id{4};
const std::string long_name(100, 'n');

class TopologyAccountTest : public ::testing::Test {
 protected:
  TopologyAccountTest() {
    apply(VhostAdded{the_vhost, "/"});
    EXPECT_EQ(memory_.topology_bytes, 0U);
    empty_ = apply(exchange(source_id, "source"));
  }
  /// What it adds.
  std::uint64_t apply(const TopologyChange& change) {
    const std::uint64_t before = memory_.topology_bytes;
    account_.note(topology_, change);
    topology_.apply(change);
    return memory_.topology_bytes - before;
  }
  static ExchangeAdded exchange(ExchangeId id, const std::string& name) {
    ExchangeSpec spec{id, the_vhost};
    spec.name = name;
    return {std::move(spec)};
  }
  static QueueAdded queue(ShardId home, const std::string& name) {
    QueueSpec spec;
    spec.id = queue_id;
    spec.vhost = the_vhost;
    spec.home = home;
    spec.name = name;
    return {std::move(spec)};
  }
  static BindingAdded binding(ExchangeId from, const std::string& key) {
    return {{from, queue_id, {}, key, {}}};
  }

  MemoryAccount memory_;
  Topology topology_{2};
  TopologyAccount account_{0, memory_};
  std::uint64_t empty_ = 0;  ///< Of an exchange with a short name.
};

TEST_F(TopologyAccountTest, TextsCountAndWhereAQueueIsHomed) {
  const std::uint64_t elsewhere = apply(queue(1, "q"));
  apply(QueueRemoved{queue_id});
  EXPECT_EQ(memory_.topology_bytes, empty_);
  EXPECT_EQ(apply(queue(1, long_name)), elsewhere + long_name.size() + 1);
  apply(QueueRemoved{queue_id});
  EXPECT_EQ(apply(queue(0, "q")), elsewhere + limits::queue_home_memory);
  apply(QueueRemoved{queue_id});
  EXPECT_EQ(apply(exchange(target_id, long_name)), empty_ + long_name.size() + 1);
  apply(ExchangeRemoved{target_id});
  EXPECT_EQ(memory_.topology_bytes, empty_);
}

TEST_F(TopologyAccountTest, BindingsGoWithEitherEnd) {
  const std::uint64_t of_queue = apply(queue(0, "q"));
  const std::uint64_t of_binding = apply(binding(source_id, "k"));
  EXPECT_GE(of_binding, sizeof(Binding));
  EXPECT_EQ(apply(binding(source_id, long_name)), of_binding + 2 * (long_name.size() + 1));
  apply(BindingRemoved{binding(source_id, "k").binding});
  apply(QueueRemoved{queue_id});
  EXPECT_EQ(memory_.topology_bytes, empty_);
  apply(queue(0, "q"));
  apply(binding(source_id, long_name));
  apply(ExchangeRemoved{source_id});
  EXPECT_EQ(memory_.topology_bytes, of_queue);
}

TEST_F(TopologyAccountTest, ABindingOfAnExchangeToItselfCountsOnce) {
  apply(exchange(target_id, "target"));
  const BindingSpec to_itself{source_id, {}, source_id, "k", {}};
  const BindingSpec to_other{source_id, {}, target_id, "k", {}};
  const BindingSpec back{target_id, {}, source_id, "k", {}};
  for (const BindingSpec& spec : {to_itself, to_other, back})
    EXPECT_GT(apply(BindingAdded{spec}), 0U);
  apply(ExchangeRemoved{source_id});
  EXPECT_EQ(memory_.topology_bytes, empty_) << "the other exchange alone";
  apply(ExchangeRemoved{target_id});
  EXPECT_EQ(memory_.topology_bytes, 0U);
}

/// Equal arguments may be in another order.
TEST_F(TopologyAccountTest, WhatIsRemovedCountsAsItWasAdded) {
  apply(queue(0, "q"));
  const std::uint64_t before = memory_.topology_bytes;
  FieldTableWriter wide;
  wide.text("one", "some long text");
  wide.int64("two", 5);
  FieldTableWriter other_order;
  other_order.int64("two", 5);
  other_order.text("one", "some long text");
  BindingSpec spec = binding(source_id, "k").binding;
  spec.arguments = wide.take();
  apply(BindingAdded{spec});
  spec.arguments = other_order.take();
  apply(BindingRemoved{spec});
  EXPECT_EQ(memory_.topology_bytes, before);
}

TEST_F(TopologyAccountTest, TheEndOfAShardTakesItsPart) {
  MemoryAccount memory;
  memory.topology_bytes = 7;
  {
    TopologyAccount account{0, memory};
    account.note(topology_, exchange(target_id, "x"));
    EXPECT_GT(memory.topology_bytes, 7U);
  }
  EXPECT_EQ(memory.topology_bytes, 7U);
}

}  // namespace
}  // namespace lepus::core
