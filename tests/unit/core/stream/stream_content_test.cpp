// Contents for readers: in memory, not written yet, on disk.
#include "core/stream/stream_content.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/core/stream/stream_parts_world.h"

namespace lepus::core {
namespace {

class StreamContentTest : public test::StreamPartsTest {
 protected:
  std::string find(StreamReader& reader) {
    const MessageRef message = content_->find(reader, 1);
    return message ? std::string{as_text(message->inline_body())} : "-";
  }
  static StreamReader at(Sequence next) {
    StreamReader reader;
    reader.next = next;
    return reader;
  }
};

TEST_F(StreamContentTest, FromMemoryWhenItIsWritten) {
  message_log_.slow = true;
  StreamReader reader = at(push("a"));
  EXPECT_EQ(find(reader), "-");
  EXPECT_EQ(find(reader), "-");
  EXPECT_EQ(host_.written_awaited.size(), 1U) << "asked once";
  EXPECT_TRUE(content_->on_written());
  message_log_.durable_up_to = message_log_.submitted;
  EXPECT_FALSE(content_->on_written());
  EXPECT_EQ(find(reader), "a");
}

TEST_F(StreamContentTest, FromDiskWithItsNeighbours) {
  for (const char* body : {"a", "b", "c"}) evict(push(body));
  StreamReader reader = at(1);
  EXPECT_EQ(find(reader), "-");
  EXPECT_EQ(message_log_.fetches.size(), 2U) << "what lies behind it comes with it";
  EXPECT_EQ(find(reader), "-");
  EXPECT_EQ(message_log_.fetches.size(), 2U);
  bring();
  EXPECT_EQ(find(reader), "b");
  StreamReader other = at(2);
  EXPECT_EQ(find(other), "c");
  EXPECT_TRUE(message_log_.fetches.empty());
  content_->drop_cache();
  EXPECT_EQ(find(other), "-");
}

TEST_F(StreamContentTest, WhatMovedIsAskedForAgain) {
  evict(push("a"));
  StreamReader reader = at(0);
  EXPECT_EQ(find(reader), "-");
  const MessageLog::FetchRequest first = message_log_.fetches.at(0);
  message_log_.fetches.clear();
  log_->backlog().move(0, {4, 8, 8});
  EXPECT_FALSE(content_->on_fetched(0, first.place, host_.message("a", true)));
  ASSERT_EQ(message_log_.fetches.size(), 1U);
  EXPECT_EQ(message_log_.fetches[0].place, (RecordLocation{4, 8, 8}));
}

TEST_F(StreamContentTest, AnUnreadableMessageIsParkedAndCanBeAskedForAgain) {
  evict(push("a"));
  StreamReader reader = at(0);
  EXPECT_EQ(find(reader), "-");
  EXPECT_TRUE(content_->on_fetched(0, message_log_.fetches.at(0).place, {}));
  EXPECT_EQ(log_->backlog().state(0), Slot::State::retained);
  message_log_.fetches.clear();
  EXPECT_EQ(log_->resolve_unreadable({}, 1), 1U);
  EXPECT_EQ(find(reader), "-");
  EXPECT_EQ(message_log_.fetches.size(), 1U);
}

}  // namespace
}  // namespace lepus::core
