// The topic trie alone: words, * and #, what removal leaves behind, and patterns made to be slow.
#include "core/exchange/topic.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace lepus::core {
namespace {

class Patterns {
 public:
  explicit Patterns(std::initializer_list<const char*> patterns) {
    for (const char* pattern : patterns) add(pattern);
  }
  void add(const std::string& pattern) {
    Binding& binding = bindings_.emplace_back();
    binding.key = pattern;
    router.add(binding);
  }
  void remove(const std::string& pattern) {
    for (Binding& binding : bindings_) {
      if (binding.key != pattern || gone_.contains(&binding)) continue;
      router.remove(binding);
      gone_.insert(&binding);
      return;
    }
    FAIL() << pattern;
  }
  /// Each matching pattern; one that is visited twice shows twice.
  std::multiset<std::string> match(std::string_view key) const {
    std::multiset<std::string> found;
    router.match(key, [&](const Binding& binding) { found.insert(binding.key); });
    return found;
  }
  TopicRouter router;

 private:
  std::deque<Binding> bindings_;
  std::set<const Binding*> gone_;
};
using Found = std::multiset<std::string>;

TEST(TopicRouter, WordsStarsAndHashes) {
  const Patterns patterns{"a.b.c", "a.*.c", "a.#", "#.c", "#", "*.*", "a.b.*", "*", "a.#.c"};
  EXPECT_EQ(patterns.match("a.b.c"),
            (Found{"a.b.c", "a.*.c", "a.#", "#.c", "#", "a.b.*", "a.#.c"}));
  EXPECT_EQ(patterns.match("a"), (Found{"a.#", "#", "*"}));
  EXPECT_EQ(patterns.match("c"), (Found{"#.c", "#", "*"}));
  EXPECT_EQ(patterns.match("a.c"), (Found{"a.#", "#.c", "#", "*.*", "a.#.c"}));
  EXPECT_EQ(patterns.match("x.y.z"), (Found{"#"}));
}

TEST(TopicRouter, EmptyKeysAndEmptyWords) {
  const Patterns patterns{"", "#", "*", "*.*", "a.", "a.*", ".a", "#.#"};
  EXPECT_EQ(patterns.match(""), (Found{"", "#", "#.#"}));
  EXPECT_EQ(patterns.match("."), (Found{"#", "*.*", "#.#"}));
  EXPECT_EQ(patterns.match("a."), (Found{"#", "*.*", "a.", "a.*", "#.#"}));
  EXPECT_EQ(patterns.match(".a"), (Found{"#", "*.*", ".a", "#.#"}));
  EXPECT_EQ(patterns.match("a"), (Found{"#", "*", "#.#"}));
}

TEST(TopicRouter, WildcardsAreWholeWordsOnly) {
  const Patterns patterns{"a*", "b#", "*x.y"};
  EXPECT_EQ(patterns.match("a*"), Found{"a*"});
  EXPECT_EQ(patterns.match("ab"), Found{});
  EXPECT_EQ(patterns.match("b#"), Found{"b#"});
  EXPECT_EQ(patterns.match("*x.y"), Found{"*x.y"});
}

TEST(TopicRouter, RemovalLeavesNothingBehind) {
  Patterns patterns{"a.b.c", "a.b", "a.*.#", "a.b.c"};
  EXPECT_EQ(patterns.match("a.b.c").count("a.b.c"), 2u);
  patterns.remove("a.b.c");
  EXPECT_EQ(patterns.match("a.b.c").count("a.b.c"), 1u);
  patterns.remove("a.b");
  EXPECT_EQ(patterns.match("a.b.c"), (Found{"a.b.c", "a.*.#"}));
  patterns.remove("a.b.c");
  patterns.remove("a.*.#");
  EXPECT_EQ(patterns.router.node_count(), 1u);
  EXPECT_EQ(patterns.match("a.b.c"), Found{});
  patterns.add("a.b.c");
  EXPECT_EQ(patterns.match("a.b.c"), Found{"a.b.c"});
  EXPECT_EQ(patterns.router.node_count(), 4u);
}

/// Whether words from `at` on match the pattern's from `from` on, the plain way.
bool matches(const std::vector<std::string>& pattern, std::size_t from,
             const std::vector<std::string>& words, std::size_t at) {
  if (from == pattern.size()) return at == words.size();
  if (pattern[from] == "#")
    return matches(pattern, from + 1, words, at) ||
           (at < words.size() && matches(pattern, from, words, at + 1));
  const bool fits = at < words.size() && (pattern[from] == "*" || pattern[from] == words[at]);
  return fits && matches(pattern, from + 1, words, at + 1);
}

std::string join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ".") + word;
  return all;
}

TEST(TopicRouter, AgreesWithThePlainWay) {
  Random random{7};
  const auto draw = [&](std::initializer_list<const char*> letters, std::size_t size_max) {
    std::vector<std::string> words(1 + random.below(size_max));
    for (std::string& word : words) word = *(letters.begin() + random.below(letters.size()));
    return words;
  };
  for (int round = 0; round < 200; ++round) {
    Patterns patterns{};
    std::vector<std::vector<std::string>> all;
    for (int i = 0; i < 12; ++i) {
      all.push_back(draw({"a", "b", "#", "#", "*"}, 7));
      patterns.add(join(all.back()));
    }
    for (int i = 0; i < 20; ++i) {
      const std::vector<std::string> key = draw({"a", "b"}, 9);
      Found expected;
      for (const auto& pattern : all)
        if (matches(pattern, 0, key, 0)) expected.insert(join(pattern));
      ASSERT_EQ(patterns.match(join(key)), expected) << join(key);
    }
  }
}

/// 128 times # against 128 words: walking it path by path would not end.
TEST(TopicRouter, ManyHashesStayCheap) {
  std::string pattern = "#";
  std::string key = "a";
  for (int count = 1; count < 126; ++count) pattern += count % 2 == 0 ? ".#" : ".a";
  for (int count = 1; count < 127; ++count) key += ".a";
  Patterns patterns{};
  patterns.add(pattern);
  patterns.add(pattern + ".b");
  EXPECT_EQ(patterns.match(key), Found{pattern});
  EXPECT_EQ(patterns.match(key + ".b").count(pattern + ".b"), 1u);
}

/// Of patterns like #.a.#.b.#.c.# only those # are walked on from whose next word is still to come.
TEST(TopicRouter, ManyPatternsOfHashesCostAFewNodesAWord) {
  constexpr std::uint64_t words = 127;
  Random random{3};
  const auto letter = [&random] {
    return std::string(1, static_cast<char>('a' + random.below(8)));
  };
  Patterns patterns{};
  for (int count = 0; count < 2'000; ++count) {
    std::string pattern = "#";
    for (int word = 0; word < 6; ++word) pattern += "." + letter() + ".#";
    patterns.add(pattern);
  }
  std::string key = letter();
  for (std::uint64_t word = 1; word < words; ++word) key += "." + letter();
  EXPECT_GT(patterns.match(key).size(), 1'900U) << "nearly all of them match";
  EXPECT_LT(patterns.router.visit_count(), patterns.router.node_count() * words / 20);
}

}  // namespace
}  // namespace lepus::core
