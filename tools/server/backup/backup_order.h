// What the admin thread and the shards tell each other for a backup (backup_operation.cpp).
//
//   freeze -> BackupReport ready, of every shard -> thaw -> files are copied -> end
//             BackupReport refused, or later lost: the backup fails         -> BackupReport ended
//
// Only when every shard has answered the end it is sure that no hold was lost before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "persist/backup/journal_snapshot.h"

namespace lepus::server {

struct BackupOrder {
  enum class Step : std::uint8_t { freeze, thaw, end };
  std::uint32_t number;  ///< Of the operator's request.
  Step step;
  /// With end: files that have a second name now (persist/backup/backup_hold.h); null: none.
  std::unique_ptr<std::vector<std::uint32_t>> linked = {};
};

struct BackupReport {
  enum class State : std::uint8_t { ready, refused, lost, ended };
  std::uint32_t number;
  core::ShardId shard;
  State state;
  std::unique_ptr<persist::JournalSnapshot> snapshot = {};  ///< With ready.
  /// With refused and lost; with ended when the hold was lost and that was not reported.
  std::unique_ptr<std::string> reason = {};
};

}  // namespace lepus::server
