// Properties: golden bytes both ways, every subset of the flags, and what must be refused.
#include "core/message/properties.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lepus::core {
namespace {

using namespace std::string_literals;

// All fourteen, in the order of the wire.
const std::string all_properties =
    "\xff\xfc"
    "\x01"
    "a"
    "\x02"
    "bb"
    "\x00\x00\x00\x04\x01kb\x07"
    "\x02"
    "\x09"
    "\x01"
    "c"
    "\x01"
    "d"
    "\x02"
    "10"
    "\x01"
    "e"
    "\x00\x00\x00\x00\x00\x00\x01\x00"
    "\x01"
    "f"
    "\x01"
    "g"
    "\x01"
    "h"
    "\x01"
    "i"s;

std::string encoded(const PropertiesView& properties) {
  std::vector<std::uint8_t> out(encoded_size(properties));
  EXPECT_EQ(encode_properties(out.data(), properties), out.data() + out.size());
  return std::string{as_text(out)};
}

std::string error_text(std::string_view bytes) {
  const Result<PropertiesView> result = parse_properties(as_bytes(bytes));
  EXPECT_FALSE(result.ok());
  if (result.ok()) return {};
  EXPECT_EQ(result.error().code, ReplyCode::syntax_error);
  EXPECT_EQ(result.error().class_id, 60);
  EXPECT_EQ(result.error().method_id, 40);
  return result.error().detail;
}

TEST(Properties, AllOfThem) {
  const Result<PropertiesView> result = parse_properties(as_bytes(all_properties));
  ASSERT_TRUE(result.ok());
  const PropertiesView& view = result.value();
  EXPECT_EQ(view.content_type, "a");
  EXPECT_EQ(view.content_encoding, "bb");
  EXPECT_EQ(view.header_table().find("k")->as_int64(), 7);
  EXPECT_EQ(view.delivery_mode, 2);
  EXPECT_TRUE(view.is_persistent());
  EXPECT_EQ(view.priority, 9);
  EXPECT_EQ(view.correlation_id, "c");
  EXPECT_EQ(view.reply_to, "d");
  EXPECT_EQ(view.expiration, "10");
  EXPECT_EQ(view.message_id, "e");
  EXPECT_EQ(view.timestamp_s, 256u);
  EXPECT_EQ(view.type, "f");
  EXPECT_EQ(view.user_id, "g");
  EXPECT_EQ(view.app_id, "h");
  EXPECT_EQ(view.cluster_id, "i");
  EXPECT_EQ(encoded(view), all_properties);
}

TEST(Properties, NoneOfThem) {
  const Result<PropertiesView> result = parse_properties(as_bytes("\0\0"s));
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result.value().has(Property::headers));
  EXPECT_FALSE(result.value().is_persistent());
  EXPECT_TRUE(result.value().header_table().empty());
  EXPECT_EQ(encoded(result.value()), "\0\0"s);
}

TEST(Properties, EverySubsetSurvivesARoundTrip) {
  const PropertiesView all = parse_properties(as_bytes(all_properties)).value();
  for (std::uint32_t subset = 0; subset < 1u << 14; ++subset) {
    PropertiesView some = all;
    some.flags = static_cast<std::uint16_t>(subset << 2);
    const std::string bytes = encoded(some);
    PropertiesView decoded;
    ASSERT_TRUE(decode_properties(as_bytes(bytes), decoded)) << subset;
    ASSERT_EQ(decoded.flags, some.flags);
    ASSERT_EQ(encoded(decoded), bytes);
    ASSERT_EQ(decoded.user_id, some.has(Property::user_id) ? "g" : "");
  }
}

TEST(Properties, OneChangedTheOthersKeepTheirBytes) {
  PropertiesView view = parse_properties(as_bytes(all_properties)).value();
  view.clear(Property::expiration);
  std::string expected = all_properties;
  expected[0] = '\xfe';
  expected.erase(expected.find("\x02"
                               "10"),
                 3);
  EXPECT_EQ(encoded(view), expected);
  view.set(Property::expiration);
  EXPECT_EQ(encoded(view), all_properties);
}

TEST(Properties, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < all_properties.size(); ++size) {
    PropertiesView view;
    EXPECT_FALSE(decode_properties(as_bytes(all_properties).first(size), view)) << size;
    EXPECT_FALSE(parse_properties(as_bytes(all_properties).first(size)).ok()) << size;
  }
}

TEST(Properties, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(error_text("\x80\x00"s),
            "content header ends inside the properties that its flags 32768 announce");
  EXPECT_EQ(error_text("\x00\x01\x00\x00"s), "property flags 1 have unknown bits set");
  EXPECT_EQ(error_text("\x00\x02"s), "property flags 2 have unknown bits set");
  EXPECT_EQ(error_text("\x00\x00xyz"s),
            "content header goes on behind the properties that its flags 0 announce");
  EXPECT_EQ(error_text("\x20\x00\x00\x00\x00\x04\x01kZ\x07"s),
            "unknown field table type tag 'Z' (0x5a)");
  EXPECT_EQ(error_text("\x20\x00\x00\x00\x00\x03\x01kb"s),
            "field table ends inside a value of type 'b' (0x62) at byte 2");
}

}  // namespace
}  // namespace lepus::core
