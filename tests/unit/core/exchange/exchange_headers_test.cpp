// The headers router alone: the four x-match modes, presence, values of other widths, many headers,
// removal.
#include "core/exchange/headers.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <string>

#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

class Conditions {
 public:
  void add(const std::string& name, const std::string& arguments) {
    Binding& binding = bindings_.emplace_back();
    binding.key = name;
    binding.arguments = arguments;
    ASSERT_FALSE(check_headers_arguments(as_bytes(binding.arguments)));
    router_.add(binding);
  }
  void remove(const std::string& name) {
    for (Binding& binding : bindings_)
      if (binding.key == name) router_.remove(binding);
  }
  std::set<std::string> match(const std::string& headers) const {
    std::set<std::string> found;
    router_.match(as_bytes(headers), [&](const Binding& binding) { found.insert(binding.key); });
    return found;
  }

 private:
  HeadersRouter router_;
  std::deque<Binding> bindings_;
};
using Names = std::set<std::string>;

std::string table(const char* match,
                  std::initializer_list<std::pair<const char*, const char*>> entries) {
  FieldTableWriter writer;
  if (match != nullptr) writer.text("x-match", match);
  for (const auto& [name, value] : entries) {
    if (value == nullptr) {
      writer.nothing(name);
    } else {
      writer.text(name, value);
    }
  }
  return writer.take();
}

TEST(HeadersRouter, TextAndBinaryAreOne) {
  const auto binary = [](const char* mode, std::string_view bytes) {
    FieldTableWriter writer;
    if (mode != nullptr) writer.text("x-match", mode);
    writer.value("kind", {'x', as_bytes(bytes)});
    return writer.take();
  };
  Conditions conditions;
  conditions.add("text", table("any", {{"kind", "pdf"}}));
  conditions.add("binary", binary("all", "pdf"));
  const Names both{"text", "binary"};
  EXPECT_EQ(conditions.match(table(nullptr, {{"kind", "pdf"}})), both);
  EXPECT_EQ(conditions.match(binary(nullptr, "pdf")), both);
  EXPECT_EQ(conditions.match(binary(nullptr, "png")), Names{});
}

TEST(HeadersRouter, AllAndAny) {
  Conditions conditions;
  conditions.add("all", table("all", {{"a", "1"}, {"b", "2"}}));
  conditions.add("none given", table(nullptr, {{"a", "1"}, {"b", "2"}}));
  conditions.add("any", table("any", {{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(conditions.match(table(nullptr, {{"a", "1"}, {"b", "2"}, {"c", "3"}})),
            (Names{"all", "none given", "any"}));
  EXPECT_EQ(conditions.match(table(nullptr, {{"a", "1"}})), Names{"any"});
  EXPECT_EQ(conditions.match(table(nullptr, {{"a", "2"}, {"b", "1"}})), Names{});
  EXPECT_EQ(conditions.match({}), Names{});
}

TEST(HeadersRouter, WithoutConditions) {
  Conditions conditions;
  conditions.add("all", table("all", {}));
  conditions.add("empty", {});
  conditions.add("any", table("any", {}));
  conditions.add("only x", table("all", {{"x-a", "1"}}));
  EXPECT_EQ(conditions.match({}), (Names{"all", "empty", "only x"}));
  EXPECT_EQ(conditions.match(table(nullptr, {{"a", "1"}})), (Names{"all", "empty", "only x"}));
}

TEST(HeadersRouter, EntriesNamedX) {
  Conditions conditions;
  conditions.add("all", table("all", {{"a", "1"}, {"x-b", "2"}}));
  conditions.add("all-with-x", table("all-with-x", {{"a", "1"}, {"x-b", "2"}}));
  conditions.add("any", table("any", {{"a", "1"}, {"x-b", "2"}}));
  conditions.add("any-with-x", table("any-with-x", {{"a", "1"}, {"x-b", "2"}}));
  EXPECT_EQ(conditions.match(table(nullptr, {{"a", "1"}})), (Names{"all", "any", "any-with-x"}));
  EXPECT_EQ(conditions.match(table(nullptr, {{"x-b", "2"}})), Names{"any-with-x"});
  EXPECT_EQ(conditions.match(table(nullptr, {{"x-b", "2"}, {"a", "1"}})),
            (Names{"all", "all-with-x", "any", "any-with-x"}));
}

TEST(HeadersRouter, VoidAsksForPresence) {
  Conditions conditions;
  conditions.add("present", table("all", {{"a", nullptr}, {"b", "2"}}));
  EXPECT_EQ(conditions.match(table(nullptr, {{"a", "whatever"}, {"b", "2"}})), Names{"present"});
  EXPECT_EQ(conditions.match(table(nullptr, {{"a", nullptr}, {"b", "2"}})), Names{"present"});
  EXPECT_EQ(conditions.match(table(nullptr, {{"b", "2"}})), Names{});
}

TEST(HeadersRouter, ValuesNotWidthsCount) {
  Conditions conditions;
  FieldTableWriter seven;
  seven.int32("n", 7);
  conditions.add("seven", seven.take());
  FieldTableWriter wide;
  wide.int64("n", 7);
  EXPECT_EQ(conditions.match(wide.take()), Names{"seven"});
  FieldTableWriter text;
  text.text("n", "7");
  EXPECT_EQ(conditions.match(text.take()), Names{});
}

TEST(HeadersRouter, ManyHeaders) {
  Conditions conditions;
  conditions.add("both", table("all", {{"h3", "3"}, {"h77", "77"}}));
  conditions.add("one wrong", table("all", {{"h3", "3"}, {"h77", "78"}}));
  conditions.add("any", table("any", {{"h99", "99"}, {"h3", "3"}}));
  FieldTableWriter writer;
  for (int number = 0; number < 100; ++number)
    writer.text("h" + std::to_string(number), std::to_string(number));
  EXPECT_EQ(conditions.match(writer.take()), (Names{"both", "any"}));
}

TEST(HeadersRouter, RemovedBindingsAreGone) {
  Conditions conditions;
  conditions.add("all", table("all", {{"a", "1"}, {"b", "2"}}));
  conditions.add("any", table("any", {{"a", "1"}, {"b", "2"}}));
  conditions.add("always", {});
  const std::string headers = table(nullptr, {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(conditions.match(headers), (Names{"all", "any", "always"}));
  conditions.remove("any");
  EXPECT_EQ(conditions.match(headers), (Names{"all", "always"}));
  conditions.remove("always");
  conditions.remove("all");
  EXPECT_EQ(conditions.match(headers), Names{});
  conditions.add("again", table("any", {{"a", "1"}}));
  EXPECT_EQ(conditions.match(headers), Names{"again"});
}

}  // namespace
}  // namespace lepus::core
