// A pattern with look-arounds as patterns without: RE2 has none, so that its time is linear. What a
// look-around asks at a place that is the same in every match is a pattern of its own; the whole
// matches when one of the alternatives has all its tests right.
//
//   ^(?!amq\.).*      ->   not \A(?:amq\.)
//   ^a(?=b)|x(?<!y)$  ->   a and \Aa(?:b), or x\z and not (?:y)\z
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lepus::core {

struct PatternTest {
  std::string text;  ///< For RE2; looked for anywhere in the name.
  bool is_wanted = true;
};
struct PatternPlan {
  std::vector<std::vector<PatternTest>> alternatives;
  std::string error;  ///< Not empty: what of it cannot be had.
};
PatternPlan plan_pattern(std::string_view text);

}  // namespace lepus::core
