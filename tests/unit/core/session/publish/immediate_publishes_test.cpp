// Which messages with `immediate` come back to their publisher.
#include "core/session/publish/immediate_publishes.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

class ImmediatePublishesTest : public ::testing::Test {
 protected:
  MessageRef message(std::string_view key) {
    return Message::create({"", key, {}, 0, false}, memory_);
  }
  std::uint64_t add(std::string_view key, std::uint32_t replies, bool taken = false) {
    const std::uint64_t id = publishes_.next_id();
    publishes_.add(message(key), replies, taken);
    return id;
  }
  MemoryAccount memory_;
  ImmediatePublishes publishes_;
};

TEST_F(ImmediatePublishesTest, TheLastReplyDecides) {
  const std::uint64_t unwanted = add("unwanted", 2);
  const std::uint64_t taken = add("taken", 2);
  const std::uint64_t here = add("taken here", 1, true);
  EXPECT_NE(unwanted, taken);
  EXPECT_FALSE(publishes_.note_reply(unwanted, false)) << "one reply is due";
  EXPECT_FALSE(publishes_.note_reply(taken, true));
  EXPECT_FALSE(publishes_.note_reply(taken, false)) << "one consumer is enough";
  EXPECT_FALSE(publishes_.note_reply(here, false));
  EXPECT_FALSE(publishes_.is_empty());
  const MessageRef returned = publishes_.note_reply(unwanted, false);
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->routing_key(), "unwanted");
  EXPECT_TRUE(publishes_.is_empty());
}

TEST_F(ImmediatePublishesTest, RepliesOfWhatIsForgottenAreIgnored) {
  const std::uint64_t id = add("one", 1);
  publishes_.clear();
  EXPECT_TRUE(publishes_.is_empty());
  EXPECT_FALSE(publishes_.note_reply(id, false));
  EXPECT_NE(add("two", 1), id) << "ids are not used again";
}

}  // namespace
}  // namespace lepus::core
