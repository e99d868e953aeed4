// Who still holds a record, from what it is written again, and who is told.
#include "persist/journal/compaction/record_mover.h"

#include <map>

#include "persist/journal/message_record.h"
#include "tests/unit/persist/journal/loop_world.h"

namespace lepus::persist {
namespace {

class RecordMoverTest : public ::testing::Test, protected core::RecordOwner, protected MoveTarget {
 protected:
  using Holders = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  inline static const RecordSeed seed = RecordSeed::of(5);
  static constexpr Place old_place{3, 8192, 160};
  static constexpr Place new_place{9, 4096, 160};

  RecordMoverTest() {
    mover_.set_record_owner(this);
    message_ = core::Message::create({"ex", "key", {}, 4, true, 0}, account_);
    message_->append_body(core::as_bytes("body"));
  }
  /// A record that names these queues, each at position 7.
  core::Bytes record(const std::vector<std::uint64_t>& queues) {
    batch_.emplace(Batch::Start{1, 3, 8192, 1, false}, BlockBuffer{});
    std::uint8_t* made = add_message_record(*batch_, make_head(*message_, 11, 0),
                                            static_cast<std::uint32_t>(queues.size()), *message_);
    for (std::uint32_t i = 0; i < queues.size(); ++i) store_queue_ref(made, i, {queues[i], 7});
    batch_->close(seed);
    return batch_->bytes();
  }
  std::optional<RecordView> view() const { return read_record(batch_->bytes(), seed).record; }

  std::optional<core::LocatedRecord> locate(const core::QueuePosition& at) override {
    const auto found = held_.find(at.queue.value);
    if (found == held_.end() || at.sequence != 7) return std::nullopt;
    return found->second;
  }
  void on_moved(const core::QueuePosition& at, const Place& place) override {
    EXPECT_EQ(place, new_place);
    told_.emplace_back(at.queue.value, at.sequence);
  }
  void on_lost(const core::QueuePosition& at) override {
    lost_.emplace_back(at.queue.value, at.sequence);
  }
  bool on_fetched(const core::QueuePosition&, const Place&, core::MessageRef) override {
    return false;
  }
  core::MemoryAccount& memory_of_fetched() override { return account_; }
  Place move(const core::Message& message, const MessageHead& old, const Place& from,
             std::span<const core::QueuePosition> holders) override {
    EXPECT_EQ(core::as_text(message.inline_body()), "body");
    EXPECT_EQ(old.enqueued_ms, 11U);
    EXPECT_EQ(from, old_place);
    was_in_memory_ = &message == message_.get();
    for (const core::QueuePosition& at : holders) moved_.emplace_back(at.queue.value, at.sequence);
    return new_place;
  }

  core::MemoryAccount account_;
  core::MessageRef message_;
  std::optional<Batch> batch_;
  std::map<std::uint64_t, core::LocatedRecord> held_;  ///< By queue.
  Holders moved_;
  Holders told_;
  Holders lost_;
  bool was_in_memory_ = false;
  test::TextLog log_;
  io::SimWorld world_{1};
  DamagedRecords damaged_{world_.disk(), "data/journal/shard-0"};
  RecordMover mover_{*this, damaged_, log_};
};

TEST_F(RecordMoverTest, OnlyWhoHasItsRecordAtThisPlaceHoldsIt) {
  held_[1] = {old_place, nullptr};
  held_[2] = {{3, 4096, 160}, nullptr};
  const core::Bytes bytes = record({1, 2, 4, 0});
  ASSERT_TRUE(mover_.find_holders(old_place, bytes));
  EXPECT_FALSE(mover_.has_message());
  mover_.move(bytes, view());
  EXPECT_EQ(moved_, (Holders{{1, 7}}));
  EXPECT_EQ(told_, moved_);
  EXPECT_EQ(mover_.moved_count(), 1U);
  EXPECT_FALSE(mover_.find_holders({3, 12288, 160}, bytes)) << "another place";
}

TEST_F(RecordMoverTest, AMessageInMemoryIsWrittenWhateverTheDiskHas) {
  held_[1] = {old_place, nullptr};
  held_[2] = {old_place, message_.get()};
  const core::Bytes bytes = record({1, 2});
  ASSERT_TRUE(mover_.find_holders(old_place, bytes));
  EXPECT_TRUE(mover_.has_message());
  mover_.move(bytes, {});
  EXPECT_TRUE(was_in_memory_);
  EXPECT_EQ(told_, (Holders{{1, 7}, {2, 7}}));
}

TEST_F(RecordMoverTest, WithoutMessageAndRecordItIsCopiedAndLeavesItsQueue) {
  held_[1] = {old_place, nullptr};
  const core::Bytes bytes = record({1});
  ASSERT_TRUE(mover_.find_holders(old_place, bytes));
  EXPECT_EQ(mover_.set_aside(bytes, "file"), "");
  EXPECT_EQ(lost_, (Holders{{1, 7}}));
  EXPECT_TRUE(moved_.empty());
  EXPECT_EQ(mover_.moved_count(), 0U);
  EXPECT_EQ(log_.times("a message left its queue"), 1U);
}

TEST_F(RecordMoverTest, WithoutACopyItStays) {
  held_[1] = {old_place, nullptr};
  const core::Bytes bytes = record({1});
  ASSERT_TRUE(mover_.find_holders(old_place, bytes));
  world_.disk().set_capacity(0);
  EXPECT_NE(mover_.set_aside(bytes, "file"), "");
  EXPECT_TRUE(lost_.empty());
}

TEST_F(RecordMoverTest, APositionThatIsNamedTwiceCountsOnce) {
  held_[1] = {old_place, nullptr};
  held_[2] = {old_place, nullptr};
  const core::Bytes bytes = record({2, 1, 2});
  ASSERT_TRUE(mover_.find_holders(old_place, bytes));
  mover_.move(bytes, view());
  EXPECT_EQ(moved_, (Holders{{1, 7}, {2, 7}}));
}

}  // namespace
}  // namespace lepus::persist
