// What a service is asked over HTTP, and how its answers are read.
#include "tools/server/auth/http_question.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

using core::AuthAnswer;
using core::AuthQuestion;
using Asked = AuthQuestion::Kind;

AuthQuestion question(Asked kind) {
  AuthQuestion made;
  made.kind = kind;
  made.user = "ann & co";
  made.vhost = "/";
  made.tags = {"administrator", "x"};
  return made;
}

TEST(HttpQuestion, AUserIsAskedForWithItsPassword) {
  AuthQuestion asked = question(Asked::user);
  asked.password = "p=\xc3\xa4";
  const HttpQuestion made = make_http_question({}, asked);
  EXPECT_EQ(made.url,
            "http://localhost:8000/auth/user?username=ann%20%26%20co&password=p%3D%C3%A4");
  EXPECT_EQ(made.body, "");
  asked.password.reset();
  EXPECT_EQ(make_http_question({}, asked).url,
            "http://localhost:8000/auth/user?username=ann%20%26%20co");
}

TEST(HttpQuestion, APostHasItsParametersInTheBody) {
  AuthHttpConfig config;
  config.posts = true;
  config.vhost_path = "https://auth.example/vhost";
  AuthQuestion asked = question(Asked::vhost);
  asked.client_address = "10.0.0.1";
  const HttpQuestion made = make_http_question(config, asked);
  EXPECT_EQ(made.url, "https://auth.example/vhost");
  EXPECT_EQ(made.body, "username=ann%20%26%20co&vhost=%2F&ip=10.0.0.1&tags=administrator%20x");
}

TEST(HttpQuestion, AResourceHasAKindANameAndAPermission) {
  AuthHttpConfig config;
  config.resource_path = "http://h/r?key=1";
  AuthQuestion asked = question(Asked::resource);
  asked.resource = core::ResourceKind::queue;
  asked.permission = core::Permission::configure;
  asked.name = "q";
  EXPECT_EQ(make_http_question(config, asked).url,
            "http://h/r?key=1&username=ann%20%26%20co&vhost=%2F&resource=queue&name=q&permission="
            "configure&tags=administrator%20x");
}

TEST(HttpQuestion, ATopicHasARoutingKey) {
  AuthQuestion asked = question(Asked::topic);
  asked.permission = core::Permission::write;
  asked.name = "amq.topic";
  asked.routing_key = "a.b";
  EXPECT_EQ(make_http_question({}, asked).url,
            "http://localhost:8000/auth/topic?username=ann%20%26%20co&vhost=%2F&resource=topic&"
            "name=amq.topic&permission=write&routing_key=a.b&tags=administrator%20x");
}

TEST(HttpAnswer, AllowMayBringTags) {
  const AuthAnswer answer =
      read_http_answer(Asked::user, 200, " Allow administrator  Monitoring\n");
  EXPECT_EQ(answer.kind, AuthAnswer::Kind::allowed);
  EXPECT_EQ(answer.tags, (std::vector<std::string>{"administrator", "monitoring"}));
  EXPECT_EQ(read_http_answer(Asked::vhost, 201, "allow").kind, AuthAnswer::Kind::allowed);
  EXPECT_EQ(read_http_answer(Asked::vhost, 200, "allow it").kind, AuthAnswer::Kind::failed);
}

TEST(HttpAnswer, DenyMayBringAReason) {
  const AuthAnswer bare = read_http_answer(Asked::user, 200, "deny");
  EXPECT_EQ(bare.kind, AuthAnswer::Kind::refused);
  EXPECT_EQ(bare.text, "Denied by the backing HTTP service");
  EXPECT_EQ(read_http_answer(Asked::user, 200, "deny Too late").text,
            "Denied by the backing HTTP service: too late");
}

TEST(HttpAnswer, AnythingElseIsNoAnswer) {
  for (const char* text : {"", "allowed", "denyall", "<html>", "yes"})
    EXPECT_EQ(read_http_answer(Asked::user, 200, text).kind, AuthAnswer::Kind::failed) << text;
  const AuthAnswer broken = read_http_answer(Asked::user, 500, "allow");
  EXPECT_EQ(broken.kind, AuthAnswer::Kind::failed);
  EXPECT_EQ(broken.text, "the authentication service answered with status 500");
}

TEST(HttpAnswer, OfALongAnswerOnlyTheBeginningIsShown) {
  EXPECT_LT(read_http_answer(Asked::user, 200, std::string(10'000, 'x')).text.size(), 250U);
}

}  // namespace
}  // namespace lepus::server
