// Pages and the API behind one port: which path goes where, what a browser may keep, and that the
// embedded files are whole and need no policy looser than the strict one.
#include "tools/server/web/web_service.h"

#include <gtest/gtest.h>

#include <array>
#include <cctype>

#include "tests/unit/tools/server/http_api/fake_exchange.h"

namespace lepus::server::test {
namespace {

class FakeApi final : public net::HttpService {
 public:
  void on_request(net::HttpExchange& exchange) override {
    exchange.answer(200, {}, "api " + exchange.request().path);
  }
};

class WebServiceTest : public ::testing::Test {
 protected:
  void ask(std::string path, std::string method = "GET") {
    exchange_.edit().method = std::move(method);
    exchange_.edit().path = std::move(path);
    WebService service{api_, settings_, web_files()};
    service.on_request(exchange_);
  }
  void send(std::string name, std::string value) {
    exchange_.edit().headers.emplace_back(std::move(name), std::move(value));
  }

  FakeApi api_;
  ApiSettings settings_;
  FakeExchange exchange_;
};

TEST_F(WebServiceTest, TheRootIsThePage) {
  ask("/");
  EXPECT_EQ(exchange_.status(), 200U);
  EXPECT_EQ(exchange_.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(exchange_.header("cache-control"), "no-cache");
  EXPECT_EQ(exchange_.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(exchange_.header("x-frame-options"), "DENY");
  EXPECT_NE(exchange_.header("content-security-policy").find("default-src 'self'"),
            std::string::npos);
  EXPECT_EQ(exchange_.header("content-encoding"), "");
  EXPECT_NE(exchange_.body().find("<div id=\"app\">"), std::string::npos);
}

TEST_F(WebServiceTest, AClientThatTakesGzipGetsIt) {
  send("Accept-Encoding", "gzip, deflate, br");
  ask("/js/main.js");
  EXPECT_EQ(exchange_.status(), 200U);
  EXPECT_EQ(exchange_.header("content-encoding"), "gzip");
  EXPECT_EQ(exchange_.header("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(exchange_.body(), find_web_file(web_files(), "/js/main.js")->compressed);
}

TEST_F(WebServiceTest, AClientThatHasTheFileIsNotSentItAgain) {
  const std::string etag{find_web_file(web_files(), "/css/base.css")->etag};
  send("If-None-Match", "\"other\", " + etag);
  ask("/css/base.css");
  EXPECT_EQ(exchange_.status(), 304U);
  EXPECT_EQ(exchange_.header("etag"), etag);
  EXPECT_TRUE(exchange_.body().empty());
}

TEST_F(WebServiceTest, AnOlderFileIsSentAnew) {
  send("If-None-Match", "W/\"0123\"");
  ask("/css/base.css");
  EXPECT_EQ(exchange_.status(), 200U);
}

TEST_F(WebServiceTest, TheApiKeepsItsPathsAndWhatIsUnknown) {
  for (const char* path : {"/api", "/api/", "/api/queues/%2F", "/apis", "/nothing", "/js/../x"}) {
    FakeExchange exchange;
    exchange.edit().method = "GET";
    exchange.edit().path = path;
    WebService service{api_, settings_, web_files()};
    service.on_request(exchange);
    EXPECT_EQ(exchange.body(), std::string{"api "} + path);
  }
}

TEST_F(WebServiceTest, PagesAreOnlyRead) {
  ask("/", "POST");
  EXPECT_EQ(exchange_.status(), 405U);
  EXPECT_EQ(exchange_.header("allow"), "GET, HEAD");
}

TEST_F(WebServiceTest, BelowAPrefix) {
  settings_.path_prefix = "/mq";
  ask("/mq/js/main.js");
  EXPECT_EQ(exchange_.status(), 200U);
  EXPECT_EQ(exchange_.header("content-type"), "text/javascript; charset=utf-8");
}

TEST_F(WebServiceTest, APrefixWithoutItsSlashIsSentThere) {
  settings_.path_prefix = "/mq";
  ask("/mq");
  EXPECT_EQ(exchange_.status(), 301U);
  EXPECT_EQ(exchange_.header("location"), "/mq/");
}

TEST_F(WebServiceTest, OutsideOfThePrefixThereIsNoPage) {
  settings_.path_prefix = "/mq";
  ask("/mqx/");
  EXPECT_EQ(exchange_.body(), "api /mqx/");
}

TEST_F(WebServiceTest, TheOperatorsHeadersTakeThePlaceOfOurs) {
  settings_.extra_headers = {{"content-security-policy", "default-src 'none'"},
                             {"x-frame-options", "SAMEORIGIN"}};
  ask("/");
  EXPECT_EQ(exchange_.header("content-security-policy"), "default-src 'none'");
  EXPECT_EQ(exchange_.header("x-frame-options"), "SAMEORIGIN");
}

TEST(WebFiles, AreWholeAndSmall) {
  std::size_t compressed = 0;
  for (const WebFile& file : web_files()) {
    compressed += file.compressed.size();
    EXPECT_TRUE(unpack(file).has_value()) << file.path;
  }
  EXPECT_LE(compressed, 250U << 10);
}

TEST(WebFiles, ABrokenOneIsNotUnpacked) {
  EXPECT_FALSE(unpack({"/x", "text/css", "\"x\"", "no gzip", 10}).has_value());
}

/// Returns true if the text has an attribute like ` onclick=` or ` style=` in a tag.
bool has_inline_code(const std::string& html) {
  if (html.find(" style=") != std::string::npos || html.find("<style") != std::string::npos)
    return true;
  for (std::size_t at = html.find(" on"); at != std::string::npos; at = html.find(" on", at + 1)) {
    std::size_t end = at + 3;
    while (end < html.size() && std::isalpha(static_cast<unsigned char>(html[end])) != 0) ++end;
    if (end < html.size() && html[end] == '=') return true;
  }
  return false;
}

TEST(WebFiles, ThePageHasNoCodeThatAStrictPolicyForbids) {
  const std::string html = unpack(*find_web_file(web_files(), "/index.html")).value();
  EXPECT_FALSE(has_inline_code(html));
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_EQ(html.find("https:"), std::string::npos);
  EXPECT_TRUE(has_inline_code("<p onclick=\"x\">"));
}

}  // namespace
}  // namespace lepus::server::test
