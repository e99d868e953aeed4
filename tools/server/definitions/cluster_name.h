// The name that clients are told of the cluster, which is this node: RabbitMQ keeps it as a global
// parameter, so it comes with a definitions file and is set by `lepusctl set_cluster_name`.
#pragma once

#include <string>

#include "core/topology/topology.h"
#include "persist/catalog/definition_rows.h"
#include "tools/server/config/config.h"

namespace lepus::server {

// The global parameter, else what the configuration says.
std::string cluster_name_with(const ServerConfig& config,
                              const persist::StoredDefinitions& stored_rows);
std::string cluster_name_with(const ServerConfig& config, const core::Topology& topology);

}  // namespace lepus::server
