// Queues that look at each message: duplicates, and what a store gets.
#include "core/queue/classic/message_inspector.h"

#include <gtest/gtest.h>

#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core {
namespace {

class MessageInspectorTest : public ::testing::Test {
 protected:
  static QueueInfo info(StoreUse use) {
    QueueSpec spec;
    spec.id = QueueId{2};
    spec.store_use = use;
    return QueueInfo{spec};
  }
  test::FakeQueueHost host_;
};

TEST_F(MessageInspectorTest, IsNeededByStoresAndWithDeduplication) {
  QueueInfo plain = info(StoreUse::none);
  MessageInspector inspector{plain, host_};
  inspector.load_rules();
  EXPECT_FALSE(inspector.is_needed());
  plain.effective.edit().deduplication.is_on = true;
  inspector.load_rules();
  EXPECT_TRUE(inspector.is_needed());
  plain.effective.edit().deduplication.is_on = false;
  inspector.load_rules();
  EXPECT_FALSE(inspector.is_needed());
  const QueueInfo store = info(StoreUse::history);
  EXPECT_TRUE((MessageInspector{store, host_}.is_needed()));
}

TEST_F(MessageInspectorTest, AMessageThatOthersGetIsCopied) {
  const QueueInfo plain = info(StoreUse::none);
  const MessageInspector inspector{plain, host_};
  const MessageRef message = host_.message("a");
  EXPECT_EQ(inspector.private_copy(message, false).get(), message.get());
  EXPECT_NE(inspector.private_copy(message, true).get(), message.get());
}

TEST_F(MessageInspectorTest, AStoreSaysHowLongItKeepsAMessage) {
  const MessageRef message = host_.message("a");
  message->set_ttl_ms(50);
  const QueueInfo history = info(StoreUse::history);
  EXPECT_EQ((MessageInspector{history, host_}.private_copy(message, false)->ttl_ms()),
            Message::no_ttl);
  const QueueInfo once = info(StoreUse::deduplicate);
  EXPECT_EQ((MessageInspector{once, host_}.private_copy(message, false)->ttl_ms()), 0U);
  EXPECT_EQ(message->ttl_ms(), 50U) << "others keep theirs";
}

}  // namespace
}  // namespace lepus::core
