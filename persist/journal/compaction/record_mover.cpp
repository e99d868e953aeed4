// The record is written from the message in memory where there is one, else from what was read.
#include "persist/journal/compaction/record_mover.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "persist/journal/message_record.h"

namespace lepus::persist {

RecordMover::RecordMover(MoveTarget& target, DamagedRecords& damaged, core::Log& log)
    : target_(target), damaged_(damaged), log_(log) {}

bool RecordMover::find_holders(const Place& place, core::Bytes head) {
  CHECK(owner_ != nullptr);
  RecordHeader header;
  std::memcpy(&header, head.data(), sizeof header);
  CHECK(sizeof header + sizeof(MessageHead) + std::uint64_t{header.count} * sizeof(QueueRef) <=
        head.size());
  place_ = place;
  positions_.clear();
  warm_ = nullptr;
  const std::uint8_t* refs = head.data() + sizeof header + sizeof(MessageHead);
  for (std::uint32_t i = 0; i < header.count; ++i) {
    QueueRef ref;
    std::memcpy(&ref, refs + i * sizeof ref, sizeof ref);
    if (ref.queue == 0) continue;
    const core::QueuePosition position{core::QueueId{ref.queue}, ref.sequence};
    const std::optional<core::LocatedRecord> held = owner_->locate(position);
    if (!held || held->place != place) continue;
    positions_.push_back(position);
    if (held->message != nullptr) warm_ = held->message;
  }
  drop_repeated_positions();
  return !positions_.empty();
}

/// A damaged record may name a position twice; the message would be taken out of the segment twice.
void RecordMover::drop_repeated_positions() {
  const auto key_of = [](const core::QueuePosition& position) {
    return std::pair{position.queue.value, position.sequence};
  };
  std::sort(positions_.begin(), positions_.end(),
            [&](const auto& left, const auto& right) { return key_of(left) < key_of(right); });
  positions_.erase(std::unique(positions_.begin(), positions_.end(),
                               [&](const auto& left, const auto& right) {
                                 return key_of(left) == key_of(right);
                               }),
                   positions_.end());
}

void RecordMover::move(core::Bytes head, const std::optional<RecordView>& record) {
  CHECK(!positions_.empty());
  CHECK(warm_ != nullptr || record);
  MessageHead fields;
  std::memcpy(&fields, head.data() + sizeof(RecordHeader), sizeof fields);
  core::MessageRef message =
      warm_ != nullptr ? core::MessageRef::share(warm_) : make_message(*record, account_);
  const Place moved = target_.move(*message, fields, place_, positions_);
  for (const core::QueuePosition& position : positions_) owner_->on_moved(position, moved);
  ++moved_count_;
}

std::string RecordMover::set_aside(core::Bytes record, const std::string& path) {
  CHECK(warm_ == nullptr);
  if (std::string error = damaged_.keep(place_, record); !error.empty()) return error;
  for (const core::QueuePosition& position : positions_) {
    log_.write(core::LogLevel::error, core::LogCategory::general,
               "a message left its queue: its record is damaged; a copy of the record was kept",
               {{"file", path},
                {"offset", place_.offset},
                {"queue_id", position.queue.value},
                {"position", position.sequence},
                {"copy", damaged_.path()}});
    owner_->on_lost(position);
  }
  return {};
}

}  // namespace lepus::persist
