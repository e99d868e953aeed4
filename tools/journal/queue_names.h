// What lepus-journal asks beside the journal: the names of the queues, and whether a broker runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lepus::journal {

struct QueueNames {
  std::map<std::uint64_t, std::string> by_id;  ///< "vhost/name".
  std::string problem;                         ///< Why there are none.
};

/// From the catalog, opened for reading only.
QueueNames read_queue_names(const std::string& catalog_path);

/// By the lock on the data directory, which is looked at and not taken.
bool is_broker_running(const std::string& data_directory);

}  // namespace lepus::journal
