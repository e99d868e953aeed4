// Connections, channels and consumers as RabbitMQ's HTTP API shows them.
#pragma once

#include "tools/server/http_api/objects/object_context.h"

namespace lepus::server {

void write_connection(const ConnectionSample& sample, const ObjectContext& context,
                      JsonWriter& json);
void write_channel(const ChannelSample& sample, const ObjectContext& context, JsonWriter& json);
/// The same with consumer_details.
void write_channel_page(const ChannelSample& sample, const ObjectContext& context,
                        JsonWriter& json);
void write_consumer(const core::ConsumerStats& consumer, const core::QueueInfo& queue,
                    const ObjectContext& context, JsonWriter& json);
/// The inside of owner_pid_details and connection_details.
void write_peer(const core::ConnectionStats& stats, JsonWriter& json);
/// "127.0.0.1:51234 -> 127.0.0.1:5672 (1)"
std::string channel_name(const core::ChannelStats& stats);
/// Milliseconds since 1970 in `json` and whether it is idle are the channel's.
std::string_view channel_state(const core::ChannelStats& stats);

}  // namespace lepus::server
