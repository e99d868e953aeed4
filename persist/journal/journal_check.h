// Whether the journals are those that the catalog belongs to. It remembers which shards had one and
// how far each had come (Catalog::save_journal_ends), and which queues it ever had. Files that
// somebody removed, or a catalog from a backup, show as messages that are lost when the broker
// starts: it does not, unless somebody says so with a file that is used once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/broker/ports.h"
#include "io/disk.h"
#include "persist/recovery/known_queues.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {

/// In the data directory: messages that are found to be lost do not keep the broker from starting.
inline constexpr const char* accept_loss_file = "accept_loss";
/// What to do about a loss, at the end of its text.
std::string advice_on_loss();

/// Directories without a journal, of shards that had one and are the home of a queue: one text
/// each.
std::vector<std::string> find_lost_journals(io::Disk& disk, const std::string& data_directory,
                                            const std::map<std::uint32_t, std::uint64_t>& ends,
                                            const KnownQueues& known);

/// Returns "" or what the records of a shard say of one of its queues that cannot be: a priority
/// that the queue does not have by the catalog, or a position that no queue reaches.
std::string find_contradiction(const RecoveryReport& report, const KnownQueues& known,
                               std::uint32_t shard);

/// What is missing in a journal, and whose messages nobody can have any more: one text each.
/// `segment_min`: it has had this segment.
std::vector<std::string> find_losses(const RecoveryReport& report, const KnownQueues& known,
                                     std::uint64_t segment_min);

}  // namespace lepus::persist
