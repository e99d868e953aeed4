// Messages: what goes in comes out, whatever the pieces; every byte of the account comes back.
#include "core/message/message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/limits.h"

namespace lepus::core {
namespace {

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  return bytes;
}

std::vector<std::uint8_t> body_of(const Message& message) {
  std::vector<std::uint8_t> body;
  message.for_each_piece([&](Bytes piece) {
    EXPECT_FALSE(piece.empty());
    body.insert(body.end(), piece.begin(), piece.end());
  });
  return body;
}

class MessageBody : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  MemoryAccount account_;
};

TEST_P(MessageBody, ComesOutAsItWentIn) {
  Random random{GetParam()};
  const std::vector<std::uint8_t> body = random_bytes(random, GetParam());
  const std::vector<std::uint8_t> properties = random_bytes(random, 30);
  {
    const MessageRef message =
        Message::create({"exchange", "key", properties, body.size(), true}, account_);
    const std::uint64_t empty_size = message->memory_size();
    EXPECT_LE(empty_size, properties.size() + 300) << "what is announced is not there";
    EXPECT_EQ(account_.message_bytes, empty_size);
    for (Bytes left{body}; !left.empty();) {
      EXPECT_FALSE(message->complete());
      const std::size_t max = random.chance(30) ? 3 : left.size();
      const Bytes piece = left.first(1 + random.below(max < left.size() ? max : left.size()));
      message->append_body(piece);
      left = left.subspan(piece.size());
      ASSERT_EQ(account_.message_bytes, message->memory_size());
      const std::uint64_t filled = body.size() - left.size();
      ASSERT_GE(message->memory_size(), empty_size + filled);
      ASSERT_LE(message->memory_size(), empty_size + filled + limits::body_chunk_size);
    }
    EXPECT_TRUE(message->complete());
    const std::uint64_t size = message->memory_size();
    EXPECT_EQ(size, empty_size + body.size());
    EXPECT_EQ(body_of(*message), body);
    EXPECT_EQ(message->exchange(), "exchange");
    EXPECT_EQ(message->routing_key(), "key");
    EXPECT_EQ(std::vector<std::uint8_t>(message->properties().begin(), message->properties().end()),
              properties);
    EXPECT_TRUE(message->persistent());
    EXPECT_EQ(message->is_large(), body.size() > limits::body_inline_max);
    const MessageRef twin = message->copy();
    EXPECT_EQ(account_.message_bytes, 2 * size);
    EXPECT_EQ(body_of(*twin), body);
    EXPECT_EQ(twin->routing_key(), "key");
    EXPECT_TRUE(twin->persistent());
    EXPECT_NE(twin.get(), message.get());
  }
  EXPECT_EQ(account_.message_bytes, 0U);
}

INSTANTIATE_TEST_SUITE_P(Sizes, MessageBody,
                         ::testing::Values(0, 1, 100, limits::body_inline_max - 1,
                                           limits::body_inline_max, limits::body_inline_max + 1,
                                           limits::body_inline_max + limits::body_chunk_size,
                                           limits::body_inline_max + limits::body_chunk_size + 1,
                                           1'000'000));

TEST(Message, ReferencesAreCounted) {
  MemoryAccount account;
  MessageRef first = Message::create({"", "q", {}, 0, false}, account);
  EXPECT_TRUE(first.is_only_reference());
  MessageRef second = first;
  EXPECT_FALSE(first.is_only_reference());
  EXPECT_EQ(first.get(), second.get());
  Message* plain = second.detach();
  EXPECT_FALSE(second);
  EXPECT_FALSE(first.is_only_reference());
  first = {};
  EXPECT_GT(account.message_bytes, 0U);
  {
    const MessageRef third = MessageRef::share(plain);
    EXPECT_FALSE(third.is_only_reference());
  }
  MessageRef adopted = MessageRef::adopt(plain);
  EXPECT_TRUE(adopted.is_only_reference());
  MessageRef moved = std::move(adopted);
  EXPECT_TRUE(moved.is_only_reference());
  moved = {};
  EXPECT_EQ(account.message_bytes, 0U);
}

TEST(Message, MovesBetweenAccounts) {
  MemoryAccount here;
  MemoryAccount there;
  MessageRef message = Message::create({"x", "k", {}, 10, false}, here);
  const std::uint64_t size = message->memory_size();
  message->leave_account();
  EXPECT_EQ(here.message_bytes, 0U);
  message->enter_account(there);
  EXPECT_EQ(there.message_bytes, size);
  message = {};
  EXPECT_EQ(there.message_bytes, 0U);
}

TEST(Message, TakesWithItWhatCameSoFar) {
  MemoryAccount here;
  MemoryAccount there;
  const std::string part(limits::body_inline_max + 1, 'x');
  MessageRef message = Message::create({"x", "k", {}, 10 * part.size(), false}, here);
  message->append_body(as_bytes(part));
  const std::uint64_t size = message->memory_size();
  EXPECT_EQ(here.message_bytes, size);
  message->leave_account();
  EXPECT_EQ(here.message_bytes, 0U);
  message->enter_account(there);
  message->append_body(as_bytes(part));
  EXPECT_EQ(here.message_bytes, 0U);
  EXPECT_EQ(there.message_bytes, message->memory_size());
  EXPECT_GT(there.message_bytes, size);
}

TEST(Message, DiesBetweenAccounts) {
  MemoryAccount account;
  MessageRef message = Message::create({"x", "k", {}, 10, false}, account);
  message->leave_account();
  message = {};
  EXPECT_EQ(account.message_bytes, 0U);
}

TEST(Message, LongNames) {
  MemoryAccount account;
  const std::string name(255, 'n');
  const MessageRef message = Message::create({name, name, {}, 3, false}, account);
  message->append_body(as_bytes("abc"));
  EXPECT_EQ(message->exchange(), name);
  EXPECT_EQ(message->routing_key(), name);
  EXPECT_EQ(as_text(message->inline_body()), "abc");
}

TEST(MessageDeathTest, MoreBodyThanAnnouncedStops) {
  MemoryAccount account;
  const MessageRef message = Message::create({"", "", {}, 3, false}, account);
  EXPECT_DEATH(message->append_body(as_bytes("abcd")), "piece.size");
}

}  // namespace
}  // namespace lepus::core
