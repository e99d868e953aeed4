// A virtual host as JSON, without what has to be counted.
#pragma once

#include <string>

#include "core/topology/topology.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

/// The fields of an object: name, description, tags, metadata, tracing, cluster_state, ...
void write_vhost_fields(const core::VhostInfo& vhost, const std::string& node, JsonWriter& json);

}  // namespace lepus::server
