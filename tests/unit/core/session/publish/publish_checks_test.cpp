// What is checked in the properties of a publish, and in which words it is refused.
#include "core/session/publish/publish_checks.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

std::string expiration_error(std::string_view text) {
  const auto parsed = parse_expiration(text);
  return parsed.ok() ? "ok " + std::to_string(parsed.value()) : parsed.error().text();
}

TEST(PublishChecks, Expiration) {
  EXPECT_EQ(expiration_error("0"), "ok 0");
  EXPECT_EQ(expiration_error("60000"), "ok 60000");
  EXPECT_EQ(expiration_error("+5"), "ok 5");
  EXPECT_EQ(expiration_error("4294967296"), "ok 4294967296");
  EXPECT_EQ(expiration_error("315360000000"), "ok 315360000000") << "ten years";
  const std::string start = "PRECONDITION_FAILED - invalid expiration '";
  EXPECT_EQ(expiration_error("315360000001"),
            start + "315360000001': {value_too_large,315360000001}");
  EXPECT_EQ(expiration_error("99999999999999999999999"),
            start + "99999999999999999999999': {value_too_large,99999999999999999999999}");
  EXPECT_EQ(expiration_error("-1"), start + "-1': {value_negative,-1}");
  EXPECT_EQ(expiration_error(""), start + "': no_integer");
  EXPECT_EQ(expiration_error("abc"), start + "abc': no_integer");
  EXPECT_EQ(expiration_error("-"), start + "-': no_integer");
  EXPECT_EQ(expiration_error("10s"), start + "10s': {leftover_string,\"s\"}");
  EXPECT_EQ(expiration_error("1.5"), start + "1.5': {leftover_string,\".5\"}");
}

TEST(PublishChecks, UserId) {
  PropertiesView view;
  EXPECT_FALSE(check_properties(view, "guest"));
  view.set(Property::user_id);
  view.user_id = "guest";
  EXPECT_FALSE(check_properties(view, "guest"));
  view.user_id = "someone";
  EXPECT_EQ(check_properties(view, "guest")->text(),
            "PRECONDITION_FAILED - user_id property set to 'someone' but authenticated user was "
            "'guest'");
}

TEST(PublishChecks, DeliveryMode) {
  PropertiesView view;
  view.set(Property::delivery_mode);
  for (const std::uint8_t mode : {std::uint8_t{1}, std::uint8_t{2}}) {
    view.delivery_mode = mode;
    EXPECT_FALSE(check_properties(view, "guest"));
  }
  view.delivery_mode = 7;
  EXPECT_EQ(check_properties(view, "guest")->text(),
            "PRECONDITION_FAILED - invalid message: {delivery_mode_unknown,7}");
}

class MoreKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    FieldTableWriter table;
    table.text("other", "x");
    table.begin_array("CC");
    table.text({}, "one");
    table.text({}, "two");
    table.end();
    table.begin_array("BCC");
    table.text({}, "hidden");
    table.end();
    headers_ = table.take();
    view_.set(Property::headers);
    view_.headers = as_bytes(headers_);
  }
  std::string headers_;
  PropertiesView view_;
};

TEST_F(MoreKeys, AreRead) {
  std::vector<std::string> keys;
  EXPECT_FALSE(read_cc_keys(view_, keys));
  EXPECT_EQ(keys, (std::vector<std::string>{"one", "two", "hidden"}));
}

TEST_F(MoreKeys, BccIsRemovedAndNothingElse) {
  ASSERT_TRUE(has_bcc(view_));
  const std::vector<std::uint8_t> bytes = without_bcc(view_);
  PropertiesView stripped;
  ASSERT_TRUE(decode_properties(bytes, stripped));
  EXPECT_FALSE(has_bcc(stripped));
  EXPECT_TRUE(stripped.header_table().find("CC").has_value());
  EXPECT_EQ(stripped.header_table().find("other")->text(), "x");
}

TEST_F(MoreKeys, WrongTypesAreRefused) {
  FieldTableWriter table;
  table.text("CC", "not an array");
  const std::string wrong = table.take();
  view_.headers = as_bytes(wrong);
  std::vector<std::string> keys;
  EXPECT_EQ(read_cc_keys(view_, keys)->text(),
            "PRECONDITION_FAILED - invalid message: "
            "{unacceptable_type_in_header,\"CC\",longstr}");
}

TEST_F(MoreKeys, NoHeadersNoKeys) {
  std::vector<std::string> keys;
  EXPECT_FALSE(read_cc_keys({}, keys));
  EXPECT_TRUE(keys.empty());
  EXPECT_FALSE(has_bcc({}));
}

}  // namespace
}  // namespace lepus::core
