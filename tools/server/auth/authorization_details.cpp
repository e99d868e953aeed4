// See authorization_details.h.
#include "tools/server/auth/authorization_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/access/scopes.h"
#include "core/limits/tokens.h"

namespace lepus::server {

namespace {

namespace dom = simdjson::dom;
using Texts = std::vector<std::string_view>;

constexpr std::array<std::string_view, 3> permissions = {"read", "write", "configure"};
constexpr std::array<std::string_view, 4> tags = {"monitoring", "administrator", "management",
                                                  "policymaker"};

template <class Names>
bool has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A text, or a list of them.
Texts texts_at(const dom::object& object, std::string_view name) {
  Texts texts;
  std::string_view text;
  dom::array list;
  if (object.at_key(name).get(text) == simdjson::SUCCESS) texts.push_back(text);
  if (object.at_key(name).get(list) == simdjson::SUCCESS)
    for (const dom::element one : list)
      if (one.get(text) == simdjson::SUCCESS) texts.push_back(text);
  return texts;
}

struct Location {
  std::optional<std::string_view> cluster, vhost, queue, exchange, routing_key;
};

/// Parts of other names are passed over.
Location read_location(std::string_view text) {
  Location location;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('/'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos || colon + 1 == part.size()) continue;
    const std::string_view name = part.substr(0, colon);
    const std::string_view value = part.substr(colon + 1);
    if (name == "cluster") location.cluster = value;
    if (name == "vhost") location.vhost = value;
    if (name == "queue") location.queue = value;
    if (name == "exchange") location.exchange = value;
    if (name == "routing-key") location.routing_key = value;
  }
  return location;
}

/// "VHOST/NAME/ROUTING_KEY"; nothing when it is not a place of this resource server.
std::optional<std::string> pattern_of(std::string_view text, const std::string& server) {
  const Location location = read_location(text);
  if (!location.cluster || !core::ScopePattern{*location.cluster}.matches(server)) return {};
  if (location.queue && location.exchange && *location.queue != *location.exchange) return {};
  constexpr std::string_view any = "*";
  return fmt::format("{}/{}/{}", location.vhost.value_or(any),
                     location.queue.value_or(location.exchange.value_or(any)),
                     location.routing_key.value_or(any));
}

void add_scopes_of(const ResourceServer& server, const dom::object& detail,
                   std::vector<std::string>& out) {
  std::vector<std::string> patterns;
  for (const std::string_view text : texts_at(detail, "locations"))
    if (auto pattern = pattern_of(text, server.id)) patterns.push_back(std::move(*pattern));
  if (patterns.empty()) return;
  for (const std::string_view action : texts_at(detail, "actions")) {
    if (out.size() > core::limits::token_scopes_max) return;
    if (has(tags, action)) out.push_back(fmt::format("{}.tag:{}", server.id, action));
    if (!has(permissions, action)) continue;
    for (const std::string& pattern : patterns)
      out.push_back(fmt::format("{}.{}:{}", server.id, action, pattern));
  }
}

}  // namespace

std::vector<std::string> scopes_of_details(const ResourceServer& server,
                                           const dom::array& details) {
  std::vector<std::string> scopes;
  if (server.type.empty()) return scopes;
  for (const dom::element one : details) {
    dom::object detail;
    std::string_view type;
    if (one.get(detail) != simdjson::SUCCESS) continue;
    if (detail.at_key("type").get(type) != simdjson::SUCCESS || type != server.type) continue;
    add_scopes_of(server, detail, scopes);
  }
  scopes.resize(std::min(scopes.size(), core::limits::token_scopes_max + 1));
  return scopes;
}

}  // namespace lepus::server
