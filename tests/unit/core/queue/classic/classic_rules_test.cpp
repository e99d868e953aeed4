// What clients cannot ask of classic and quorum queues.
#include "core/queue/classic/classic_rules.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

TEST(ClassicRules, GetOfAQuorumQueueIsNotForASingleActiveConsumer) {
  QueueInfo queue{QueueSpec{}};
  EXPECT_FALSE(refuse_get_of_quorum(queue, "queue 'q'"));
  queue.effective.edit().single_active_consumer = true;
  const auto refusal = refuse_get_of_quorum(queue, "queue 'q'");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, ReplyCode::resource_locked);
  EXPECT_EQ(refusal->detail.substr(0, 40), "cannot obtain access to locked queue 'q'");
}

}  // namespace
}  // namespace lepus::core
