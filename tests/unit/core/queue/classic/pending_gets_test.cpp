// basic.get with the head in memory, on disk, and when there is none.
#include "core/queue/classic/pending_gets.h"

#include <gtest/gtest.h>

#include "tests/unit/core/queue/classic/queue_parts_world.h"

namespace lepus::core {
namespace {

class PendingGetsTest : public test::QueuePartsTest {
 protected:
  PendingGetsTest() {
    make({}, StoreUse::none, true);
    gets_ = std::make_unique<PendingGets>(parts_->context, parts_->residency);
  }
  void get(std::uint32_t channel) { gets_->get({QueueId{6}, {0, channel, 1}, true}); }
  /// "1a2-": channel 1 got "a", channel 2 nothing.
  std::string answers() {
    std::string all;
    for (const auto& [reply, message] : host_.answers) {
      all += std::to_string(reply.channel.slot);
      all += message ? as_text(message->inline_body()) : "-";
    }
    return all;
  }

  std::unique_ptr<PendingGets> gets_;
};

TEST_F(PendingGetsTest, AreAnsweredAtOnceIfTheyCanBe) {
  push("a");
  get(1);
  get(2);
  EXPECT_EQ(answers(), "1a2-");
  EXPECT_TRUE(gets_->empty());
}

TEST_F(PendingGetsTest, WaitInOrderForTheDisk) {
  push("a");
  push("b");
  evict_all();
  get(1);
  get(2);
  get(3);
  EXPECT_EQ(answers(), "");
  EXPECT_FALSE(gets_->empty());
  EXPECT_TRUE(host_.is_scheduled());
  EXPECT_EQ(host_.message_log_port.fetches.size(), 1U);
  bring("a");
  gets_->serve();
  EXPECT_EQ(answers(), "1a");
  bring("b");
  gets_->serve();
  EXPECT_EQ(answers(), "1a2b3-");
  EXPECT_TRUE(gets_->empty());
}

TEST_F(PendingGetsTest, GetNothingWhenTheQueueGoes) {
  push("a");
  evict_all();
  get(1);
  get(2);
  gets_->abandon();
  EXPECT_EQ(answers(), "1-2-");
  EXPECT_TRUE(gets_->empty());
}

}  // namespace
}  // namespace lepus::core
