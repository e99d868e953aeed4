// What an idle queue occupies: there may be hundreds of thousands of them.
#include <gtest/gtest.h>

#include "core/queue/classic/classic_queue.h"
#include "core/topology/topology.h"

namespace lepus::core {
namespace {

/// Sizes for which the allocator of the release build has a class of its own.
TEST(ClassicQueueSize, StaysBelowTheNextClassOfTheAllocator) {
  EXPECT_LE(sizeof(ClassicQueue), 768U);
  EXPECT_LE(sizeof(QueueInfo), 192U);
}

}  // namespace
}  // namespace lepus::core
