// See api_route.h.
#include "tools/server/http_api/api_route.h"

#include <algorithm>

#include "core/base/assert.h"
#include "net/http/http_service.h"

namespace lepus::server {

namespace {

constexpr std::size_t segments_max = 16;

/// Of "/a//b/": "a", "", "b". More than segments_max are cut: no pattern has as many.
std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty() && segments.size() <= segments_max) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
    if (path.empty()) segments.push_back(path);
  }
  return segments;
}

bool is_capture(std::string_view segment) { return segment.starts_with(':'); }

std::uint32_t rank_of(const std::vector<std::string_view>& segments) {
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (!is_capture(segments[i])) rank |= 1U << (31 - i);
  return rank;
}

bool matches(const std::vector<std::string_view>& pattern,
             const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (!is_capture(pattern[i]) && pattern[i] != segments[i]) return false;
  return true;
}

/// As RabbitMQ lists them.
constexpr std::string_view method_order[] = {"GET", "POST", "PUT", "DELETE"};

}  // namespace

ApiRouteTable::ApiRouteTable(std::span<const std::span<const ApiRoute>> families) {
  for (const std::span<const ApiRoute>& family : families) {
    for (const ApiRoute& route : family) {
      std::vector<std::string_view> segments = split_path(route.pattern);
      CHECK(segments.size() <= segments_max);
      const std::uint32_t rank = rank_of(segments);
      routes_.push_back({&route, std::move(segments), rank});
    }
  }
  std::stable_sort(routes_.begin(), routes_.end(),
                   [](const Entry& left, const Entry& right) { return left.rank > right.rank; });
}

ApiMatch ApiRouteTable::find(std::string_view method, std::string_view path) const {
  std::vector<std::string> segments;
  for (const std::string_view segment : split_path(path)) {
    segments.emplace_back();
    if (!net::percent_decode(segment, segments.back())) return {};
  }
  ApiMatch match;
  const Entry* first = nullptr;
  for (const Entry& entry : routes_) {
    if (!matches(entry.segments, segments)) continue;
    if (first != nullptr && entry.rank != first->rank) break;
    first = &entry;
    match.methods.push_back(entry.route->method);
    if (entry.route->method != method || match.route != nullptr) continue;
    match.route = entry.route;
    for (std::size_t i = 0; i < segments.size(); ++i)
      if (is_capture(entry.segments[i]))
        match.captures.emplace_back(entry.segments[i].substr(1), segments[i]);
  }
  std::sort(match.methods.begin(), match.methods.end(),
            [](std::string_view left, std::string_view right) {
              return std::find(std::begin(method_order), std::end(method_order), left) <
                     std::find(std::begin(method_order), std::end(method_order), right);
            });
  return match;
}

}  // namespace lepus::server
