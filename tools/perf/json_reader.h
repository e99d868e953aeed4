// Reads JSON written by people: an object gives out its keys one by one and complains about what
// nobody asked for. Every error is a PerfError that names the file, the place (clients.slow.rate),
// what was expected, and for an unknown key the nearest known one.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::perf {

// The candidate that a slip of the finger makes into the name; empty when none is near.
std::string nearest_of(std::string_view name, std::span<const std::string_view> candidates);
// " (did you mean X?)" or, when nothing is near, " (known: A, B, C)".
std::string suggestion(std::string_view name, std::span<const std::string_view> candidates);

// A parsed file. Objects that refer to it must not outlive it.
class JsonDocument {
 public:
  // `name` is what errors call it. PerfError with line and column when the text is no JSON.
  JsonDocument(std::string name, std::string_view text);

  simdjson::dom::element root() const { return root_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::unique_ptr<simdjson::dom::parser> parser_;
  simdjson::dom::element root_;
};

// Where a value is: its file and the keys that lead to it.
struct JsonPlace {
  const std::string* file = nullptr;
  std::string path;  // keys joined by dots; empty at the root

  JsonPlace below(std::string_view key) const;
  JsonPlace at(size_t index) const;
  [[noreturn]] void fail(std::string_view what) const;
};

class JsonObject {
 public:
  JsonObject(simdjson::dom::element element, JsonPlace place);

  // The value of a key, which counts as known from now on; false when it is not there.
  bool get(std::string_view key, simdjson::dom::element& value);
  // Each leaves the value as it is when the key is missing.
  void number(std::string_view key, double& value, double low, double high);
  void count(std::string_view key, uint64_t& value, uint64_t low, uint64_t high);
  void small_count(std::string_view key, unsigned& value, unsigned low, unsigned high);
  void flag(std::string_view key, bool& value);
  void text(std::string_view key, std::string& value);
  // One of the names; returns its index, or `none` when the key is missing.
  static constexpr size_t none = std::numeric_limits<size_t>::max();
  size_t choice(std::string_view key, std::span<const std::string_view> names);

  // To be called when all keys were asked for: an unknown one is an error.
  void finish() const;
  const JsonPlace& place() const { return place_; }
  simdjson::dom::object object() const { return object_; }

 private:
  simdjson::dom::object object_;
  JsonPlace place_;
  std::vector<std::string_view> known_;
};

// What is there, in a few words: "the text \"abc\"", "a list".
std::string describe(simdjson::dom::element value);

}  // namespace lepus::perf
