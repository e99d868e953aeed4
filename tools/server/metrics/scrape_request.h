// What one scrape asks for: the endpoint of its path, and the parameters of its query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::server {

enum class MetricsEndpoint : std::uint8_t { aggregated, per_object, detailed, memory_breakdown };
/// As rabbitmq_identity_info names it.
std::string_view endpoint_name(MetricsEndpoint endpoint);

struct ScrapeRequest {
  MetricsEndpoint endpoint = MetricsEndpoint::aggregated;
  // Of MetricsEndpoint::detailed.
  std::vector<std::string> families;
  std::vector<std::string> vhosts;  ///< Empty: all.

  bool has_family(std::string_view name) const;
};

struct MetricsSettings {
  std::string path = "/metrics";
  bool is_per_object = false;  ///< Under that path, too.
};

/// As a request has them.
struct ScrapeTarget {
  std::string_view path;
  std::string_view query;
};
/// Nothing: there is nothing under this path. `error` is not empty when the query cannot be read.
std::optional<ScrapeRequest> read_scrape_request(const ScrapeTarget& target,
                                                 const MetricsSettings& settings,
                                                 std::string& error);

}  // namespace lepus::server
