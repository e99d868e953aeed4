// A header is added to properties, in the place of one of that name; what is no properties counts
// as none.
#include "core/message/header_splice.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/message/field_table_writer.h"
#include "core/message/properties.h"
#include "core/stream/stream_spec.h"

namespace lepus::core {
namespace {

class HeaderSpliceTest : public ::testing::Test {
 protected:
  /// The offset and the number of headers afterwards.
  std::pair<std::int64_t, std::size_t> splice(Bytes properties) {
    splice_header(properties, "x-stream-offset", 7, out);
    view = PropertiesView();
    if (!decode_properties(out, view)) return {-1, 0};
    std::size_t count = 0;
    for (const FieldEntry& entry : view.header_table()) count += entry.name.empty() ? 0 : 1;
    const auto value = view.header_table().find("x-stream-offset");
    return {value ? value->as_int64() : -1, count};
  }

  std::vector<std::uint8_t> out;
  PropertiesView view;
};

TEST_F(HeaderSpliceTest, OtherPropertiesStay) {
  PropertiesView before;
  before.content_type = "text/plain";
  before.set(Property::content_type);
  before.delivery_mode = 2;
  before.set(Property::delivery_mode);
  EXPECT_EQ(splice(encode_properties(before)), (std::pair<std::int64_t, std::size_t>{7, 1}));
  EXPECT_EQ(view.content_type, "text/plain");
  EXPECT_EQ(view.delivery_mode, 2);
}

TEST_F(HeaderSpliceTest, AHeaderOfThatNameGoes) {
  FieldTableWriter headers;
  headers.int64("x-stream-offset", 3);
  headers.int64("other", 4);
  PropertiesView before;
  const std::string bytes = headers.take();
  before.headers = as_bytes(bytes);
  before.set(Property::headers);
  EXPECT_EQ(splice(encode_properties(before)), (std::pair<std::int64_t, std::size_t>{7, 2}));
}

TEST_F(HeaderSpliceTest, WhatIsNoPropertiesCountsAsNone) {
  const std::vector<std::uint8_t> odd[] = {
      {}, {0x80}, {0x80, 0, 200, 'x'}, {0, 1}, {0x20, 0, 0, 0}};
  StreamSpec spec;
  spec.filters = {"a"};
  for (const std::vector<std::uint8_t>& bytes : odd) {
    EXPECT_EQ(splice(bytes), (std::pair<std::int64_t, std::size_t>{7, 1}));
    for (const bool matches : {false, true}) {
      spec.match_unfiltered = matches;
      EXPECT_EQ(spec.wants(bytes), matches);
    }
  }
  // The way of a message through exchanges lies behind them.
  EXPECT_EQ(splice(std::vector<std::uint8_t>{0x10, 0, 2, 1, 9}),
            (std::pair<std::int64_t, std::size_t>{7, 1}));
  EXPECT_EQ(view.delivery_mode, 2);
}

}  // namespace
}  // namespace lepus::core
