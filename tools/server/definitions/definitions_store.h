// The catalog with what a definitions file brings: at start, before anything runs.
//
//   catalog -> stored, kept      file -> Definitions -> plan      plan -> one commit of the catalog
//                                                                 -> stored, kept
//   a catalog that never had a user gets those of the configuration
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/broker/ports.h"
#include "persist/catalog/catalog.h"
#include "tools/server/config/config.h"
#include "tools/server/definitions/definitions.h"

namespace lepus::server {

/// What the broker starts with.
struct StartDefinitions {
  core::StoredDefinitions stored;  ///< With users and what they may do.
  persist::StoredDefinitions stored_rows;
};

struct DefinitionsPlace {
  const ServerConfig& config;
  persist::Catalog& catalog;  ///< Open, not loaded yet.
  core::Log& log;
  core::ShardId shard_count;
  std::uint64_t seed = 0;  ///< For salts of passwords.
};

/// Loads the catalog and, when the configuration names one, the definitions file. Everything in the
/// file is there afterwards, also after a crash; or, with an error, nothing of it.
[[nodiscard]] std::string load_start_definitions(const DefinitionsPlace& place,
                                                 StartDefinitions& out);

/// Elements of a file without virtual hosts go to the first one of the configuration.
DefinitionsScope start_scope(const ServerConfig& config);

/// Policies come before what they are for: a queue that is restored must know its time to live.
void order_for_start(std::vector<core::TopologyChange>& changes);

/// `lepus --export-definitions`: the catalog of a stopped broker as a file, or with "-" on standard
/// output. Empty, or what is wrong.
[[nodiscard]] std::string export_definitions(const ServerConfig& config, const std::string& target);

/// Where the catalog is.
std::string catalog_path(const ServerConfig& config);

}  // namespace lepus::server
