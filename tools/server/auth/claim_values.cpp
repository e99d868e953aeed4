// See claim_values.h.
#include "tools/server/auth/claim_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lepus::server {

namespace {

namespace dom = simdjson::dom;

/// The elements of lists in their place, and all others as they are.
std::vector<dom::element> flat(const dom::element& value) {
  dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return {value};
  std::vector<dom::element> elements;
  for (const dom::element one : list) elements.push_back(one);
  return elements;
}

void add_scopes(const dom::element& value, std::string_view resource_server,
                std::vector<std::string>& out) {
  dom::object object;
  dom::element inner;
  if (value.get(object) != simdjson::SUCCESS) {
    for (std::string& one : words_of(value)) out.push_back(std::move(one));
  } else if (object.at_key(resource_server).get(inner) == simdjson::SUCCESS) {
    for (const std::string& one : words_of(inner))
      out.push_back(fmt::format("{}.{}", resource_server, one));
  }
}

}  // namespace

void add_words(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::vector<std::string> words_of(const dom::element& value) {
  std::vector<std::string> words;
  std::string_view text;
  for (const dom::element& one : flat(value))
    if (one.get(text) == simdjson::SUCCESS) add_words(text, words);
  return words;
}

std::vector<std::string> scopes_at(const dom::object& claims, std::string_view path,
                                   std::string_view resource_server) {
  std::vector<std::string> scopes;
  dom::element value;
  if (claims.at_key(path).get(value) == simdjson::SUCCESS) {
    add_scopes(value, resource_server, scopes);
    return scopes;
  }
  std::vector<dom::object> level{claims};
  while (!level.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    const bool is_last = dot == std::string_view::npos;
    std::vector<dom::object> below;
    for (const dom::object& object : level) {
      if (object.at_key(name).get(value) != simdjson::SUCCESS) continue;
      if (is_last) add_scopes(value, resource_server, scopes);
      dom::object inner;
      for (const dom::element& one : flat(value))
        if (!is_last && one.get(inner) == simdjson::SUCCESS) below.push_back(inner);
    }
    path.remove_prefix(is_last ? path.size() : dot + 1);
    level = std::move(below);
  }
  return scopes;
}

}  // namespace lepus::server
