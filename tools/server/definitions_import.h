// What has to change so that everything a definitions file says is there. Pure: the same rules that
// judge a client's declaration judge each element against what is stored, in a topology of its own.
//
//   identical to what is there      nothing to do
//   not there                       changes
//   there and different, or wrong   an error, and no change at all
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/ports.h"
#include "tools/server/definitions.h"

namespace lepus::server {

struct ImportInput {
  const Definitions& definitions;
  /// Of the configuration: they are there whether the file has them or not.
  const std::vector<std::string>& vhosts;
  core::ShardId shard_count;  ///< New queues are spread over so many shards, one after the other.
};

struct ImportPlan {
  std::vector<core::TopologyChange> changes;
  std::uint64_t last_id = 0;  ///< Highest id given out, with those that were before.
  /// Bindings whose source or destination is nowhere: RabbitMQ exports those of exclusive queues
  /// and of internal exchanges without the queue or exchange, and passes over them too.
  std::vector<std::string> dangling;
  std::string error;  ///< Not empty: the plan is of no use.
};

ImportPlan plan_import(const core::StoredDefinitions& stored, const ImportInput& input);

}  // namespace lepus::server
