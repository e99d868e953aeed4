// Records of a stream, asked by the message log: those of messages, and those of named consumers.
#include "core/stream/stream_storage.h"

#include <gtest/gtest.h>

#include "tests/unit/core/stream/stream_parts_world.h"

namespace lepus::core {
namespace {

class StreamStorageTest : public test::StreamPartsTest {
 protected:
  StreamReaders readers_{{*queue_, host_, *log_, *content_, *tracking_}};
  Residency residency_{{*info_, host_, log_->backlog(), log_->records()}, false};
  QueueTimer timer_{info_->id, host_};
  StreamStorage storage_{
      {*queue_, host_, timer_, *log_, *content_, *tracking_, readers_, residency_}};
};

TEST_F(StreamStorageTest, MessagesAndOffsetsAreLocatedAndMoved) {
  const Sequence offset = push("a");
  tracking_->offsets().store("me", 7);
  const auto& entry = message_log_.entries.back();
  ASSERT_TRUE(StreamOffsets::owns(entry.at.sequence));
  for (const Sequence sequence : {offset, entry.at.sequence}) {
    ASSERT_TRUE(storage_.locate(sequence));
    const RecordLocation moved{5, 8, 8};
    storage_.on_moved(sequence, moved);
    EXPECT_EQ(storage_.locate(sequence)->place, moved);
  }
}

TEST_F(StreamStorageTest, WhatIsWrittenLeavesMemoryUnderPressure) {
  push("a");
  EXPECT_EQ(storage_.resident_count(), 1U);
  EXPECT_TRUE(storage_.evict(true));
  EXPECT_EQ(storage_.resident_count(), 0U);
  EXPECT_EQ(message_log_.paged, 0U);
}

TEST_F(StreamStorageTest, AStreamThatGoesLeavesNoRecord) {
  push("a");
  tracking_->offsets().store("me", 7);
  std::size_t budget = 1;
  EXPECT_FALSE(storage_.drop_records(budget));
  for (const auto& [record, holders] : message_log_.live) EXPECT_EQ(holders, 0U);
}

TEST_F(StreamStorageTest, ALostMessageIsGoneAndTheStreamGoesOn) {
  const Sequence offset = push("a");
  storage_.lose(offset);
  EXPECT_FALSE(storage_.locate(offset));
  EXPECT_TRUE(host_.is_scheduled());
}

TEST_F(StreamStorageTest, AnUnreadableMessageIsPassedAndStays) {
  const Sequence offset = push("a");
  push("b");
  ASSERT_TRUE(storage_.evict(true));
  const RecordLocation place = storage_.locate(offset)->place;
  StreamReader reader;
  reader.next = offset;
  EXPECT_FALSE(content_->find(reader, 1));
  EXPECT_TRUE(storage_.on_fetched(offset, place, {}));
  ASSERT_TRUE(storage_.locate(offset)) << "its record stays";
  EXPECT_EQ(log_->first(), offset + 1);
  std::vector<UnreadableStats> rows;
  storage_.describe_unreadable(10, rows);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].position, offset);
  EXPECT_EQ(storage_.resolve_unreadable({}, 10), 1U);
  EXPECT_EQ(log_->first(), offset);
  EXPECT_FALSE(content_->find(reader, 1));
  EXPECT_TRUE(storage_.on_fetched(offset, place, {}));
  EXPECT_EQ(storage_.resolve_unreadable({.drops = true, .position = offset}, 10), 1U);
  EXPECT_FALSE(storage_.locate(offset));
}

TEST_F(StreamStorageTest, NothingIsAwaitedThatIsWritten) {
  EXPECT_FALSE(storage_.on_written());
  message_log_.slow = true;
  StreamReader reader;
  reader.next = push("a");
  EXPECT_FALSE(content_->find(reader, 1));
  EXPECT_TRUE(storage_.on_written());
}

}  // namespace
}  // namespace lepus::core
