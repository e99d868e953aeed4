// A backup into a data directory of its own, which a broker can start with.
//
// Blocking. Whether the journals are in order is for the caller to see (recover() with reads_all).
#pragma once

#include <string>

#include "persist/backup/backup_list.h"
#include "persist/backup/file_copy.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {

struct RestoreOrder {
  io::Disk* disk;
  CopyMonitor* monitor;
  std::string backup;          ///< Directory.
  std::string data_directory;  ///< Is missing, or empty.
};

/// Returns "" or what is missing at the end of a journal, of a backup or of what was made of one:
/// its newest segment does not come as far as the backup's list says. A journal by itself does not
/// tell: it looks like one that ends there. `tail`: as recover() found it.
[[nodiscard]] std::string check_journal_end(const JournalTail& tail,
                                            const JournalSnapshot& journal);

/// Returns "" or what failed; then what was made is still there. `unreadable`: what of the backup
/// could not be read.
[[nodiscard]] std::string restore_backup(const RestoreOrder& order, BackupList& list,
                                         UnreadableBytes& unreadable);

}  // namespace lepus::persist
