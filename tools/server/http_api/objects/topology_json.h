// Exchanges and virtual hosts as RabbitMQ's HTTP API shows them.
#pragma once

#include "tools/server/http_api/objects/object_context.h"

namespace lepus::server {

void write_exchange(const core::ExchangeInfo& exchange, const ObjectContext& context,
                    JsonWriter& json);
/// The same with `incoming` and `outgoing`.
void write_exchange_page(const core::ExchangeInfo& exchange, const ObjectContext& context,
                         JsonWriter& json);
/// The fields of a virtual host's object that are statistics: lengths of its queues, message_stats,
/// traffic.
void write_vhost_statistics(const core::VhostInfo& vhost, const ObjectContext& context,
                            JsonWriter& json);

}  // namespace lepus::server
