// The regular expressions of permissions and policies, by RE2: time linear in the text, whatever
// the pattern. As in RabbitMQ a pattern may match anywhere in the name, and an empty one stands for
// ^$. Look-arounds are made of several RE2 patterns (core/topology/pattern_plan.h).
//
// One pool a shard: equal texts share one compiled pattern, which lives as long as somebody has it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/exchange/text_hash.h"

namespace re2 {
class RE2;
}

namespace lepus::core {

/// What of the pattern is wrong or cannot be had; empty when it is good.
std::string check_pattern(std::string_view text);

/// `pattern` with each `{name}` replaced by what matches just `value`.
std::string expand_pattern(std::string pattern, std::string_view name, std::string_view value);

class AccessPattern {
 public:
  /// One that check_pattern() refuses matches nothing.
  explicit AccessPattern(std::string_view text);
  ~AccessPattern();
  const std::string& text() const { return text_; }
  bool matches(std::string_view name) const;

 private:
  struct Test {
    std::unique_ptr<re2::RE2> pattern;
    bool is_wanted = true;
  };
  /// All of its tests have to be right.
  using Alternative = std::vector<Test>;

  std::string text_;
  bool is_everything_;
  bool is_nothing_;  ///< But the empty name.
  std::vector<Alternative> alternatives_;
};

class PatternPool {
 public:
  PatternPool() = default;
  PatternPool(const PatternPool&) = delete;
  PatternPool& operator=(const PatternPool&) = delete;
  ~PatternPool();

  struct Return {
    PatternPool* pool = nullptr;
    void operator()(const AccessPattern* pattern) const { pool->give_back(pattern); }
  };
  using Ref = std::unique_ptr<const AccessPattern, Return>;
  /// The pool outlives what it gave.
  Ref take(const std::string& text);
  std::size_t size() const { return patterns_.size(); }

 private:
  struct Entry {
    explicit Entry(std::string_view text) : pattern(text) {}
    AccessPattern pattern;
    std::size_t uses = 0;
  };
  void give_back(const AccessPattern* pattern);

  boost::unordered_flat_map<std::string, std::unique_ptr<Entry>, TextHash, std::equal_to<>>
      patterns_;
};

}  // namespace lepus::core
