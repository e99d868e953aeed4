// See scrape_request.h.
#include "tools/server/metrics/scrape_request.h"

#include <algorithm>

#include "core/base/assert.h"
#include "net/http/http_service.h"

namespace lepus::server {

namespace {

constexpr std::size_t parameters_max = 200;

/// "family=a&vhost=%2F"; others are not ours. Empty, or what is wrong.
std::string read_query(std::string_view query, ScrapeRequest& request) {
  for (std::size_t count = 0; !query.empty(); ++count) {
    if (count == parameters_max) return "the query has too many parameters";
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    std::string value;
    if (!net::percent_decode(one.substr(std::min(equals + 1, one.size())), value, true))
      return "a parameter of the query is not percent-encoded as it should be";
    const std::string_view name = one.substr(0, equals);
    if (name == "family") request.families.push_back(std::move(value));
    if (name == "vhost") request.vhosts.push_back(std::move(value));
  }
  return {};
}

}  // namespace

std::string_view endpoint_name(MetricsEndpoint endpoint) {
  switch (endpoint) {
    case MetricsEndpoint::aggregated:
      return "aggregated";
    case MetricsEndpoint::per_object:
      return "per-object";
    case MetricsEndpoint::detailed:
      return "detailed";
    case MetricsEndpoint::memory_breakdown:
      return "memory-breakdown";
  }
  CHECK(false);
  return {};
}

bool ScrapeRequest::has_family(std::string_view name) const {
  return std::find(families.begin(), families.end(), name) != families.end();
}

std::optional<ScrapeRequest> read_scrape_request(const ScrapeTarget& target,
                                                 const MetricsSettings& settings,
                                                 std::string& error) {
  if (!target.path.starts_with(settings.path)) return std::nullopt;
  std::string_view rest = target.path.substr(settings.path.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  ScrapeRequest request;
  if (rest.empty()) {
    request.endpoint =
        settings.is_per_object ? MetricsEndpoint::per_object : MetricsEndpoint::aggregated;
  } else if (rest == "/per-object") {
    request.endpoint = MetricsEndpoint::per_object;
  } else if (rest == "/detailed") {
    request.endpoint = MetricsEndpoint::detailed;
    error = read_query(target.query, request);
  } else if (rest == "/memory-breakdown") {
    request.endpoint = MetricsEndpoint::memory_breakdown;
  } else if (rest != "/default") {
    return std::nullopt;
  }
  return request;
}

}  // namespace lepus::server
