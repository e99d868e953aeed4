// What lepusctl backup shows.
#pragma once

#include <simdjson.h>

namespace lepus::ctl {

/// Of a row that comes while the backup is made: bytes copied and bytes in all. Nothing without a
/// terminal.
void print_backup_progress(simdjson::dom::array cells);
/// What was copied, as a sentence or as it came.
void print_backup(simdjson::dom::object result, bool as_json);

}  // namespace lepus::ctl
