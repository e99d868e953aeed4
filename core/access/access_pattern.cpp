// Bytes, not characters: names need not be UTF-8 for RabbitMQ, and a dot is one byte there too.
#include "core/access/access_pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"
#include "core/topology/pattern_plan.h"

namespace lepus::core {

namespace {

re2::RE2::Options options() {
  re2::RE2::Options made{re2::RE2::Latin1};
  made.set_log_errors(false);
  made.set_max_mem(limits::pattern_memory_max);
  return made;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

bool matches_everything(std::string_view text) { return text == ".*"; }
bool matches_the_empty_name(std::string_view text) { return text.empty() || text == "^$"; }

}  // namespace

std::string check_pattern(std::string_view text) {
  PatternPlan plan = plan_pattern(text);
  for (const auto& tests : plan.alternatives) {
    for (const PatternTest& test : tests) {
      if (!plan.error.empty()) return plan.error;
      const re2::RE2 compiled{piece(test.text), options()};
      if (!compiled.ok()) plan.error = compiled.error();
    }
  }
  return plan.error;
}

std::string expand_pattern(std::string pattern, std::string_view name, std::string_view value) {
  CHECK(!name.empty());
  const std::string wanted = "{" + std::string{name} + "}";
  const std::string quoted = re2::RE2::QuoteMeta(piece(value));
  for (std::size_t index = pattern.find(wanted); index != std::string::npos;
       index = pattern.find(wanted, index + quoted.size()))
    pattern.replace(index, wanted.size(), quoted);
  return pattern;
}

AccessPattern::AccessPattern(std::string_view text)
    : text_(text),
      is_everything_(matches_everything(text)),
      is_nothing_(matches_the_empty_name(text)) {
  if (is_everything_ || is_nothing_) return;
  const PatternPlan plan = plan_pattern(text);
  if (!plan.error.empty()) return;
  for (const auto& tests : plan.alternatives) {
    Alternative& alternative = alternatives_.emplace_back();
    for (const PatternTest& test : tests)
      alternative.push_back(
          {std::make_unique<re2::RE2>(piece(test.text), options()), test.is_wanted});
    if (std::all_of(alternative.begin(), alternative.end(),
                    [](const Test& one) { return one.pattern->ok(); }))
      continue;
    alternatives_.clear();
    return;
  }
}
AccessPattern::~AccessPattern() = default;

bool AccessPattern::matches(std::string_view name) const {
  if (is_everything_) return true;
  if (is_nothing_) return name.empty();
  return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Alternative& tests) {
    return std::all_of(tests.begin(), tests.end(), [&](const Test& test) {
      return re2::RE2::PartialMatch(piece(name), *test.pattern) == test.is_wanted;
    });
  });
}

PatternPool::~PatternPool() { CHECK(patterns_.empty()); }

PatternPool::Ref PatternPool::take(const std::string& text) {
  std::unique_ptr<Entry>& entry = patterns_[text];
  if (entry == nullptr) entry = std::make_unique<Entry>(text);
  ++entry->uses;
  return Ref{&entry->pattern, Return{this}};
}

void PatternPool::give_back(const AccessPattern* pattern) {
  const auto found = patterns_.find(pattern->text());
  CHECK(found != patterns_.end());
  CHECK(&found->second->pattern == pattern);
  CHECK(found->second->uses > 0);
  if (--found->second->uses == 0) patterns_.erase(found);
}

}  // namespace lepus::core
