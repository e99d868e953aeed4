// One group of clients of a scenario's JSON.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tools/perf/json_reader.h"
#include "tools/perf/scenario/scenario.h"

namespace lepus::perf {

// Reads all keys of a group; `queue_sets` are the names it may refer to. PerfError with the place.
Group read_group(std::string_view name, JsonObject& json,
                 std::span<const std::string_view> queue_sets);
// Reads the keys that a phase may change.
void read_pace(JsonObject& json, const Group& group, Pace& pace);
// To be called behind it: no key may be left over, and all must go together.
void finish_pace(const JsonObject& json, const Group& group, const Pace& pace);
// Sets "group.key" of a sweep to a value in JSON. PerfError when that cannot be.
void override_group(Group& group, const std::string& key, const std::string& value);

}  // namespace lepus::perf
