// The x-death header: counted, merged with what clients send, and never the end of a message.
#include "core/queue/dead_letter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "core/message/message_rewrite.h"

namespace lepus::core {
namespace {

class DeadLetterTest : public ::testing::Test {
 protected:
  DeadLetterTest() : queue_(spec()) { queue_.effective.edit().dead_letter_exchange = "dlx"; }
  static QueueSpec spec() {
    QueueSpec made;
    made.name = "q";
    return made;
  }
  MessageRef message(FieldTableWriter headers) {
    PropertiesView view;
    view.headers = headers.bytes();
    if (!view.headers.empty()) view.set(Property::headers);
    const std::vector<std::uint8_t> properties = encode_properties(view);
    return Message::create({"x", "key", properties, 0}, account_);
  }
  MessageRef die(const MessageRef& message, DeathReason reason = DeathReason::expired) {
    return make_dead_letter(*message, {&queue_, reason, 1'000}, account_);
  }
  /// "queue reason count exchange", and other values by their tag.
  static std::vector<std::string> deaths_of(const MessageRef& message) {
    std::vector<std::string> all;
    const auto array = properties_of(*message).header_table().find("x-death");
    for (const FieldValue& value : array->array()) {
      std::string& one = all.emplace_back(1, value.tag);
      if (!value.is_table()) continue;
      one.clear();
      for (const char* name : {"queue", "reason", "count", "exchange"}) {
        const auto field = value.table().find(name);
        one += one.empty() ? "" : " ";
        if (!field) continue;
        one += field->is_integer() ? std::to_string(field->as_int64()) : std::string{field->text()};
      }
    }
    return all;
  }
  static bool has(const MessageRef& message, std::string_view name) {
    return properties_of(*message).header_table().find(name).has_value();
  }
  static void add(FieldTableWriter& out, std::string_view queue, std::string_view reason) {
    out.begin_table({});
    out.text("queue", queue);
    out.text("reason", reason);
    out.end();
  }
  static void add(FieldTableWriter& out, std::string_view queue, std::string_view reason,
                  std::int64_t count) {
    out.begin_table({});
    out.int64("count", count);
    out.text("queue", queue);
    out.text("reason", reason);
    out.text("exchange", "old");
    out.end();
  }
  using Deaths = std::vector<std::string>;

  MemoryAccount account_;
  QueueInfo queue_;
};

TEST_F(DeadLetterTest, TheFirstDeathIsNamed) {
  const MessageRef once = die(message({}));
  EXPECT_EQ(deaths_of(once), Deaths{"q expired 1 x"});
  EXPECT_TRUE(has(once, "x-first-death-queue"));
  const MessageRef twice = die(once);
  EXPECT_EQ(deaths_of(twice), Deaths{"q expired 2 x"});
  const MessageRef other = die(twice, DeathReason::rejected);
  EXPECT_EQ(deaths_of(other), (Deaths{"q rejected 1 dlx", "q expired 2 x"}));
  EXPECT_EQ(properties_of(*other).header_table().find("x-first-death-reason")->text(), "expired");
  EXPECT_EQ(properties_of(*other).header_table().find("x-last-death-reason")->text(), "rejected");
}

TEST_F(DeadLetterTest, CountsOfClientsGoOnAndEndAtTheLargestNumber) {
  FieldTableWriter headers;
  headers.begin_array("x-death");
  add(headers, "other", "maxlen", 7);
  add(headers, "q", "expired", INT64_MAX - 1);
  headers.end();
  const MessageRef once = die(message(std::move(headers)));
  const std::string most = "q expired " + std::to_string(INT64_MAX) + " old";
  EXPECT_EQ(deaths_of(once), (Deaths{most, "other maxlen 7 old"}));
  EXPECT_FALSE(has(once, "x-first-death-queue")) << "it was not the first";
  EXPECT_TRUE(has(once, "x-last-death-queue"));
  EXPECT_EQ(deaths_of(die(once))[0], most);
}

TEST_F(DeadLetterTest, EntriesThatAreAlikeAreMerged) {
  FieldTableWriter headers;
  headers.begin_array("x-death");
  for (int i = 0; i < 3; ++i) add(headers, "q", "expired");
  for (int i = 0; i < 2; ++i) add(headers, "a", "rejected");
  add(headers, "b", "rejected", 5);
  add(headers, "b", "rejected", 9);
  headers.end();
  EXPECT_EQ(deaths_of(die(message(std::move(headers)))),
            (Deaths{"q expired 4 ", "a rejected 2 ", "b rejected 5 old"}));
}

TEST_F(DeadLetterTest, WhatIsNoDeathStaysAsItIs) {
  FieldTableWriter headers;
  headers.begin_array("x-death");
  headers.text({}, "text");
  headers.begin_table({});
  headers.end();
  add(headers, "q", "expired", -3);
  headers.end();
  EXPECT_EQ(deaths_of(die(message(std::move(headers)))), (Deaths{"q expired 2 old", "S", ""}));
  FieldTableWriter text;
  text.text("x-death", "none");
  EXPECT_EQ(deaths_of(die(message(std::move(text)))), Deaths{"q expired 1 x"});
}

TEST_F(DeadLetterTest, ManyEntriesTakeNoTime) {
  FieldTableWriter headers;
  headers.begin_array("x-death");
  for (int i = 0; i < 20'000; ++i) add(headers, "q" + std::to_string(i), "expired");
  headers.end();
  const MessageRef once = die(message(std::move(headers)));
  EXPECT_EQ(deaths_of(once).size(), limits::deaths_max);
  EXPECT_EQ(deaths_of(once)[0], "q expired 1 x");
  EXPECT_TRUE(is_cycle(*once, "new")) << "it died often enough";
  EXPECT_FALSE(is_cycle(*die(once, DeathReason::rejected), "new")) << "somebody looked at it";
}

}  // namespace
}  // namespace lepus::core
