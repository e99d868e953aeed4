// What lepusctl tail prints of a message: one line, whatever is in it.
//
//   42 2026-03-01T12:00:00Z exchange=events key=order.new bytes=5 "hello"
//   2026-03-01T12:00:00.123Z published exchange=events key=order.new queues=a,b user=guest
//   connection=... bytes=5 "hello"
#pragma once

#include <simdjson.h>

#include <string>

namespace lepus::ctl {

/// Of a row of the verb browse. Control characters are escaped; of a long payload the beginning.
std::string stream_line(simdjson::dom::object message);
/// Of a row of the verb trace_messages.
std::string trace_line(simdjson::dom::object message);
/// Of a row of the verb log_lines.
std::string log_line(simdjson::dom::object line);

}  // namespace lepus::ctl
