// Patterns with look-arounds against a table of what Python's engine matches, what is taken and
// what is refused by name.
#include "core/access/access_pattern.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/topology/pattern_plan.h"
#include "tests/unit/core/topology/pattern_table.h"

namespace lepus::core {
namespace {

/// Of up to four letters of "ab.", in the table's order.
std::vector<std::string> short_names() {
  std::vector<std::string> names{""};
  for (std::size_t begin = 0, size = 1; size <= 4; ++size) {
    const std::size_t end = names.size();
    for (; begin < end; ++begin)
      for (const char letter : {'a', 'b', '.'}) names.push_back(names[begin] + letter);
  }
  return names;
}

bool bit(std::string_view hexadecimal, std::size_t index) {
  const std::size_t digit = index / 4;
  if (digit >= hexadecimal.size()) return false;
  const char letter = hexadecimal[hexadecimal.size() - 1 - digit];
  const int value = letter <= '9' ? letter - '0' : letter - 'a' + 10;
  return ((value >> (index % 4)) & 1) != 0;
}

void expect_row(const test::Row& row, const std::vector<std::string>& names) {
  const AccessPattern pattern{row.pattern};
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(pattern.matches(names[i]), bit(row.matches, i)) << row.pattern << " on " << names[i];
}

TEST(PatternTable, WrittenOnesAreTakenAndRight) {
  const std::vector<std::string> names = short_names();
  for (const test::Row& row : test::written) {
    EXPECT_EQ(check_pattern(row.pattern), "") << row.pattern;
    expect_row(row, names);
  }
}

TEST(PatternTable, RealOnesAreTakenAndRight) {
  const std::vector<std::string> names{std::begin(test::real_names), std::end(test::real_names)};
  for (const test::Row& row : test::real) {
    EXPECT_EQ(check_pattern(row.pattern), "") << row.pattern;
    expect_row(row, names);
  }
}

TEST(PatternTable, OnesMadeByChanceAreRightOrRefused) {
  const std::vector<std::string> names = short_names();
  std::size_t taken = 0;
  for (const test::Row& row : test::by_chance) {
    if (!check_pattern(row.pattern).empty()) continue;
    ++taken;
    expect_row(row, names);
  }
  EXPECT_GT(taken, std::size(test::by_chance) / 2);
}

struct Refused {
  const char* pattern;
  const char* words;
};
class PatternRefused : public ::testing::TestWithParam<Refused> {};

TEST_P(PatternRefused, NamesWhatCannotBeHad) {
  const std::string why = check_pattern(GetParam().pattern);
  EXPECT_NE(why.find(GetParam().words), std::string::npos) << GetParam().pattern << ": " << why;
  EXPECT_FALSE(AccessPattern{GetParam().pattern}.matches("a"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, PatternRefused,
    ::testing::Values(
        Refused{"^.*(?!a)b",
                "the look-around '(?!a)' is at a place that differs from name to name"},
        Refused{"(?!x)y", "the look-around '(?!x)' is at a place"},
        Refused{"a(?!b)", "the look-around '(?!b)' is at a place"},
        Refused{"(?<!a)b", "the look-around '(?<!a)' is at a place"},
        Refused{"^(?:a(?!b))*", "is at a place that differs"},
        Refused{"^(?!a(?!b))", "the look-around '(?!a(?!b))' has another one in it"},
        Refused{"^(?!a)*b", "the look-around '(?!a)' with the quantifier '*' is not supported"},
        Refused{"^a*+b", "the possessive quantifier '*+' is not supported"},
        Refused{"^a{2}+b", "the possessive quantifier '{2}+' is not supported"},
        Refused{"(?>a)b", "the atomic group '(?>a' is not supported"},
        Refused{"(a)\\1", "the back reference '\\1' is not supported"},
        Refused{"(?P<n>a)(?P=n)", "the back reference '(?P=' is not supported"},
        Refused{"(?<n>a)\\k<n>", "the back reference '\\k' is not supported"},
        Refused{"(a|(?R))", "the recursion '(?R)' is not supported"},
        Refused{"(?(1)a)", "the condition '(?(1' is not supported"},
        Refused{"(*UTF8)a", "the verb '(*UT' is not supported"},
        Refused{"(?x)a b", "the option '(?x)' is not supported"},
        Refused{"^(?!a)(b", "missing ): ^(?!a)(b"}, Refused{"^(?!a)b)", "unexpected ): ^(?!a)b)"},
        Refused{"^(?!a", "missing ): ^(?!a"}, Refused{"(?<n", "missing ): (?<n"},
        Refused{"*", "no argument for repetition operator: *"},
        Refused{"^(?!a)[b", "missing ]: [b"}, Refused{"^(?!a)\\", "trailing \\"},
        Refused{"\\R", "the escape sequence '\\R' is not supported"},
        Refused{"^(?!a)b{2000}", "invalid repetition size: {2000}"}));

TEST(AccessPattern, NotationsOfPcre) {
  const auto matches = [](std::string_view pattern, std::string_view name) {
    EXPECT_EQ(check_pattern(pattern), "") << pattern;
    return AccessPattern{pattern}.matches(name);
  };
  EXPECT_TRUE(matches("^a\\_b\\Z", "a_b"));
  EXPECT_TRUE(matches("^(?<n>a)(?'m'b)(?|c|d)$", "abd"));
  EXPECT_TRUE(matches("^\\Qa.b\\E$", "a.b"));
  EXPECT_FALSE(matches("^(?!x)\\Qa.b\\E$", "axb"));
  EXPECT_TRUE(matches("^(?!x)\\Qa.\\E+$", "a.."));
  EXPECT_TRUE(matches("^a\\hb$", "a b"));
  EXPECT_TRUE(matches("^a\\Nb$", "a.b"));
  EXPECT_TRUE(matches("^[\\h_]\\x{41}\\x42\\011?\\e?$", "\tAB"));
  EXPECT_TRUE(matches("^a\\Kb\\Gc?|b", "ab"));
  EXPECT_TRUE(matches("^[\\w-.]+$", "a-b.c"));
  EXPECT_FALSE(matches("^(?![[:alpha:]]|\\d).*", "1x"));
  EXPECT_TRUE(matches("^(?![[:alpha:]]|\\d).*", "_x"));
  EXPECT_TRUE(matches("a{,2}", "a{,2}"));
  EXPECT_TRUE(matches("(?i)^(?!b)|x{2}", "XX"));
}

TEST(AccessPattern, SizesAreBounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += '(';
  EXPECT_NE(check_pattern(deep), "");
  std::string wide = "^";
  for (int i = 0; i < 8; ++i) wide += "(?:(?!a)b|c)";
  EXPECT_NE(check_pattern(wide).find("more than 32 alternatives"), std::string::npos);
  EXPECT_NE(check_pattern("^(?!a)" + std::string(5'000, 'b')).find("at most 4096 bytes"),
            std::string::npos);
  EXPECT_EQ(check_pattern(std::string(5'000, 'b')), "");
}

}  // namespace
}  // namespace lepus::core
