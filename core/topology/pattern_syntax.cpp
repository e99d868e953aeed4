// Recursive descent, one function for each kind of thing. Depth is bounded.
#include "core/topology/pattern_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::core {

namespace {

using PieceKind = PatternPiece::Kind;

std::optional<std::size_t> bounded(std::optional<std::size_t> width) {
  return width && *width > limits::pattern_width_max ? std::nullopt : width;
}

PatternWidth one_after_other(const PatternWidth& left, const PatternWidth& right) {
  PatternWidth both;
  both.min = std::min(left.min + right.min, limits::pattern_width_max);
  both.max = left.max && right.max ? bounded(*left.max + *right.max) : std::nullopt;
  return both;
}

PatternWidth either(const PatternWidth& left, const PatternWidth& right) {
  PatternWidth both;
  both.min = std::min(left.min, right.min);
  both.max = left.max && right.max ? std::optional{std::max(*left.max, *right.max)} : std::nullopt;
  return both;
}

struct Quantifier {
  std::string text;
  std::size_t min = 1;
  std::optional<std::size_t> max = 1;
};

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

std::string hex_byte(unsigned byte) { return fmt::format("\\x{:02x}", byte & 0xff); }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  PatternSyntax read() {
    out_.branches = alternatives(0);
    if (!at_end()) refuse(fmt::format("unexpected ): {}", text_));
    return std::move(out_);
  }

 private:
  bool at_end() const { return at_ >= text_.size() || !out_.error.empty(); }
  bool is_next(std::string_view label) const { return text_.substr(at_).starts_with(label); }
  bool take(std::string_view label) {
    if (!is_next(label)) return false;
    at_ += label.size();
    return true;
  }
  void refuse(std::string label) {
    if (out_.error.empty()) out_.error = std::move(label);
  }

  std::vector<PatternSequence> alternatives(std::size_t depth);
  void piece(std::size_t depth, PatternSequence& out);
  void group(std::size_t depth, PatternSequence& out);
  bool special_group(std::size_t begin);
  void skip_name(char end);
  bool flags();
  void look(std::size_t depth, std::size_t begin, PatternPiece piece, PatternSequence& out);
  void escape(PatternSequence& out);
  bool assertion_escape(char letter, PatternSequence& out);
  void quoted(PatternSequence& out);
  std::string escaped(char letter, bool in_class);
  std::string octal();
  void character_class(PatternSequence& out);
  std::optional<Quantifier> quantifier();
  std::optional<Quantifier> counted();
  void add(PatternPiece piece, PatternSequence& out);
  void add_text(std::string text, std::size_t width, PatternSequence& out);
  std::string rewritten(std::string text) {
    out_.is_rewritten = true;
    return text;
  }
  std::string with_flags(const std::string& text) const {
    return flags_.empty() ? text : fmt::format("(?{}:{})", flags_, text);
  }
  bool has_flag(char flag) const { return flags_.find(flag) != std::string::npos; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string flags_;  ///< In force here: of i, m, s, U.
  PatternSyntax out_;
};

std::vector<PatternSequence> Reader::alternatives(std::size_t depth) {
  std::vector<PatternSequence> all(1);
  if (depth > limits::pattern_depth_max)
    refuse(fmt::format("groups are nested deeper than {}", limits::pattern_depth_max));
  while (!at_end() && text_[at_] != ')') {
    if (take("|")) {
      all.emplace_back();
    } else {
      piece(depth, all.back());
    }
  }
  return all;
}

void Reader::piece(std::size_t depth, PatternSequence& out) {
  CHECK(at_ < text_.size());
  const char letter = text_[at_];
  if (letter == '(') return group(depth, out);
  if (letter == '[') return character_class(out);
  if (letter == '\\') return escape(out);
  ++at_;
  PatternPiece piece;
  if (letter == '^' || letter == '$') {
    piece.is_plain = false;
    piece.kind = has_flag('m')   ? PieceKind::text
                 : letter == '^' ? PieceKind::start
                                 : PieceKind::end;
    piece.text = with_flags(std::string{letter});
    return add(std::move(piece), out);
  }
  add_text(std::string{letter}, 1, out);
}

// ---- Groups -------------------------------------------------------------------------------------

void Reader::group(std::size_t depth, PatternSequence& out) {
  const std::size_t begin = at_;
  CHECK(is_next("("));
  if (take("(?#")) {
    (void)rewritten({});
    at_ = std::min(text_.find(')', at_), text_.size() - 1) + 1;
    return;
  }
  const std::string outer_flags = flags_;
  PatternPiece piece;
  piece.kind = PieceKind::group;
  if (take("(?=") || take("(?!")) {
    piece.kind = PieceKind::ahead;
    piece.is_negative = text_[at_ - 1] == '!';
    return look(depth, begin, std::move(piece), out);
  }
  if (take("(?<=") || take("(?<!")) {
    piece.kind = PieceKind::behind;
    piece.is_negative = text_[at_ - 1] == '!';
    return look(depth, begin, std::move(piece), out);
  }
  if (special_group(begin)) return;
  piece.branches = alternatives(depth + 1);
  if (!take(")")) return refuse(fmt::format("missing ): {}", text_));
  flags_ = outer_flags;
  piece.width = width_of(piece.branches.front());
  for (const PatternSequence& branch : piece.branches) {
    piece.text += (piece.text.empty() && &branch == &piece.branches.front() ? "(?:" : "|");
    piece.text += text_of(branch);
    piece.width = either(piece.width, width_of(branch));
    for (const PatternPiece& pattern_piece : branch) {
      piece.is_plain = piece.is_plain && pattern_piece.is_plain;
      piece.has_look = piece.has_look || pattern_piece.has_look;
    }
  }
  piece.text += ")";
  add(std::move(piece), out);
}

/// Takes what opens a group. True: it was no group, or one that cannot be had.
bool Reader::special_group(std::size_t begin) {
  CHECK(begin == at_);
  const auto refuse_group = [&](std::string_view label) {
    refuse(fmt::format("{} '{}' is not supported", label, text_.substr(begin, 4)));
    return true;
  };
  ++at_;
  if (is_next("*")) return refuse_group("the verb");
  if (!take("?")) return false;
  if (take(":")) return false;
  if (take("|")) return (void)rewritten({}), false;
  if (is_next(">")) return refuse_group("the atomic group");
  if (is_next("(")) return refuse_group("the condition");
  if (is_next("P=")) return refuse_group("the back reference");
  if (is_next("R") || is_next("&") || is_next("P>") || is_next("+") ||
      (is_next("-") && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) ||
      (at_ < text_.size() && is_digit(text_[at_])))
    return refuse_group("the recursion");
  if (take("P<") || take("<")) return skip_name('>'), false;
  if (take("'")) return skip_name('\''), false;
  return flags();
}

void Reader::skip_name(char end) {
  CHECK(!text_.empty());
  (void)rewritten({});
  at_ = std::min(text_.find(end, at_), text_.size() - 1) + 1;
}

/// (?i) or (?i: and so on. True: it was no group.
bool Reader::flags() {
  CHECK(at_ <= text_.size());
  bool is_on = true;
  for (; at_ < text_.size() && text_[at_] != ')' && text_[at_] != ':'; ++at_) {
    const char flag = text_[at_];
    if (flag == '-') {
      is_on = false;
      continue;
    }
    if (std::string_view{"imsU"}.find(flag) == std::string_view::npos) {
      refuse(fmt::format("the option '(?{})' is not supported", flag));
      return true;
    }
    std::erase(flags_, flag);
    if (is_on) flags_ += flag;
  }
  return !take(":") && take(")");
}

void Reader::look(std::size_t depth, std::size_t begin, PatternPiece piece, PatternSequence& out) {
  CHECK(begin < at_);
  CHECK(piece.kind == PieceKind::ahead || piece.kind == PieceKind::behind);
  const std::string outer_flags = flags_;
  const std::vector<PatternSequence> inside = alternatives(depth + 1);
  if (!take(")")) return refuse(fmt::format("missing ): {}", text_));
  flags_ = outer_flags;
  out_.has_look = true;
  piece.has_look = true;
  piece.is_plain = false;
  piece.source = text_.substr(begin, at_ - begin);
  piece.width = width_of(inside.front());
  for (const PatternSequence& branch : inside) {
    piece.text += (&branch == &inside.front() ? "" : "|") + text_of(branch);
    piece.width = either(piece.width, width_of(branch));
    for (const PatternPiece& pattern_piece : branch)
      if (pattern_piece.has_look)
        refuse(fmt::format("the look-around '{}' has another one in it, which is not supported",
                           piece.source));
  }
  const std::optional<Quantifier> times = quantifier();
  if (times)
    return refuse(fmt::format("the look-around '{}' with the quantifier '{}' is not supported",
                              piece.source, times->text));
  out.push_back(std::move(piece));
}

// ---- Single things ------------------------------------------------------------------------------

void Reader::add_text(std::string text, std::size_t width, PatternSequence& out) {
  PatternPiece piece;
  piece.text = with_flags(text);
  piece.width = {width, width};
  add(std::move(piece), out);
}

/// With the quantifier that follows.
void Reader::add(PatternPiece piece, PatternSequence& out) {
  const std::optional<Quantifier> times = quantifier();
  if (times) {
    piece.text += times->text;
    piece.is_quantified = true;
    if (piece.kind != PieceKind::group) piece.kind = PieceKind::text;
    piece.width.min = std::min(piece.width.min * times->min, limits::pattern_width_max);
    const bool has_max = piece.width.max && times->max;
    piece.width.max = has_max ? bounded(*piece.width.max * *times->max) : std::nullopt;
  }
  out.push_back(std::move(piece));
}

std::optional<Quantifier> Reader::quantifier() {
  std::optional<Quantifier> times;
  if (at_end()) return times;
  const std::size_t begin = at_;
  if (take("*")) {
    times = Quantifier{{}, 0, std::nullopt};
  } else if (take("+")) {
    times = Quantifier{{}, 1, std::nullopt};
  } else if (take("?")) {
    times = Quantifier{{}, 0, 1};
  } else {
    times = counted();
  }
  if (!times) return times;
  (void)take("?");
  if (is_next("+"))
    refuse(fmt::format("the possessive quantifier '{}' is not supported",
                       text_.substr(begin, at_ + 1 - begin)));
  times->text = text_.substr(begin, at_ - begin);
  return times;
}

/// {2}, {2,} or {2,3}; anything else with a brace is text.
std::optional<Quantifier> Reader::counted() {
  if (!is_next("{")) return std::nullopt;
  std::size_t index = at_ + 1;
  const auto number = [&]() -> std::optional<std::size_t> {
    std::optional<std::size_t> value;
    for (; index < text_.size() && is_digit(text_[index]); ++index)
      value = std::min(value.value_or(0) * 10 + (text_[index] - '0'), limits::pattern_width_max);
    return value;
  };
  const std::optional<std::size_t> min = number();
  if (!min) return std::nullopt;
  Quantifier times{{}, *min, min};
  if (index < text_.size() && text_[index] == ',') {
    ++index;
    times.max = number();
  }
  if (index >= text_.size() || text_[index] != '}') return std::nullopt;
  at_ = index + 1;
  return times;
}

void Reader::character_class(PatternSequence& out) {
  std::string text = "[";
  CHECK(is_next("["));
  ++at_;
  if (take("^")) text += "^";
  if (take("]")) text += "\\]";
  while (at_ < text_.size() && text_[at_] != ']') {
    if (is_next("[:")) {
      const std::size_t end = text_.find(":]", at_ + 2);
      const std::size_t size = end == std::string_view::npos ? 2 : end + 2 - at_;
      text += text_.substr(at_, size);
      at_ += size;
    } else if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
      ++at_;
      text += escaped(text_[at_++], true);
    } else {
      text += text_[at_++];
    }
  }
  if (take("]")) text += "]";
  add_text(std::move(text), 1, out);
}

// ---- Escapes ------------------------------------------------------------------------------------

void Reader::escape(PatternSequence& out) {
  CHECK(is_next("\\"));
  if (take("\\Q")) return quoted(out);
  ++at_;
  if (at_ >= text_.size()) return add_text("\\", 1, out);  // RE2 says what is missing.
  const char letter = text_[at_++];
  if (letter == 'E' || letter == 'K') return (void)rewritten({});  // Nothing to do.
  if (assertion_escape(letter, out)) return;
  if ((letter >= '1' && letter <= '9') || letter == 'k' || letter == 'g')
    return refuse(fmt::format("the back reference '\\{}' is not supported", letter));
  if (letter == 'R' || letter == 'X')
    return refuse(fmt::format("the escape sequence '\\{}' is not supported", letter));
  add_text(escaped(letter, false), 1, out);
}

bool Reader::assertion_escape(char letter, PatternSequence& out) {
  PatternPiece piece;
  piece.is_plain = false;
  piece.text = fmt::format("\\{}", letter);
  if (letter == 'A' || letter == 'G') {
    piece.kind = PieceKind::start;
    if (letter == 'G') piece.text = rewritten("\\A");
  } else if (letter == 'z' || letter == 'Z') {
    piece.kind = PieceKind::end;
    if (letter == 'Z') piece.text = rewritten("(?:\\n?\\z)");
  } else if (letter != 'b' && letter != 'B') {
    return false;
  }
  add(std::move(piece), out);
  return true;
}

void Reader::quoted(PatternSequence& out) {
  while (at_ < text_.size() && !is_next("\\E")) {
    const auto byte = static_cast<unsigned char>(text_[at_++]);
    const bool is_last = at_ >= text_.size() || is_next("\\E");
    if (is_last) (void)take("\\E");
    PatternPiece piece;
    piece.text = with_flags(hex_byte(byte));
    piece.width = {1, 1};
    if (is_last) return add(std::move(piece), out);
    out.push_back(std::move(piece));
  }
  (void)take("\\E");
}

std::string Reader::octal() {
  CHECK(at_ > 0);
  unsigned value = 0;
  for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++i)
    value = value * 8 + (text_[at_++] - '0');
  return rewritten(hex_byte(value));
}

/// What stands for one byte, without the backslash that was before it.
std::string Reader::escaped(char letter, bool in_class) {
  const std::string same = fmt::format("\\{}", letter);
  const auto set = [&](std::string_view inside, bool is_negative) {
    return rewritten(in_class ? std::string{inside}
                              : fmt::format("[{}{}]", is_negative ? "^" : "", inside));
  };
  constexpr std::string_view blanks = "\\t\\x20\\xa0";
  constexpr std::string_view line_ends = "\\n-\\r\\x85";
  if (letter == '0') return octal();
  if (letter == 'h' || (letter == 'H' && !in_class)) return set(blanks, letter == 'H');
  if (letter == 'v' || (letter == 'V' && !in_class)) return set(line_ends, letter == 'V');
  if (letter == 'N' && !in_class && !is_next("{")) return set("\\n", true);
  if (letter == 'b') return rewritten("\\x08");
  if (letter == 'e') return rewritten("\\x1b");
  if (letter == 'c' && at_ < text_.size())
    return rewritten(hex_byte(std::toupper(static_cast<unsigned char>(text_[at_++])) ^ 64U));
  if (letter == 'x' || letter == 'p' || letter == 'P') {
    const std::size_t end = is_next("{") ? text_.find('}', at_) : at_ + (letter == 'x' ? 2 : 1) - 1;
    const std::size_t begin = at_;
    at_ = std::min(end, text_.size() - 1) + 1;
    return same + std::string{text_.substr(begin, at_ - begin)};
  }
  // Letters that stand for nothing stand for themselves.
  if (std::string_view{"ijmqyFIJMOTY_"}.find(letter) != std::string_view::npos)
    return rewritten(std::string{letter});
  if (static_cast<unsigned char>(letter) >= 0x80)
    return rewritten(hex_byte(static_cast<unsigned char>(letter)));
  return same;
}

}  // namespace

PatternSyntax read_pattern(std::string_view text) { return Reader{text}.read(); }

std::string text_of(const PatternSequence& sequence) {
  std::string text;
  for (const PatternPiece& piece : sequence)
    if (piece.kind != PieceKind::ahead && piece.kind != PieceKind::behind) text += piece.text;
  return text;
}

PatternWidth width_of(const PatternSequence& sequence) {
  PatternWidth width;
  for (const PatternPiece& piece : sequence)
    if (piece.kind != PieceKind::ahead && piece.kind != PieceKind::behind)
      width = one_after_other(width, piece.width);
  return width;
}

}  // namespace lepus::core
