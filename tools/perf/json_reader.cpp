// simdjson's DOM with places; where a syntax error is, reading up to it once more tells.
#include "tools/perf/json_reader.h"

#include <algorithm>
#include <numeric>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

namespace dom = simdjson::dom;

size_t edits_between(std::string_view one, std::string_view other) {
  std::vector<size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t at = 1; at <= one.size(); ++at) {
    size_t diagonal = row[0];
    row[0] = at;
    for (size_t to = 1; to <= other.size(); ++to) {
      const size_t replaced = diagonal + (one[at - 1] == other[to - 1] ? 0 : 1);
      diagonal = row[to];
      row[to] = std::min({replaced, row[to] + 1, row[to - 1] + 1});
    }
  }
  return row.back();
}

// Reads values in order until one is broken, or too deep.
simdjson::error_code visit(simdjson::ondemand::value value, unsigned depth_left = 64) {
  if (depth_left == 0) return simdjson::DEPTH_ERROR;
  simdjson::ondemand::json_type type;
  if (const auto error = value.type().get(type)) return error;
  if (type == simdjson::ondemand::json_type::object) {
    simdjson::ondemand::object object;
    if (const auto error = value.get_object().get(object)) return error;
    for (auto field : object) {
      simdjson::ondemand::value inner;
      if (const auto error = field.value().get(inner)) return error;
      if (const auto error = visit(inner, depth_left - 1)) return error;
    }
    return simdjson::SUCCESS;
  }
  if (type == simdjson::ondemand::json_type::array) {
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return error;
    for (auto item : array) {
      simdjson::ondemand::value inner;
      if (const auto error = item.get(inner)) return error;
      if (const auto error = visit(inner, depth_left - 1)) return error;
    }
    return simdjson::SUCCESS;
  }
  if (type == simdjson::ondemand::json_type::string) return value.get_string().error();
  if (type == simdjson::ondemand::json_type::boolean) return value.get_bool().error();
  if (type == simdjson::ondemand::json_type::number) return value.get_number().error();
  return value.is_null() ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
}

// ", line N" of the first broken value; empty when the reader cannot tell.
std::string broken_line(std::string_view text) {
  simdjson::padded_string padded(text);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::value root;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return {};
  if (document.get_value().get(root) == simdjson::SUCCESS && visit(root) == simdjson::SUCCESS)
    return {};
  const char* position = nullptr;
  if (document.current_location().get(position) != simdjson::SUCCESS) return {};
  const auto lines = std::count(static_cast<const char*>(padded.data()), position, '\n');
  return fmt::format(", line {}", lines + 1);
}

std::string number_text(double value) { return fmt::format("{:.15g}", value); }

}  // namespace

std::string nearest_of(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view nearest;
  size_t distance_min = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edits_between(name, candidate);
    if (distance >= distance_min) continue;
    distance_min = distance;
    nearest = candidate;
  }
  return std::string(nearest);
}

std::string suggestion(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string nearest = nearest_of(name, candidates);
  if (!nearest.empty()) return " (did you mean " + nearest + "?)";
  std::string known;
  for (const std::string_view candidate : candidates)
    known.append(known.empty() ? "" : ", ").append(candidate);
  return known.empty() ? std::string() : " (known: " + known + ")";
}

JsonDocument::JsonDocument(std::string name, std::string_view text)
    : name_(std::move(name)), parser_(std::make_unique<dom::parser>()) {
  const simdjson::error_code error = parser_->parse(text.data(), text.size()).get(root_);
  if (error != simdjson::SUCCESS) {
    throw PerfError(name_, broken_line(text),
                    ": this is no JSON: ", simdjson::error_message(error));
  }
}

JsonPlace JsonPlace::below(std::string_view key) const {
  return {file, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key)};
}

JsonPlace JsonPlace::at(size_t index) const { return {file, fmt::format("{}[{}]", path, index)}; }

void JsonPlace::fail(std::string_view what) const {
  throw PerfError(*file, ": ", path.empty() ? "" : path + ": ", what);
}

std::string describe(dom::element value) {
  switch (value.type()) {
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return fmt::format("the text \"{}\"", std::string_view(value.get_string().value_unsafe()));
    case dom::element_type::BOOL:
      return value.get_bool().value_unsafe() ? "true" : "false";
    case dom::element_type::NULL_VALUE:
      return "null";
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return number_text(value.get_double().value_unsafe());
  }
  return "something else";
}

JsonObject::JsonObject(dom::element element, JsonPlace place) : place_(std::move(place)) {
  if (element.get(object_) != simdjson::SUCCESS)
    place_.fail("expected an object, not " + describe(element));
  std::vector<std::string_view> seen;
  for (const dom::key_value_pair pair : object_) {
    if (std::find(seen.begin(), seen.end(), pair.key) != seen.end())
      place_.below(pair.key).fail("this key is there twice");
    seen.push_back(pair.key);
  }
}

bool JsonObject::get(std::string_view key, dom::element& value) {
  known_.push_back(key);
  return object_.at_key(key).get(value) == simdjson::SUCCESS;
}

void JsonObject::number(std::string_view key, double& value, double low, double high) {
  dom::element element;
  if (!get(key, element)) return;
  double number = 0;
  if (element.get(number) != simdjson::SUCCESS || !(number >= low && number <= high)) {
    place_.below(key).fail(fmt::format("expected a number from {} to {}, not {}", number_text(low),
                                       number_text(high), describe(element)));
  }
  value = number;
}

void JsonObject::count(std::string_view key, uint64_t& value, uint64_t low, uint64_t high) {
  dom::element element;
  if (!get(key, element)) return;
  uint64_t count = 0;
  if (element.get(count) != simdjson::SUCCESS || count < low || count > high) {
    place_.below(key).fail(
        fmt::format("expected a whole number from {} to {}, not {}", low, high, describe(element)));
  }
  value = count;
}

void JsonObject::small_count(std::string_view key, unsigned& value, unsigned low, unsigned high) {
  uint64_t wide = value;
  count(key, wide, low, high);
  value = static_cast<unsigned>(wide);
}

void JsonObject::flag(std::string_view key, bool& value) {
  dom::element element;
  if (get(key, element) && element.get(value) != simdjson::SUCCESS)
    place_.below(key).fail("expected true or false, not " + describe(element));
}

void JsonObject::text(std::string_view key, std::string& value) {
  dom::element element;
  if (!get(key, element)) return;
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS)
    place_.below(key).fail("expected a text, not " + describe(element));
  value = text;
}

size_t JsonObject::choice(std::string_view key, std::span<const std::string_view> names) {
  dom::element element;
  if (!get(key, element)) return none;
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS)
    place_.below(key).fail("expected a text, not " + describe(element));
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end())
    place_.below(key).fail(fmt::format("\"{}\" is not known{}", text, suggestion(text, names)));
  return static_cast<size_t>(found - names.begin());
}

void JsonObject::finish() const {
  for (const dom::key_value_pair pair : object_) {
    if (std::find(known_.begin(), known_.end(), pair.key) != known_.end()) continue;
    place_.fail(fmt::format("unknown key \"{}\"{}", pair.key, suggestion(pair.key, known_)));
  }
}

}  // namespace lepus::perf
