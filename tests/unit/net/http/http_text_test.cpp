// Words of HTTP, and percent coding.
#include "net/http/http_text.h"

#include <gtest/gtest.h>

namespace lepus::net {
namespace {

TEST(HttpText, DatesAreThoseOfTheRfc) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpText, StatusesHaveReasons) {
  EXPECT_EQ(http_reason(200), "OK");
  EXPECT_EQ(http_reason(431), "Request Header Fields Too Large");
  EXPECT_EQ(http_reason(299), "Unknown");
}

TEST(HttpText, ListsAreReadInAnyCase) {
  EXPECT_TRUE(has_list_element("close", "Close"));
  EXPECT_TRUE(has_list_element(" upgrade , Close ", "close"));
  EXPECT_FALSE(has_list_element("closed", "close"));
  EXPECT_FALSE(has_list_element("", "close"));
}

TEST(HttpText, CodingsAreChosenByWeight) {
  EXPECT_EQ(accepted_coding(""), HttpCoding::identity);
  EXPECT_EQ(accepted_coding("br, zstd"), HttpCoding::identity);
  EXPECT_EQ(accepted_coding("deflate, gzip, br"), HttpCoding::gzip);
  EXPECT_EQ(accepted_coding("deflate;q=0.8,gzip;q=0.5"), HttpCoding::deflate);
  EXPECT_EQ(accepted_coding("gzip;q=0"), HttpCoding::identity);
  EXPECT_EQ(accepted_coding("gzip;q=0.000, deflate;q=0.001"), HttpCoding::deflate);
  EXPECT_EQ(accepted_coding("GZIP ; Q = 1.0"), HttpCoding::gzip);
  EXPECT_EQ(accepted_coding("gzip;q=nonsense"), HttpCoding::identity);
  EXPECT_EQ(accepted_coding(",,;q=1,gzip"), HttpCoding::gzip);
}

TEST(HttpText, TypesOfTextAreCompressible) {
  EXPECT_TRUE(is_compressible("text/plain; version=0.0.4; charset=utf-8"));
  EXPECT_TRUE(is_compressible("Application/JSON"));
  EXPECT_FALSE(is_compressible("image/png"));
  EXPECT_FALSE(is_compressible("text/"));
  EXPECT_FALSE(is_compressible(""));
}

TEST(HttpText, ErrorsAreJson) {
  EXPECT_EQ(http_error_body("bad_request", "a \"b\"\n\\"),
            R"({"error":"bad_request","reason":"a \"b\"\u000a\\"})");
}

TEST(HttpText, PercentCodingGoesBothWays) {
  std::string out;
  ASSERT_TRUE(percent_decode("%2F", out));
  EXPECT_EQ(out, "/");
  ASSERT_TRUE(percent_decode("a+b%20c", out));
  EXPECT_EQ(out, "a+b c");
  ASSERT_TRUE(percent_decode("a+b%20c", out, true));
  EXPECT_EQ(out, "a b c");
  EXPECT_FALSE(percent_decode("%", out));
  EXPECT_FALSE(percent_decode("%2", out));
  EXPECT_FALSE(percent_decode("%2x", out));
  EXPECT_FALSE(percent_decode("%-1", out));
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  ASSERT_TRUE(percent_decode(percent_encode(all), out));
  EXPECT_EQ(out, all);
  EXPECT_EQ(percent_encode("a/b~"), "a%2Fb~");
}

TEST(HttpText, FieldsAreFoundInAnyCase) {
  HttpRequest request;
  request.headers = {{"Host", "a"}, {"X-One", "1"}, {"x-one", "2"}};
  EXPECT_EQ(request.header("x-ONE"), "1");
  EXPECT_EQ(request.header("none"), "");
}

TEST(HttpText, EntityTagsAreLookedForInAList) {
  const std::string_view tag = "W/\"a,b\"";
  for (const std::string_view header :
       {"W/\"a,b\"", "\"a,b\"", "*", "\"x\", W/\"a,b\"", " \"x\" , \"\",\"a,b\",\"y\""})
    EXPECT_TRUE(names_entity_tag(header, tag)) << header;
  for (const std::string_view header :
       {"", ",", "a,b", "\"a\", \"b\"", "W/", "\"a,b", "\"x\" a,b", "W/W/\"a,b\""})
    EXPECT_FALSE(names_entity_tag(header, tag)) << header;
}

}  // namespace
}  // namespace lepus::net
