// What a journal is made of from outside, shared by its parts.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"
#include "core/base/log.h"
#include "core/base/time.h"
#include "io/disk.h"
#include "io/loop.h"

namespace lepus::persist {

/// What a confirm promises (journal.sync).
enum class SyncMode : std::uint8_t {
  always,    ///< The message is on the disk.
  interval,  ///< It is with the operating system, which is told to write it every interval.
  os,        ///< It is with the operating system, which writes it when it likes; at the latest when
             ///< the file it is in is full.
};

struct JournalParts {
  io::Loop* loop;
  io::Disk* disk;
  core::Log* log;
  std::string directory;  ///< Of this shard; exists.
  core::ShardId shard = 0;
  std::uint64_t store = 0;  ///< Of the data directory.
  std::uint64_t segment_size = std::uint64_t{64} << 20;
  SyncMode sync = SyncMode::always;
  core::Nanos sync_interval = 200 * core::nanos_per_ms;  ///< SyncMode::interval.
  /// Nothing can be written any more: ends the process with this message. In tests it returns.
  void (*fail)(void* owner, const std::string& why) = nullptr;
  void* fail_owner = nullptr;
};

/// Says why nothing can be written any more, and ends the process.
void fail_journal(const JournalParts& parts, const std::string& why);
/// The same for a sync that failed: what the kernel still holds is not known then.
void fail_sync(const JournalParts& parts, int error);

}  // namespace lepus::persist
