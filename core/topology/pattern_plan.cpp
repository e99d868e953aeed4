// Places that are the same in every match: behind the start and a part of fixed width, and before
// the end and a part of fixed width.
#include "core/topology/pattern_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"
#include "core/topology/pattern_syntax.h"

namespace lepus::core {

namespace {

using PieceKind = PatternPiece::Kind;
using Tests = std::vector<PatternTest>;

bool is_look(const PatternPiece& piece) {
  return piece.kind == PieceKind::ahead || piece.kind == PieceKind::behind;
}
std::string in_group(const std::string& text) { return fmt::format("(?:{})", text); }

/// One sequence. Groups with look-arounds that are not repeated have been opened.
class Planner {
 public:
  explicit Planner(const PatternSequence& sequence) : sequence_(sequence) {}

  std::string plan(Tests& tests);

 private:
  PatternSequence before(std::size_t place) const {
    CHECK(place < sequence_.size());
    return {sequence_.begin(), sequence_.begin() + static_cast<std::ptrdiff_t>(place)};
  }
  PatternSequence behind(std::size_t place) const {
    CHECK(place < sequence_.size());
    return {sequence_.begin() + static_cast<std::ptrdiff_t>(place) + 1, sequence_.end()};
  }
  bool is_from_start(std::size_t place) const;
  bool is_from_end(std::size_t place) const;
  bool is_satisfied_at_end() const;
  bool is_one_place(Tests& tests) const;
  bool add_ahead(std::size_t place, Tests& tests);
  bool add_behind(std::size_t place, Tests& tests);
  bool add_repeated(std::size_t place, Tests& tests) const;
  bool is_always_there() const;

  const PatternSequence& sequence_;
  std::string first_;  ///< Before everything.
  std::string last_;   ///< Behind everything.
};

/// Whether the start is the same in every match, and all up to the place has one width.
bool Planner::is_from_start(std::size_t place) const {
  bool is_at_start = false;
  for (const PatternPiece& piece : sequence_) {
    is_at_start |= piece.kind == PieceKind::start;
    if (is_at_start || piece.width.max != 0) {
      if (!is_look(piece)) break;
    }
  }
  return is_at_start && width_of(before(place)).is_fixed();
}

bool Planner::is_from_end(std::size_t place) const {
  PatternWidth width;
  for (const PatternPiece& piece : behind(place)) {
    if (piece.kind == PieceKind::end) return width.is_fixed();
    if (is_look(piece)) continue;
    if (!piece.width.is_fixed() || piece.has_look) return false;
  }
  return false;
}

/// With nothing before or behind: the empty rest of any name matches.
bool Planner::is_satisfied_at_end() const {
  return std::all_of(sequence_.begin(), sequence_.end(), [](const PatternPiece& piece) {
    if (piece.kind == PieceKind::ahead) return piece.is_negative && piece.width.min > 0;
    if (piece.kind == PieceKind::end) return true;
    return piece.kind != PieceKind::behind && piece.is_plain && piece.width.min == 0;
  });
}

/// One look-ahead, wanted, and nothing else that has to be there: it may be anywhere.
bool Planner::is_one_place(Tests& tests) const {
  const PatternPiece* found = nullptr;
  for (const PatternPiece& piece : sequence_) {
    if (piece.kind == PieceKind::ahead && !piece.is_negative && found == nullptr) {
      found = &piece;
    } else if (is_look(piece) || !piece.is_plain || piece.width.min > 0) {
      return false;
    }
  }
  if (found == nullptr) return false;
  tests.push_back({found->text, true});
  return true;
}

bool Planner::add_ahead(std::size_t place, Tests& tests) {
  const PatternPiece& look = sequence_[place];
  CHECK(look.kind == PieceKind::ahead);
  const std::string inside = in_group(look.text);
  if (is_from_start(place)) {
    tests.push_back({"\\A" + text_of(before(place)) + inside, !look.is_negative});
    return true;
  }
  if (is_from_end(place) && width_of(behind(place)).max == 0) {
    tests.push_back({"\\z" + inside, !look.is_negative});
    return true;
  }
  if (look.is_negative || place + 1 != sequence_.size()) return false;
  last_ = inside;
  return true;
}

bool Planner::add_behind(std::size_t place, Tests& tests) {
  const PatternPiece& look = sequence_[place];
  CHECK(look.kind == PieceKind::behind);
  const std::string inside = in_group(look.text);
  if (is_from_end(place)) {
    tests.push_back({inside + text_of(behind(place)) + "\\z", !look.is_negative});
    return true;
  }
  if (is_from_start(place) && look.width.min > width_of(before(place)).min) {
    if (!look.is_negative) tests.push_back({"\\A", false});  // There is no room for it.
    return true;
  }
  if (look.is_negative || place != 0) return false;
  first_ = inside;
  return true;
}

/// (?:(?!A).)*$ behind a part of fixed width: no A from there to the end.
bool Planner::add_repeated(std::size_t place, Tests& tests) const {
  const PatternPiece& group = sequence_[place];
  CHECK(group.kind == PieceKind::group && group.has_look);
  const PatternSequence rest = behind(place);
  const bool is_to_end =
      !rest.empty() && std::all_of(rest.begin(), rest.end(),
                                   [](const auto& one) { return one.kind == PieceKind::end; });
  if (!is_to_end || !is_from_start(place) || group.branches.size() != 1) return false;
  const PatternSequence& inside = group.branches.front();
  if (inside.size() != 2 || inside[0].kind != PieceKind::ahead || !inside[0].is_negative)
    return false;
  const PatternWidth& width = inside[1].width;
  const bool is_byte = width.is_fixed() && width.min == 1 && !inside[1].has_look;
  if (!is_byte || inside[0].width.min == 0 || group.width.max) return false;
  tests.push_back({"\\A" + text_of(before(place)) + "(?s:.)*" + in_group(inside[0].text), false});
  return true;
}

/// What is left without the look-arounds matches every name.
bool Planner::is_always_there() const {
  return std::all_of(sequence_.begin(), sequence_.end(), [](const PatternPiece& piece) {
    return is_look(piece) || piece.kind == PieceKind::start ||
           (piece.is_plain && piece.width.min == 0);
  });
}

std::string Planner::plan(Tests& tests) {
  CHECK(tests.empty());
  if (is_satisfied_at_end() || is_one_place(tests)) return {};
  for (std::size_t place = 0; place < sequence_.size(); ++place) {
    const PatternPiece& piece = sequence_[place];
    bool is_done = true;
    if (piece.kind == PieceKind::ahead) is_done = add_ahead(place, tests);
    if (piece.kind == PieceKind::behind) is_done = add_behind(place, tests);
    if (piece.kind == PieceKind::group && piece.has_look) is_done = add_repeated(place, tests);
    if (is_done) continue;
    return fmt::format(
        "the look-around '{}' is at a place that differs from name to name, which is not "
        "supported: it can stand behind ^ or a beginning of fixed length, before $, and, when it "
        "is not negated, at the end",
        piece.source.empty() ? piece.text : piece.source);
  }
  const bool is_needed = !first_.empty() || !last_.empty() || !is_always_there();
  if (is_needed) tests.push_back({first_ + text_of(sequence_) + last_, true});
  return {};
}

/// Opens groups until every look-around stands in the sequence itself, and what is between ^ and a
/// look-ahead, or a look-behind and $, has one width wherever it can.
class Opener {
 public:
  explicit Opener(std::vector<PatternSequence>& out) : out_(out) {}

  bool open(const PatternSequence& sequence) {
    const std::optional<std::size_t> place = find(sequence);
    if (!place) {
      out_.push_back(sequence);
      return out_.size() <= limits::pattern_alternatives_max;
    }
    const auto group = sequence.begin() + static_cast<std::ptrdiff_t>(*place);
    CHECK(!group->branches.empty());
    return std::all_of(group->branches.begin(), group->branches.end(), [&](const auto& branch) {
      PatternSequence opened{sequence.begin(), group};
      opened.insert(opened.end(), branch.begin(), branch.end());
      opened.insert(opened.end(), group + 1, sequence.end());
      return open(opened);
    });
  }

 private:
  static std::optional<std::size_t> find(const PatternSequence& sequence) {
    for (std::size_t place = 0; place < sequence.size(); ++place) {
      const PatternPiece& piece = sequence[place];
      if (piece.kind != PieceKind::group || piece.is_quantified) continue;
      if (piece.has_look) return place;
      if (!piece.width.is_fixed() && piece.branches.size() > 1 && is_between(sequence, place))
        return place;
    }
    return std::nullopt;
  }
  static bool is_between(const PatternSequence& sequence, std::size_t place) {
    for (std::size_t other = 0; other < sequence.size(); ++other) {
      const PieceKind kind = sequence[other].kind;
      if (kind == PieceKind::ahead && place < other) return true;
      if (kind == PieceKind::behind && other < place) return true;
    }
    return false;
  }

  std::vector<PatternSequence>& out_;
};

}  // namespace

PatternPlan plan_pattern(std::string_view text) {
  PatternPlan plan;
  PatternSyntax syntax = read_pattern(text);
  plan.error = std::move(syntax.error);
  if (!plan.error.empty()) return plan;
  CHECK(!syntax.branches.empty());
  if (!syntax.has_look) {
    std::string whole{text};
    if (syntax.is_rewritten) {
      whole.clear();
      for (const PatternSequence& branch : syntax.branches)
        whole += (&branch == &syntax.branches.front() ? "" : "|") + text_of(branch);
    }
    plan.alternatives.push_back({{std::move(whole), true}});
    return plan;
  }
  if (text.size() > limits::pattern_look_size_max) {
    plan.error = fmt::format("with look-arounds it can have at most {} bytes",
                             limits::pattern_look_size_max);
    return plan;
  }
  std::vector<PatternSequence> sequences;
  for (const PatternSequence& branch : syntax.branches) {
    if (Opener{sequences}.open(branch)) continue;
    plan.error = fmt::format("with its look-arounds it has more than {} alternatives",
                             limits::pattern_alternatives_max);
    return plan;
  }
  for (const PatternSequence& sequence : sequences) {
    Tests& tests = plan.alternatives.emplace_back();
    plan.error = Planner{sequence}.plan(tests);
    if (!plan.error.empty()) break;
  }
  return plan;
}

}  // namespace lepus::core
