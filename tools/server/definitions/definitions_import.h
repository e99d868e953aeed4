// What has to change so that everything a definitions file says is there. Pure: the same rules that
// judge a client's declaration judge each element against what is stored, in a topology of its own.
//
//   identical to what is there      nothing to do
//   not there                       changes
//   there and different, or wrong   refused (Findings), and no change for it
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/broker/ports.h"
#include "tools/server/definitions/definitions.h"

namespace lepus::server {

struct ImportInput {
  const Definitions& definitions;
  /// Of the configuration: they are there whether the file has them or not.
  const std::vector<std::string>& vhosts;
  /// With those of the file: a virtual host has a default queue type.
  const persist::StoredDefinitions& stored_rows;
  const std::string& default_queue_type;  ///< Of virtual hosts that have none.
  core::ShardId shard_count;  ///< New queues are spread over so many shards, one after the other.
};

struct ImportPlan {
  std::vector<core::TopologyChange> changes;
  std::uint64_t last_id = 0;  ///< Highest id given out, with those that were before.
};
ImportPlan plan_import(const core::StoredDefinitions& stored, const ImportInput& input,
                       Findings& findings);

/// The virtual hosts there are with an import.
std::vector<std::string> vhosts_with(const core::StoredDefinitions& stored,
                                     const Definitions& definitions,
                                     const std::vector<std::string>& configured);

}  // namespace lepus::server
