// When there are fewer shards than before, the journals of those that are gone are taken over:
// their live messages are written to the journal of the shard that is now the home of their queues,
// and only when that is durable do the old files go. Interrupted, it is simply done again: nothing
// was served meanwhile, and a second record for a position replaces the first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "persist/shard_store.h"

namespace lepus::persist {

struct ShardImport {
  std::string data_directory;
  std::uint32_t shard_count = 0;  ///< From now on.
};

/// Blocking; before any shard runs. `journal` says how to write (its loop is turned here);
/// directory and shard are set here. "" or why the broker must not start.
[[nodiscard]] std::string import_gone_shards(const ShardImport& import, Journal::Parts journal,
                                             const KnownQueues& known);

}  // namespace lepus::persist
