// The notation of PCRE, which RabbitMQ's patterns are written in, for RE2: where look-arounds stand
// and what is around them, and RE2's words for what it writes differently. What neither can be
// expressed is named as an error; mistakes are left to RE2.
//
//   ^(?!amq\.).*   ->   start, ahead (not) "amq\.", text ".*"
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::core {

/// How many bytes something matches.
struct PatternWidth {
  std::size_t min = 0;
  std::optional<std::size_t> max = 0;  ///< Nothing: as many as there are.
  bool is_fixed() const { return max == min; }
};

struct PatternPiece;
using PatternSequence = std::vector<PatternPiece>;

struct PatternPiece {
  enum class Kind : std::uint8_t {
    text,    ///< Something without a look-around, with its quantifier.
    start,   ///< Only at the start of the name.
    end,     ///< Only at its end.
    ahead,   ///< What follows here matches, or does not match.
    behind,  ///< The same of what ends here.
    group,   ///< One of `branches`. All other groups are text, too.
  };
  Kind kind = Kind::text;
  std::string text;                       ///< For RE2. Of a look-around: what is inside.
  bool is_negative = false;               ///< Of a look-around.
  bool is_plain = true;                   ///< Nothing in it depends on the bytes around it.
  bool has_look = false;                  ///< There is a look-around in it.
  bool is_quantified = false;             ///< Of a group.
  PatternWidth width;                     ///< Of a look-around: of what is inside.
  std::vector<PatternSequence> branches;  ///< Of a group.
  std::string source;                     ///< Of a look-around: as it was written.
};

struct PatternSyntax {
  std::vector<PatternSequence> branches;
  bool has_look = false;
  bool is_rewritten = false;  ///< RE2 has other words for something in it.
  std::string error;          ///< Not empty: what PCRE has and cannot be had here.
};
PatternSyntax read_pattern(std::string_view text);

/// The pieces one after the other, for RE2; look-arounds are left out.
std::string text_of(const PatternSequence& sequence);
PatternWidth width_of(const PatternSequence& sequence);

}  // namespace lepus::core
