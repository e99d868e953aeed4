// See api_query.h.
#include "tools/server/http_api/api_query.h"

#include <simdjson.h>

#include <algorithm>
#include <span>
#include <utility>

#include "net/http/http_service.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/http_api/api_settings.h"

namespace lepus::server {

namespace dom = simdjson::dom;

ApiQuery::ApiQuery(std::string_view text) {
  while (!text.empty() && values_.size() < api_parameters_max) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name;
    std::string value;
    if (!net::percent_decode(pair.substr(0, equals), name, true)) continue;
    if (equals < pair.size() && !net::percent_decode(pair.substr(equals + 1), value, true))
      continue;
    if (!name.empty()) values_.emplace(std::move(name), std::move(value));
  }
}

const std::string* ApiQuery::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::string_view ApiQuery::get(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string_view{} : *value;
}

// --- Columns

namespace {

using Path = std::span<const std::string>;
using Paths = std::vector<Path>;

/// Empty parts do not count.
std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty() && parts.size() < api_parameters_max) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// What of `paths` is below an object's field; all of it when one ends there.
struct Descent {
  Paths paths;
  bool is_wanted = false;
  bool is_whole = false;
};
Descent descend(std::string_view name, const Paths& paths) {
  Descent below;
  for (const Path& path : paths) {
    if (path.front() != name) continue;
    below.is_wanted = true;
    below.is_whole |= path.size() == 1;
    if (path.size() > 1) below.paths.push_back(path.subspan(1));
  }
  return below;
}

/// Recursive: simdjson bounds how deep its values nest.
void cut_value(dom::element value, const Paths& paths, JsonWriter& json) {
  if (dom::array array; value.get(array) == simdjson::SUCCESS) {
    json.begin_array();
    for (const dom::element one : array) cut_value(one, paths, json);
    return json.end_array();
  }
  dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return json.raw(simdjson::minify(value));
  json.begin_object();
  for (const auto [name, field] : object) {
    const Descent below = descend(name, paths);
    if (!below.is_wanted) continue;
    json.key(name);
    if (below.is_whole) {
      json.raw(simdjson::minify(field));
    } else {
      cut_value(field, below.paths, json);
    }
  }
  json.end_object();
}

}  // namespace

ApiColumns::ApiColumns(std::string_view text) : is_all_(false) {
  for (const std::string& column : split(text, ','))
    if (std::vector<std::string> path = split(column, '.'); !path.empty())
      paths_.push_back(std::move(path));
}

std::string ApiColumns::cut(const std::string& json) const {
  if (is_all_) return json;
  dom::parser parser;
  dom::element value;
  if (parser.parse(json).get(value) != simdjson::SUCCESS) return json;
  JsonWriter out;
  cut_value(value, Paths(paths_.begin(), paths_.end()), out);
  return out.take();
}

}  // namespace lepus::server
