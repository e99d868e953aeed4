// How the process's descriptors are shared: client connections may use all but a reserve, so that
// the journal, the catalog and the operator always find one.
#pragma once

#include <cstdint>
#include <string>

namespace lepus::server {

/// Client connections get descriptors below this number; 0 when the limit is unknown (0).
int client_descriptor_max(std::uint64_t limit);

/// Connections of HTTP get descriptors below this number: some of the reserve, so that an operator
/// is answered also when clients use up all that is theirs.
int http_descriptor_max(std::uint64_t limit);

/// What to tell the operator at start about a limit of open files: "" when it is enough for
/// `connections_max` (0: nothing was configured).
std::string descriptor_warning(std::uint64_t limit, std::uint64_t connections_max);

}  // namespace lepus::server
