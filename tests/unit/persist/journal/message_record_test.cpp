// A message into a batch and back, from the message or from another record of it.
#include "persist/journal/message_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lepus::persist {
namespace {

class MessageRecordTest : public ::testing::Test {
 protected:
  inline static const RecordSeed seed = RecordSeed::of(5);

  core::MessageRef message(std::string_view body) {
    core::MessageRef made = core::Message::create(
        {"ex", "key", core::as_bytes("prop"), body.size(), true, 3}, account_);
    made->append_body(core::as_bytes(body));
    return made;
  }
  RecordView closed_record(Batch& batch, const std::uint8_t* record) {
    const std::uint64_t offset = batch.offset_of(record) - batch.offset();
    batch.close(seed);
    const RecordRead read =
        read_record(batch.bytes().subspan(static_cast<std::size_t>(offset)), seed);
    EXPECT_EQ(read.fault, RecordFault::none);
    return read.record;
  }

  core::MemoryAccount account_;
  Batch batch_{{1, 1, block_size, 9, false}, {}};
};

TEST_F(MessageRecordTest, IsReadBackWithItsQueues) {
  const core::MessageRef sent = message("the body");
  const MessageHead head = make_head(*sent, 77, head_flag_paged);
  std::uint8_t* record = add_message_record(batch_, head, 2, *sent);
  store_queue_ref(record, 1, {4, 8});
  const RecordView read = closed_record(batch_, record);
  EXPECT_EQ(read.header().length, message_record_size(head, 2));
  EXPECT_EQ(read.header().sequence, 9U);
  ASSERT_EQ(read.queues().size(), 2U);
  EXPECT_EQ(read.queues()[0].queue, 0U) << "nobody was named";
  EXPECT_EQ(read.queues()[1].queue, 4U);
  EXPECT_EQ(read.queues()[1].sequence, 8U);
  EXPECT_EQ(read.head().enqueued_ms, 77U);
  EXPECT_EQ(read.head().flags, head_flag_paged);
  const core::MessageRef back = make_message(read, account_);
  EXPECT_EQ(back->exchange(), "ex");
  EXPECT_EQ(back->routing_key(), "key");
  EXPECT_EQ(core::as_text(back->properties()), "prop");
  EXPECT_EQ(core::as_text(back->inline_body()), "the body");
  EXPECT_EQ(back->priority(), 3);
}

TEST_F(MessageRecordTest, ARecordIsCopiedAsItsMessageIsWritten) {
  for (std::size_t size = 0; size <= 2 * record_alignment; ++size) {
    const core::MessageRef sent = message(std::string(size, 'b'));
    const MessageHead head = make_head(*sent, 1, 0);
    Batch first{{1, 1, block_size, 9, false}, {}};
    const RecordView written = closed_record(first, add_message_record(first, head, 1, *sent));
    Batch second{{1, 1, block_size, 9, false}, {}};
    const RecordView copied = closed_record(second, add_message_record(second, head, 1, written));
    EXPECT_TRUE(std::ranges::equal(written.bytes(), copied.bytes())) << size;
  }
}

}  // namespace
}  // namespace lepus::persist
