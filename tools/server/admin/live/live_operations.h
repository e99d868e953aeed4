// What operators look at while it happens: pieces of streams, traced messages, lines of the log.
// Each is a verb that answers with what there is now and where to go on, so whoever follows asks
// again: a reader that does not read costs the broker nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

/// A number in an option of a request, from 1 to `max`; `preset` when it is not there. nullopt:
/// it is none, and `error` says what is expected.
std::optional<std::uint32_t> read_count(const AdminRequest& request, std::uint32_t preset,
                                        std::uint32_t max, std::string& error);
/// The option "encoding": true for base64, false for auto. nullopt: it is neither.
std::optional<bool> read_base64(const AdminRequest& request, std::string& error);
/// "" when it was not given.
std::string_view option_of(const AdminRequest& request, std::string_view name);

/// Of a message that is shown.
struct ShownContent {
  std::string_view properties;  ///< Encoded.
  std::string_view body;
  bool is_base64 = false;  ///< Also a body that is text.
};
/// Writes the fields "properties", "payload" and "payload_encoding", which RabbitMQ's HTTP API has.
void write_content(const ShownContent& content, JsonWriter& json);

/// browse, trace_messages, log_lines. Null: it is another verb.
OperationMaker find_live_operation(std::string_view verb);

}  // namespace lepus::server
