// Paths, methods, logins and tags: what a request meets before its handler.
#include "tests/unit/tools/server/http_api/api_world.h"

namespace lepus::server {
namespace {

using test::ApiAnswer;

class ApiServiceTest : public test::ApiTest {};

TEST_F(ApiServiceTest, AUserLearnsWhoHeIs) {
  const ApiAnswer expected{200,
                           R"({"name":"guest","tags":["administrator"],"is_internal_user":true})"};
  EXPECT_EQ(get("/whoami"), expected);
  EXPECT_EQ(get("/whoami/"), expected);
  EXPECT_EQ(get("/whoami?columns=name"), (ApiAnswer{200, R"({"name":"guest"})"}));
}

TEST_F(ApiServiceTest, PathsThatAreNotThere) {
  EXPECT_EQ(get("/nothere"), (ApiAnswer{404, test::not_found_body}));
  EXPECT_EQ(get("/nothere", ""), (ApiAnswer{404, test::not_found_body}));
  EXPECT_EQ(get("/whoami/more"), (ApiAnswer{404, test::not_found_body}));
  EXPECT_EQ(get("/%zz"), (ApiAnswer{404, test::not_found_body}));
  EXPECT_EQ(get("whoami"), (ApiAnswer{404, test::not_found_body}));
}

TEST_F(ApiServiceTest, MethodsThatAreNotThere) {
  const auto exchange = begin({"POST", "/whoami"});
  EXPECT_EQ(exchange->status(), 405U);
  EXPECT_EQ(exchange->header("allow"), "HEAD, GET, OPTIONS");
  EXPECT_EQ(exchange->body(), "");
  const auto options = begin({"OPTIONS", "/whoami", {}, ""});
  EXPECT_EQ(options->status(), 200U);
  EXPECT_EQ(options->header("allow"), "HEAD, GET, OPTIONS");
}

TEST_F(ApiServiceTest, WhoIsNotKnownIsChallenged) {
  const auto exchange = begin({"GET", "/whoami", {}, ""});
  EXPECT_EQ(exchange->status(), 401U);
  EXPECT_EQ(exchange->header("www-authenticate"), "Basic realm=\"RabbitMQ Management\"");
  EXPECT_EQ(exchange->body(), R"({"error":"not_authorized","reason":"Not_Authorized"})");
  EXPECT_EQ(get("/whoami", "nobody"), (ApiAnswer{401, exchange->body()}));
  EXPECT_EQ(place_.login_counts.failed, 1U);
}

TEST_F(ApiServiceTest, WhoHasNoTagIsRefused) {
  add_user("ann");
  EXPECT_EQ(get("/whoami", "ann"),
            (ApiAnswer{401, R"({"error":"not_authorised","reason":"Not management user"})"}));
  add_user("bob", "management");
  EXPECT_EQ(get("/whoami", "bob").status, 200U);
}

TEST_F(ApiServiceTest, GuestComesFromThisMachineOnly) {
  test::FakeExchange exchange;
  exchange.edit().method = "GET";
  exchange.edit().path = "/api/whoami";
  exchange.edit().headers = {{"authorization", "Basic Z3Vlc3Q6Z3Vlc3Q="}};
  exchange.peer().remote.address = "10.0.0.1";
  service_.on_request(exchange);
  turn();
  EXPECT_EQ(exchange.status(), 401U);
  EXPECT_EQ(exchange.body(),
            R"({"error":"not_authorized","reason":"User can only log in via localhost"})");
}

TEST_F(ApiServiceTest, GuessingIsMadeSlow) {
  for (int i = 0; i < 200; ++i) {
    const auto exchange = begin({"GET", "/whoami", {}, "nobody"});
    if (exchange->is_over()) continue;
    EXPECT_EQ(service_.call_count(), 1U);
    drivers_[3].time += 10 * core::nanos_per_s;
    turn();
    EXPECT_EQ(exchange->status(), 401U);
    return;
  }
  FAIL() << "no refusal was kept back";
}

TEST_F(ApiServiceTest, AnAbandonedCallGoes) {
  for (int i = 0; i < 200; ++i) {
    const auto exchange = begin({"GET", "/whoami", {}, "nobody"});
    if (exchange->is_over()) continue;
    exchange->abandon();
    turn();
    EXPECT_EQ(service_.call_count(), 0U);
    return;
  }
  FAIL() << "no refusal was kept back";
}

TEST_F(ApiServiceTest, OtherPagesMayReadWhatIsAllowedToThem) {
  place_.settings.allowed_origins = {"http://one"};
  const auto allowed = begin({"GET", "/whoami", {}, "guest", {{"Origin", "http://one"}}});
  EXPECT_EQ(allowed->header("access-control-allow-origin"), "http://one");
  EXPECT_EQ(allowed->header("access-control-allow-credentials"), "true");
  const auto other = begin({"GET", "/whoami", {}, "guest", {{"Origin", "http://two"}}});
  EXPECT_EQ(other->header("access-control-allow-origin"), "");
  const auto asked =
      begin({"OPTIONS",
             "/whoami",
             {},
             "",
             {{"origin", "http://one"}, {"access-control-request-headers", "authorization"}}});
  EXPECT_EQ(asked->header("access-control-allow-methods"), "HEAD, GET, OPTIONS");
  EXPECT_EQ(asked->header("access-control-allow-headers"), "authorization");
  EXPECT_EQ(asked->header("access-control-max-age"), "1800");
}

TEST_F(ApiServiceTest, APrefixComesBeforeAllPaths) {
  place_.settings.path_prefix = "/rabbit";
  EXPECT_EQ(get("/whoami").status, 404U);
  test::FakeExchange exchange;
  exchange.edit().method = "GET";
  exchange.edit().path = "/rabbit/api/auth";
  service_.on_request(exchange);
  EXPECT_EQ(exchange.status(), 200U);
}

}  // namespace
}  // namespace lepus::server
