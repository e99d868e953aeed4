// Moves one record: asks who holds its message, has it written again, and tells them where it is
// now. What is live is asked of the broker: the message at that queue and position, with its record
// at this very place.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/broker/ports.h"
#include "core/message/message.h"
#include "persist/journal/compaction/damaged_records.h"
#include "persist/journal/record.h"

namespace lepus::persist {

/// Where moved records go: the end of a journal.
class MoveTarget {
 public:
  virtual ~MoveTarget() = default;
  /// The record of a message is written again for those of its queues that still hold it. Their
  /// bytes count in the new segment then, no more at `from`. `old` is the head that lies there.
  virtual core::RecordLocation move(const core::Message& message, const MessageHead& old,
                                    const core::RecordLocation& from,
                                    std::span<const core::QueuePosition> holders) = 0;
};

class RecordMover {
 public:
  /// All outlive it.
  RecordMover(MoveTarget& target, DamagedRecords& damaged, core::Log& log);
  RecordMover(const RecordMover&) = delete;
  RecordMover& operator=(const RecordMover&) = delete;

  /// Nothing is moved before.
  void set_record_owner(core::RecordOwner* owner) { owner_ = owner; }
  bool has_record_owner() const { return owner_ != nullptr; }

  /// Returns true if a queue says that its record is the one at `place`. `head` has at least the
  /// record's header, message head and queues, valid in themselves or not.
  bool find_holders(const Place& place, core::Bytes head);
  /// One of those that were found has the message in memory.
  bool has_message() const { return warm_ != nullptr; }
  /// Moves the record for those that find_holders() found. `record`: nothing when it is damaged;
  /// then there is a message in memory.
  void move(core::Bytes head, const std::optional<RecordView>& record);
  /// The record is damaged, and nobody that find_holders() found has it in memory: its bytes are
  /// copied, then the message leaves its queues. `path`: of its file, for the log. Returns "", or
  /// why it stays where it is.
  [[nodiscard]] std::string set_aside(core::Bytes record, const std::string& path);
  std::uint64_t moved_count() const { return moved_count_; }

 private:
  void drop_repeated_positions();

  MoveTarget& target_;
  DamagedRecords& damaged_;
  core::Log& log_;
  core::RecordOwner* owner_ = nullptr;
  Place place_;                                 ///< Of the record at hand.
  std::vector<core::QueuePosition> positions_;  ///< That hold it; kept for the memory.
  core::Message* warm_ = nullptr;               ///< The same, when one of them has it in memory.
  core::MemoryAccount account_;                 ///< Of what is moved from disk to disk.
  std::uint64_t moved_count_ = 0;               ///< Records.
};

}  // namespace lepus::persist
