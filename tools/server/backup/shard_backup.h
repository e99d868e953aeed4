// A shard's part in a backup: does what it is told with the hold of its journal, and reports.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "persist/backup/backup_hold.h"
#include "tools/server/backup/backup_order.h"

namespace lepus::server {

class ShardBackup {
 public:
  /// `hold` outlives it; null: messages live in memory only.
  ShardBackup(core::ShardId shard, persist::BackupHold* hold) : shard_(shard), hold_(hold) {}

  /// An order of a backup that has not begun here, or has ended, does nothing; the end of one is
  /// always reported.
  void take(const BackupOrder& order);
  /// Once a turn, behind the journal's. Returns what the admin thread is to be told, if anything.
  [[nodiscard]] std::optional<BackupReport> collect();

 private:
  /// What is reported when it happens.
  enum class Due : std::uint8_t { nothing, rest, loss };

  void begin(std::uint32_t number);
  void end(const BackupOrder& order);
  std::unique_ptr<std::string> lost_reason() const {
    return std::make_unique<std::string>(hold_->lost_reason());
  }

  core::ShardId shard_;
  persist::BackupHold* hold_;
  std::uint32_t number_ = 0;  ///< Of the backup that has the hold; 0: none.
  Due due_ = Due::nothing;
  std::deque<BackupReport> answers_;  ///< To orders, until they are told.
};

}  // namespace lepus::server
