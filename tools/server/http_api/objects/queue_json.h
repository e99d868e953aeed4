// A queue as RabbitMQ's HTTP API shows it.
#pragma once

#include "tools/server/http_api/objects/object_context.h"

namespace lepus::server {

/// The object of a listing.
void write_queue(const core::QueueInfo& queue, const ObjectContext& context, JsonWriter& json);
/// The same with what only the page of one queue has: consumer_details, incoming, deliveries.
void write_queue_page(const core::QueueInfo& queue, const ObjectContext& context, JsonWriter& json);

}  // namespace lepus::server
