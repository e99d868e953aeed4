// The paths of the HTTP API: which there are, what may be done with each and by whom.
//
//   {"GET", "/queues/:vhost/:queue", show_queue, ApiRight::management, ApiVhost::login}
//
// Segments are percent-decoded one by one, so "%2F" is the virtual host "/". Where several patterns
// fit, the one with fixed text where another has a capture counts: "/users/bulk-delete" before
// "/users/:user". A slash at the end makes no difference.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lepus::server {

class ApiCall;

/// The least tag of whoever may call it; an administrator may everything.
enum class ApiRight : std::uint8_t {
  anybody,      ///< Also without credentials.
  management,   ///< Any of the tags that let into the management API.
  policymaker,  ///< Of the virtual host in the path, which he must be let into.
  monitoring,
  administrator
};

/// What the user needs in the virtual host :vhost of the path. One that is not there is 404 in any
/// case, unless unchecked.
enum class ApiVhost : std::uint8_t {
  unchecked,  ///< There is none in the path, or the handler looks itself.
  login,      ///< He may use it, or is an administrator.
  visible     ///< The same, or monitors it.
};

struct ApiRoute {
  std::string_view method;
  std::string_view pattern;  ///< Below "/api".
  void (*handle)(ApiCall& call);
  ApiRight right = ApiRight::management;
  ApiVhost vhost = ApiVhost::unchecked;
};

using ApiCaptures = std::vector<std::pair<std::string_view, std::string>>;

struct ApiMatch {
  const ApiRoute* route = nullptr;  ///< Null: there is no such path, or not with this method.
  ApiCaptures captures = {};
  /// With the path, for Allow: empty when there is no such path.
  std::vector<std::string_view> methods = {};
};

class ApiRouteTable {
 public:
  /// Routes outlive this.
  explicit ApiRouteTable(std::span<const std::span<const ApiRoute>> families);

  /// `path` as it came, behind "/api".
  ApiMatch find(std::string_view method, std::string_view path) const;
  std::size_t size() const { return routes_.size(); }

 private:
  struct Entry {
    const ApiRoute* route;
    std::vector<std::string_view> segments;  ///< Of the pattern.
    std::uint32_t rank;                      ///< Higher: more fixed text, further to the left.
  };
  std::vector<Entry> routes_;  ///< The highest rank first.
};

}  // namespace lepus::server
