// Opening a journal: what the queues of one shard held, and where the journal goes on.
//
//   list_segment_files -> replay each live segment in order -> apply the last truncation -> report
//   recover() reads, sealed segments by their indexes where they have one, and writes the indexes
// that are missing when it is told so; finish_recovery() then makes durable what it believed:
//
//     newest segment   | header | records ............ | seal | zeros |
//                      '------ copied to a new file, ------------'
//                              which takes its name
//
// After a failed write or a power cut the bytes that were read need not be on the disk: building on
// them without writing them again has lost confirmed messages in simulations. So the broker accepts
// nothing before finish_recovery() came back, and then begins a new segment. Every decision is a
// row of persist/recovery/recovery_cases.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "persist/journal/segment_files.h"
#include "persist/recovery/recovery_cases.h"
#include "persist/recovery/replay.h"

namespace lepus::persist {

struct RecoveryOptions {
  std::uint32_t shard = 0;
  std::optional<std::uint64_t> store;  ///< Nothing: any, for tools.
  /// Null: all, to the millisecond; which takes memory.
  const TimedQueues* timed_queues = nullptr;
  /// Indexes are compared with their segments in place of being read from: all bytes are read.
  bool reads_all = false;
  /// Sealed segments that were read without an index get one.
  bool writes_indexes = false;
};

/// Where the newest segment ends.
struct JournalTail {
  std::string path;
  std::uint32_t file = 0;     ///< The number in its name.
  std::uint64_t segment = 0;  ///< 0: there is no segment.
  std::uint64_t store = 0;
  std::uint64_t file_size = 0;
  std::uint64_t end_offset = 0;     ///< Behind the last record that counts.
  std::uint64_t next_sequence = 0;  ///< The seal record gets it.
  bool sealed = false;
};

struct RecoveryReport {
  RecoveredQueues queues;
  std::vector<SegmentFile> files;
  std::vector<Finding> findings;
  RecoveryCounters counters;
  JournalTail tail;
  /// The index of the newest segment once finish_recovery() has sealed it; empty: none was made.
  std::vector<std::uint8_t> tail_index;
  std::vector<std::uint32_t> indexes;  ///< Numbers of files that had an index, ascending.
  int index_error = 0;              ///< < 0: -errno of the first index that could not be written.
  std::uint64_t log_start = 1;      ///< The oldest segment that may hold something.
  std::uint64_t next_segment = 1;   ///< Number of the segment to begin.
  std::uint64_t next_sequence = 1;  ///< Of its first record.

  Severity worst() const;
  bool refused() const { return worst() == Severity::refused; }
  /// The queue's messages are dead: their bytes too. For queues that nobody knows any more.
  void drop_queue(std::uint64_t queue);
};

RecoveryReport recover(io::Disk& disk, const std::string& directory,
                       const RecoveryOptions& options);

/// Empty: done, and everything in the report is durable; the file has the size that `tail` says
/// then. Else what failed.
std::string finish_recovery(io::Disk& disk, JournalTail& tail);

}  // namespace lepus::persist
