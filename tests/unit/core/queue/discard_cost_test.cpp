// What throwing a message away takes of a turn.
#include "core/queue/discard_cost.h"

#include <gtest/gtest.h>

#include <string>

#include "core/message/message.h"

namespace lepus::core {
namespace {

TEST(DiscardCost, GrowsWithTheMessage) {
  MemoryAccount account;
  const auto cost = [&](std::size_t size) {
    const std::string body(size, 'x');
    Message::Parts parts;
    parts.routing_key = "q";
    parts.body_size = size;
    const MessageRef message = Message::create(parts, account);
    message->append_body(as_bytes(body));
    return discard_cost(message.get());
  };
  EXPECT_EQ(discard_cost(nullptr), 1U);
  EXPECT_EQ(cost(10), 1U);
  EXPECT_GE(cost(100'000), 100'000 / limits::discard_bytes);
  EXPECT_LE(cost(100'000), 100'000 / limits::discard_bytes + 10);
}

}  // namespace
}  // namespace lepus::core
