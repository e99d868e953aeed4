// The journal's side of a backup: one moment of it, and its files as they were then until somebody
// has copied them.
//
//   none -> begin(): frozen, no write begins -> at rest: snapshot() -> thaw(): holding -> end()
//             no thaw() in limits::backup_freeze_max -> lost       no room on the disk -> lost
//
// While a shard is frozen what it records waits in memory, and confirms with it. All shards are
// frozen before the first one goes on. So when a shard has durably settled a message because
// another one had taken it, a backup with the settle has the message, too: its record was durable
// before.
//
// While the hold lasts no file is used again or removed; segments that die meanwhile take room.
// When the disk has none the hold is lost, and the backup with it: clients come first.
//
// Thread of the journal.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/loop.h"
#include "persist/backup/journal_snapshot.h"
#include "persist/journal/batch_queue.h"
#include "persist/journal/batch_writer.h"
#include "persist/journal/journal_parts.h"
#include "persist/journal/segments/segments.h"

namespace lepus::persist {

class BackupHold {
 public:
  /// What it works with; all outlive it.
  struct Parts {
    const JournalParts* journal;
    Segments* segments;
    const BatchQueue* batches;
    BatchWriter* writer;
  };
  explicit BackupHold(const Parts& parts);
  ~BackupHold();
  BackupHold(const BackupHold&) = delete;
  BackupHold& operator=(const BackupHold&) = delete;

  /// Returns false when a backup has the hold already.
  bool begin();
  /// Frozen, and nothing is under way to the disk any more.
  bool is_at_rest() const { return state_ == State::frozen && parts_.writer->is_at_rest(); }
  /// While is_at_rest().
  JournalSnapshot snapshot() const;
  /// Writes go on. Nothing when the hold was lost.
  void thaw();
  /// The files are not needed any more. `linked`: numbers of those that have a second name now, and
  /// must not be written again.
  void end(std::span<const std::uint32_t> linked);
  /// Why the hold was lost; empty: it was not. end() is due then as well.
  const std::string& lost_reason() const { return lost_reason_; }
  /// Once a turn.
  void turn();

 private:
  enum class State : std::uint8_t { none, frozen, holding, lost };

  void lose(std::string reason);
  void on_freeze_end(io::Timer& timer);

  Parts parts_;
  State state_ = State::none;
  std::string lost_reason_;
  io::Timer freeze_timer_;
};

}  // namespace lepus::persist
