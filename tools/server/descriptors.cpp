// The reserve is core::limits::descriptor_reserve, less where the limit is small.
#include "tools/server/descriptors.h"

#include <algorithm>
#include <climits>

#include "core/limits.h"

namespace lepus::server {

namespace limits = core::limits;

int client_descriptor_max(std::uint64_t limit) {
  const std::uint64_t max = limit - std::min(limits::descriptor_reserve, limit / 4);
  return static_cast<int>(std::min<std::uint64_t>(max, INT_MAX));
}

int http_descriptor_max(std::uint64_t limit) {
  const std::uint64_t reserve = std::min(limits::descriptor_reserve, limit / 4);
  return static_cast<int>(std::min<std::uint64_t>(limit - reserve / 2, INT_MAX));
}

std::string descriptor_warning(std::uint64_t limit, std::uint64_t connections_max) {
  const auto clients = static_cast<std::uint64_t>(client_descriptor_max(limit));
  const bool too_few = connections_max > clients;
  if (limit == 0 || (!too_few && limit >= limits::descriptors_low)) return {};
  std::string text = "at most " + std::to_string(limit) + " files may be open, so less than " +
                     std::to_string(clients) + " clients can be connected";
  if (too_few) text += " (max_connections is " + std::to_string(connections_max) + ")";
  return text + ": raise the limit (systemd: LimitNOFILE=1048576, shell: ulimit -n)";
}

}  // namespace lepus::server
