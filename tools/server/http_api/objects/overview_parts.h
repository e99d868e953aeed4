// Parts that the objects of the node and of the overview share.
#pragma once

#include "tools/server/http_api/objects/node_json.h"

namespace lepus::server {

/// The fields connection_created, channel_closed and the like, with details.
void write_churn(const ObjectContext& objects, JsonWriter& json);
void write_exchange_types(JsonWriter& json);
void write_auth_mechanisms(const ServerConfig& config, JsonWriter& json);
/// Where HTTP is served.
void write_contexts(const NodeContext& context, JsonWriter& json);

}  // namespace lepus::server
