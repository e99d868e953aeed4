// Synchronous requests on channel 1 of a connection, for declaring and tearing down.
#pragma once

#include <cstdint>

#include "tools/perf/client/connection.h"

namespace lepus::perf {

// Sends what is in connection.output() and waits for `count` answers with the given method; other
// answers throw. Returns the arguments of the last one.
Bytes call(Connection& connection, MethodId answer, uint64_t count = 1);

}  // namespace lepus::perf
