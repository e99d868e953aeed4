// Live messages of a journal as JSON, one object a line, with the names that RabbitMQ's management
// API gives to the parts of a message:
//
//   {"queue_id":1025,"position":0,"level":0,"redelivered":false,"enqueued_ms":…,"exchange":"",
//    "routing_key":"young","properties":{"delivery_mode":2,…},"properties_base64":"…",
//    "payload_bytes":9,"payload_encoding":"string","payload":"message 0"}
//
// Texts that are no UTF-8 have U+FFFD in JSON; properties_base64 and a payload with the encoding
// base64 are the bytes themselves.
#pragma once

#include <string>

#include "persist/recovery/recovered_queues.h"
#include "tools/journal/commands.h"

namespace lepus::journal {

/// Returns the line, without its end, of a message of this queue with this record.
std::string message_json(std::uint64_t queue, const persist::LiveEntry& entry,
                         const persist::RecordView& record);

/// Prints the shard's live messages; Options::queue chooses one queue. Returns an exit code:
/// 1 when a record cannot be read, which is told among the errors.
int export_messages(const Context& context, std::uint32_t shard);

/// Prints what was kept aside below the data directory (persist/recovery/kept_aside.h): each
/// directory, its queues, how many messages and how many bytes. Returns an exit code: 2 when the
/// directory cannot be listed.
int print_kept_aside(const Context& context);

}  // namespace lepus::journal
