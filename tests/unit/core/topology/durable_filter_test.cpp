// What outlives the process, kind by kind; whole histories are in the tests of the catalog.
#include "core/topology/durable_filter.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

class DurableFilterTest : public ::testing::Test {
 protected:
  DurableFilterTest() { EXPECT_TRUE(filter_.admit(VhostAdded{vhost_, "/"})); }

  bool add_exchange(std::uint64_t id, bool durable) {
    ExchangeSpec exchange;
    exchange.id = ExchangeId{id};
    exchange.vhost = vhost_;
    exchange.durable = durable;
    return filter_.admit(ExchangeAdded{exchange});
  }
  bool add_queue(std::uint64_t id, bool durable, bool exclusive) {
    QueueSpec queue;
    queue.id = QueueId{id};
    queue.vhost = vhost_;
    queue.durable = durable;
    queue.exclusive = exclusive;
    if (exclusive) queue.owner = ConnectionId{1};
    return filter_.admit(QueueAdded{queue});
  }
  static BindingSpec to_queue(std::uint64_t source, std::uint64_t queue) {
    BindingSpec binding;
    binding.source = ExchangeId{source};
    binding.queue = QueueId{queue};
    return binding;
  }
  static BindingSpec to_exchange(std::uint64_t source, std::uint64_t target_id) {
    BindingSpec binding;
    binding.source = ExchangeId{source};
    binding.exchange = ExchangeId{target_id};
    return binding;
  }

  const VhostId vhost_{1};
  DurableFilter filter_;
};

TEST_F(DurableFilterTest, QueuesThatAreDurableAndNobodysOwn) {
  EXPECT_TRUE(add_queue(2, true, false));
  EXPECT_FALSE(add_queue(3, true, true));
  EXPECT_FALSE(add_queue(4, false, true));
  EXPECT_FALSE(add_queue(5, false, false));
  EXPECT_TRUE(add_queue(2, true, false)) << "it moved to another home";
  EXPECT_TRUE(filter_.admit(QueueRemoved{QueueId{2}}));
  EXPECT_FALSE(filter_.admit(QueueRemoved{QueueId{2}}));
  EXPECT_FALSE(filter_.admit(QueueRemoved{QueueId{3}}));
}

TEST_F(DurableFilterTest, ExchangesThatAreDurable) {
  EXPECT_TRUE(add_exchange(2, true));
  EXPECT_FALSE(add_exchange(3, false));
  EXPECT_TRUE(filter_.admit(ExchangeRemoved{ExchangeId{2}}));
  EXPECT_FALSE(filter_.admit(ExchangeRemoved{ExchangeId{2}}));
  EXPECT_FALSE(filter_.admit(ExchangeRemoved{ExchangeId{3}}));
}

TEST_F(DurableFilterTest, BindingsWhoseBothEndsAreKept) {
  (void)add_exchange(2, true);
  (void)add_exchange(3, false);
  (void)add_exchange(4, true);
  (void)add_queue(5, true, false);
  (void)add_queue(6, false, false);
  EXPECT_TRUE(filter_.admit(BindingAdded{to_queue(2, 5)}));
  EXPECT_TRUE(filter_.admit(BindingRemoved{to_queue(2, 5)}));
  EXPECT_FALSE(filter_.admit(BindingAdded{to_queue(2, 6)}));
  EXPECT_FALSE(filter_.admit(BindingAdded{to_queue(3, 5)}));
  EXPECT_FALSE(filter_.admit(BindingRemoved{to_queue(3, 5)}));
  EXPECT_TRUE(filter_.admit(BindingAdded{to_exchange(2, 4)}));
  EXPECT_FALSE(filter_.admit(BindingAdded{to_exchange(2, 3)}));
  EXPECT_FALSE(filter_.admit(BindingAdded{to_exchange(3, 2)}));
  // An end that is gone takes its bindings along: nothing is left to remove.
  EXPECT_TRUE(filter_.admit(QueueRemoved{QueueId{5}}));
  EXPECT_FALSE(filter_.admit(BindingRemoved{to_queue(2, 5)}));
}

TEST_F(DurableFilterTest, Vhosts) {
  EXPECT_TRUE(filter_.admit(VhostAdded{VhostId{7}, "v"}));
  EXPECT_TRUE(filter_.admit(VhostRemoved{VhostId{7}}));
  EXPECT_FALSE(filter_.admit(VhostRemoved{VhostId{7}}));
}

}  // namespace
}  // namespace lepus::core
