// A line of lepusctl as a request.
#include <gtest/gtest.h>

#include "tools/server/admin/admin_socket.h"

namespace lepus::server {
namespace {

TEST(AdminRequestLine, WhatItSays) {
  AdminRequest request;
  EXPECT_EQ(parse_admin_request(R"({"verb":"v","vhost":"x","columns":["a","b"],"arguments":["1"],)"
                                R"("options":{"o":"p"}})",
                                request),
            "");
  EXPECT_EQ(request.verb, "v");
  EXPECT_EQ(request.vhost, "x");
  EXPECT_EQ(request.columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(request.arguments, std::vector<std::string>{"1"});
  EXPECT_EQ(request.options.at("o"), "p");
  AdminRequest bare;
  EXPECT_EQ(parse_admin_request(R"({"verb":"v"})", bare), "");
  EXPECT_EQ(bare.vhost, "/");
}

TEST(AdminRequestLine, WhatIsWrongWithIt) {
  for (const char* line : {"", "x", "[]", "{}", R"({"verb":1})", R"({"verb":"v","vhost":1})",
                           R"({"verb":"v","columns":1})", R"({"verb":"v","columns":[1]})",
                           R"({"verb":"v","arguments":{}})", R"({"verb":"v","options":[]})",
                           R"({"verb":"v","options":{"a":1}})"}) {
    AdminRequest request;
    EXPECT_NE(parse_admin_request(line, request), "") << line;
  }
}

}  // namespace
}  // namespace lepus::server
