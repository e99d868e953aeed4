// When there are fewer shards than before, the journals of those that are gone are taken over:
//
//   live messages are written to the journals of the queues' new homes, durably
//   -> the new homes are committed -> the old files go
//
// A message counts only in the journal of its queue's home, as the catalog has it: a copy anywhere
// else is dead, and the journal that has it records so when it is opened (ShardRecovery::open). So
// it may be interrupted anywhere, and the next start may have any number of shards: before the
// commit the old journals hold everything, behind it the new ones do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/broker/ports.h"
#include "persist/recovery/shard_recovery.h"

namespace lepus::persist {

struct ShardImport {
  std::string data_directory;
  std::uint32_t shard_count = 0;  ///< From now on.
  /// The queues get their homes in both.
  core::StoredDefinitions* stored = nullptr;
  core::DefinitionStore* definitions = nullptr;
  std::uint64_t newest_queue = UINT64_MAX;  ///< As of KnownQueues.
  bool accepts_loss = false;                ///< As of ShardRecovery::Expected.
  std::string kept_aside = {};              ///< As of ShardRecovery::Expected.
};

/// Blocking; before any shard runs. `journal` says how to write (its loop is turned here);
/// directory and shard are set here. "" or why the broker must not start.
[[nodiscard]] std::string import_gone_shards(const ShardImport& import, Journal::Parts journal);

}  // namespace lepus::persist
