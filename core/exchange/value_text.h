// Table values as clients of this protocol are used to see them in error texts: the term notation
// of Erlang.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/message/field_table.h"

namespace lepus::core {

/// <<"text">> for printable text, <<1,2>> for other bytes, 1000, true, 1.5, undefined (void).
/// Tables, arrays, decimals and timestamps are shown by their type name only. At most about 300
/// bytes.
std::string erlang_text(const FieldValue& value);

/// As erlang_text, but text bare: what stands between the quotes of "received '...'".
std::string bare_text(const FieldValue& value);

/// What a declaration says of an argument and what is there, as refusals of RabbitMQ end: "received
/// 'a' but current is 'b'", "received none but current is the value 'b' of type 'longstr'".
std::string received_but_current(const std::optional<FieldValue>& received,
                                 const std::optional<FieldValue>& current);

}  // namespace lepus::core
