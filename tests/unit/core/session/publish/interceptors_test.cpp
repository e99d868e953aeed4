// What the broker adds to messages as they come in.
#include "core/session/publish/interceptors.h"

#include <gtest/gtest.h>

#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

using Mode = Interceptors::Mode;
constexpr std::uint64_t now_ms = 1'764'000'000'123;

/// A message with, or without, what the interceptors add.
PropertiesView message(bool has_all, const std::string& table) {
  PropertiesView view;
  if (!has_all) return view;
  view.headers = as_bytes(table);
  view.set(Property::headers);
  view.timestamp_s = 5;
  view.set(Property::timestamp);
  return view;
}

std::string old_table() {
  FieldTableWriter writer;
  writer.text("a", "b");
  writer.int32("timestamp_in_ms", 7);
  writer.text("x-routed-by", "elsewhere");
  return writer.take();
}

TEST(Interceptors, AddWhatIsMissing) {
  for (const Mode mode : {Mode::keep, Mode::overwrite}) {
    PropertiesView view = message(false, {});
    std::string headers;
    intercept({mode, mode}, {now_ms, "lepus@here"}, view, headers);
    EXPECT_TRUE(view.has(Property::headers));
    EXPECT_EQ(view.header_table().find("timestamp_in_ms")->as_int64(),
              static_cast<std::int64_t>(now_ms));
    EXPECT_EQ(view.header_table().find("x-routed-by")->text(), "lepus@here");
    EXPECT_TRUE(view.has(Property::timestamp));
    EXPECT_EQ(view.timestamp_s, now_ms / 1000);
  }
}

TEST(Interceptors, KeepOrReplaceWhatIsThere) {
  const std::string table = old_table();
  PropertiesView view = message(true, table);
  std::string headers;
  intercept({Mode::keep, Mode::keep}, {now_ms, "lepus@here"}, view, headers);
  EXPECT_EQ(headers, table);
  EXPECT_EQ(view.timestamp_s, 5U);

  view = message(true, table);
  intercept({Mode::overwrite, Mode::overwrite}, {now_ms, "lepus@here"}, view, headers);
  EXPECT_EQ(view.header_table().find("a")->text(), "b");
  EXPECT_EQ(view.header_table().find("timestamp_in_ms")->as_int64(),
            static_cast<std::int64_t>(now_ms));
  EXPECT_EQ(view.header_table().find("x-routed-by")->text(), "lepus@here");
  EXPECT_EQ(view.timestamp_s, now_ms / 1000);
}

TEST(Interceptors, EachForItself) {
  PropertiesView view = message(false, {});
  std::string headers;
  intercept({Mode::off, Mode::keep}, {now_ms, "n"}, view, headers);
  EXPECT_FALSE(view.has(Property::timestamp));
  EXPECT_FALSE(view.header_table().find("timestamp_in_ms"));
  EXPECT_EQ(view.header_table().find("x-routed-by")->text(), "n");
  EXPECT_FALSE(Interceptors{}.any());
  EXPECT_TRUE((Interceptors{Mode::keep, Mode::off}.any()));
}

}  // namespace
}  // namespace lepus::core
