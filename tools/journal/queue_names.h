// What lepus-journal asks beside the journal: the names of the queues, what the catalog knows of
// the journals, and whether a broker runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "persist/recovery/known_queues.h"

namespace lepus::journal {

struct QueueNames {
  std::map<std::uint64_t, std::string> by_id;  ///< "vhost/name".
  std::string problem;                         ///< Why there are none.
};

/// From the catalog, opened for reading only.
QueueNames read_queue_names(const std::string& catalog_path);

/// For verify (persist/journal/journal_check.h).
struct JournalKnowledge {
  persist::KnownQueues queues = {};
  std::map<std::uint32_t, std::uint64_t> ends = {};  ///< As Catalog::load_journal_ends().
  std::string problem = {};                          ///< Why nothing is known.
};
JournalKnowledge read_journal_knowledge(const std::string& catalog_path);

/// By the lock on the data directory, which is looked at and not taken.
bool is_broker_running(const std::string& data_directory);

}  // namespace lepus::journal
