// Who may call what: tags and paths, and users whose rights are a service's.
#include <deque>

#include "tests/unit/tools/server/http_api/api_world.h"
#include "tools/server/http_api/multipart.h"

namespace lepus::server {
namespace {

using test::ApiAnswer;

class ApiRightsTest : public test::ApiTest {
 protected:
  ApiRightsTest() {
    add_user("none");
    add_user("man", "management");
    add_user("pol", "policymaker");
    add_user("mon", "monitoring");
    add_user("adm", "administrator");
    permit("man", "/");
    permit("pol", "/");
  }
};

struct RightRow {
  const char* method;
  const char* path;
  const char* allowed;  ///< Of: n(one), m(anagement), p(olicymaker), o (monitoring), a.
};

/// As a RabbitMQ answers users with these tags, of whom man and pol may use "/".
const RightRow right_rows[] = {
    {"GET", "/whoami", "mpoa"},
    {"GET", "/cluster-name", "mpoa"},
    {"GET", "/extensions", "mpoa"},
    {"GET", "/definitions", "a"},
    {"GET", "/definitions/%2F", "a"},
    {"GET", "/all-configuration", "a"},
    {"GET", "/parameters", "pa"},
    {"GET", "/parameters/operator_policy/%2F", "pa"},
    {"GET", "/parameters/operator_policy/other", "a"},
    {"GET", "/global-parameters", "pa"},
    {"GET", "/policies", "mpoa"},
    {"GET", "/policies/%2F", "mpa"},
    {"GET", "/policies/%2F/p", "pa"},
    {"GET", "/policies/other", "a"},
    {"GET", "/operator-policies/%2F", "mpa"},
    {"GET", "/vhost-limits", "mpoa"},
    {"GET", "/vhost-limits/%2F", "mpoa"},
    {"GET", "/vhost-limits/other", "oa"},
    {"GET", "/bindings", "mpoa"},
    {"GET", "/bindings/%2F", "mpa"},
    {"GET", "/bindings/other", "a"},
    {"GET", "/vhosts", "mpoa"},
    {"GET", "/vhosts/other", "oa"},
    {"GET", "/vhosts/%2F/permissions", "a"},
    {"GET", "/users", "a"},
    {"GET", "/users/man", "a"},
    {"GET", "/users/man/permissions", "a"},
    {"GET", "/user-limits", "mpoa"},
    {"GET", "/feature-flags", "a"},
    {"GET", "/permissions", "a"},
    {"GET", "/topic-permissions", "a"},
    {"GET", "/aliveness-test/%2F", "mp"},
    {"GET", "/healthchecks/node", "mpoa"},
    {"GET", "/health/checks/alarms", "mpoa"},
    {"GET", "/auth", "nmpoa"},
    {"GET", "/auth/attempts/lepus@h", "oa"},
    {"PUT", "/policies/%2F/p", "pa"},
    {"PUT", "/operator-policies/%2F/p", "a"},
    {"PUT", "/parameters/operator_policy/%2F/p", "a"},
    {"PUT", "/global-parameters/g", "pa"},
    {"PUT", "/cluster-name", "a"},
    {"PUT", "/vhosts/v9", "a"},
    {"PUT", "/users/u9", "a"},
    {"PUT", "/permissions/%2F/man", "a"},
    {"PUT", "/queues/%2F/q", "mp"},
    {"PUT", "/queues/other/q", ""},
    {"PUT", "/vhost-limits/%2F/max-queues", "a"},
    {"POST", "/definitions", "a"},
    {"POST", "/rebalance/queues", "a"},
    {"DELETE", "/reset", "a"},
    {"DELETE", "/users/u9", "a"},
    {"DELETE", "/connections/username/adm", "a"},
};

TEST_F(ApiRightsTest, EachPathWantsItsTag) {
  const std::pair<char, const char*> users[] = {
      {'n', "none"}, {'m', "man"}, {'p', "pol"}, {'o', "mon"}, {'a', "adm"}};
  for (const RightRow& row : right_rows) {
    std::string allowed;
    for (const auto& [letter, user] : users) {
      const auto exchange = begin({row.method, row.path, "{}", user});
      if (exchange->status() != 401) allowed += letter;
      if (!exchange->is_over()) exchange->abandon();
      for (auto& queue : received_) queue.clear();
    }
    EXPECT_EQ(allowed, row.allowed) << row.method << ' ' << row.path;
    EXPECT_EQ(begin({row.method, row.path, "{}", ""})->status() == 401,
              std::string_view{row.allowed}.find('n') == std::string_view::npos)
        << row.path;
  }
}

TEST_F(ApiRightsTest, ListsHaveWhatTheUserMayLookInto) {
  (void)declare("q", 0, "other");
  EXPECT_EQ(get("/bindings", "man").body, "[]");
  EXPECT_NE(get("/bindings", "adm").body, "[]");
  EXPECT_EQ(get("/vhosts?columns=name", "man").body, R"([{"name":"/"}])");
  EXPECT_EQ(get("/vhosts?columns=name", "mon").body, R"([{"name":"/"},{"name":"other"}])");
}

TEST_F(ApiRightsTest, TheFormOfALoginSetsACookie) {
  const auto in = begin({"POST", "/login", "username=adm&password=adm", ""});
  EXPECT_EQ(in->status(), 200U);
  EXPECT_EQ(in->body(), "\"ok\"");
  EXPECT_EQ(in->header("set-cookie"), "auth=YWRtOmFkbQ==; Version=1; SameSite=Strict");
  EXPECT_EQ(begin({"POST", "/login", "username=adm&password=x", ""})->status(), 401U);
  EXPECT_EQ(begin({"POST", "/login", "", "adm"})->status(), 401U);
  EXPECT_EQ(begin({"DELETE", "/login", "", ""})->status(), 204U);
}

TEST_F(ApiRightsTest, DefinitionsTakeCredentialsInTheAddress) {
  const auto file = begin({"GET", "/definitions?auth=YWRtOmFkbQ==&download=a%20b.json", "", ""});
  EXPECT_EQ(file->status(), 200U);
  EXPECT_EQ(file->header("content-disposition"), "attachment; filename=a%20b.json");
  EXPECT_EQ(begin({"GET", "/users?auth=YWRtOmFkbQ==", "", ""})->status(), 401U);
}

TEST_F(ApiRightsTest, DefinitionsThatAreKnownAreNotSentAgain) {
  const auto first = begin({"GET", "/definitions", "", "adm"});
  const std::string tag{first->header("etag")};
  EXPECT_TRUE(tag.starts_with("W/\"")) << tag;
  const auto second = begin({"GET", "/definitions", "", "adm", {{"if-none-match", tag}}});
  EXPECT_EQ(second->status(), 304U);
  EXPECT_EQ(second->body(), "");
  EXPECT_EQ(second->header("etag"), tag);
  EXPECT_EQ(begin({"GET", "/definitions", "", "adm", {{"if-none-match", "\"x\""}}})->status(),
            200U);
  // Of one virtual host it is another file.
  const auto other = begin({"GET", "/definitions/other", "", "adm", {{"if-none-match", tag}}});
  EXPECT_EQ(other->status(), 200U);
}

TEST_F(ApiRightsTest, AFormUploadsDefinitions) {
  const std::string form =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nbad\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"redirect\"\r\n\r\n/#/imported\r\n--b--\r\n";
  const auto refused = begin(
      {"POST", "/definitions", form, "adm", {{"content-type", "multipart/form-data; boundary=b"}}});
  EXPECT_EQ(refused->status(), 400U);
  EXPECT_EQ(refused->body(), R"({"error":"bad_request","reason":"bad file"})");
  std::string good = form;
  good.replace(good.find("bad"), 3, "same");
  const auto taken = begin(
      {"POST", "/definitions", good, "adm", {{"content-type", "multipart/form-data; boundary=b"}}});
  EXPECT_EQ(taken->status(), 303U);
  EXPECT_EQ(taken->header("location"), "/#/imported");
  EXPECT_EQ(post("/definitions", "same", "adm").status, 204U);
  EXPECT_EQ(post("/definitions", "", "adm").status, 400U);
}

TEST(ReadForm, RefusesWhatIsNoForm) {
  EXPECT_FALSE(read_form("text/plain; boundary=b", "--b--"));
  EXPECT_FALSE(read_form("multipart/form-data", "--b--"));
  EXPECT_FALSE(read_form("multipart/form-data; boundary=b", "--b\r\nname"));
  EXPECT_FALSE(read_form("multipart/form-data; boundary=b", ""));
  EXPECT_FALSE(read_form("multipart/form-data; boundary=b", "--b\r\n\r\n--b"));
  EXPECT_EQ(read_form("multipart/form-data; boundary=b", "--b--")->size(), 0U);
}

TEST_F(ApiRightsTest, HealthChecks) {
  EXPECT_EQ(get("/health/checks/alarms"), (ApiAnswer{200, R"({"status":"ok"})"}));
  EXPECT_EQ(get("/health/checks/port-listener/x").status, 400U);
  EXPECT_EQ(get("/health/checks/port-listener/1").status, 503U);
  EXPECT_EQ(get("/health/checks/protocol-listener/mqtt").status, 503U);
  EXPECT_EQ(get("/health/checks/certificate-expiration/1/weeks").status, 200U);
  EXPECT_EQ(get("/health/checks/certificate-expiration/1/foo").status, 400U);
  EXPECT_EQ(get("/health/checks/certificate-expiration/x/days").status, 400U);
  EXPECT_EQ(get("/healthchecks/node/foo@bar").status, 404U);
  core::Alarm alarm;
  alarm.memory = true;
  thread_->view().tell_control(ForceAlarm{alarm});
  turn();
  EXPECT_EQ(
      get("/health/checks/alarms"),
      (ApiAnswer{503, R"({"status":"failed","reason":"There are alarms in effect in the cluster",)"
                      R"("alarms":[{"node":"lepus@h","resource":"memory"}]})"}));
}

// --- Users of a service

struct FakePort final : core::AuthPort {
  void set_listener(core::AuthListener& wanted) override { listener = &wanted; }
  bool ask(core::AuthQuestion&& question) override {
    if (is_full) return false;
    questions.push_back(std::move(question));
    return true;
  }
  void close() override {}
  void answer(core::AuthAnswer::Kind kind, std::vector<std::string> tags = {}) {
    ASSERT_FALSE(questions.empty());
    core::AuthAnswer given;
    given.ticket = questions.front().ticket;
    given.kind = kind;
    given.tags = std::move(tags);
    questions.pop_front();
    listener->on_auth_answer(std::move(given));
  }

  core::AuthListener* listener = nullptr;
  std::deque<core::AuthQuestion> questions;
  bool is_full = false;
};

class ApiRemoteTest : public test::ApiTest {
 protected:
  ApiRemoteTest() {
    host_.settings.auth.backends = {{1, {core::AuthBackend::http, {}}}};
    admin_->add_transport(remote_);
  }
  std::unique_ptr<test::FakeExchange> start(std::string method, std::string path,
                                            std::string body = {}) {
    auto exchange = std::make_unique<test::FakeExchange>();
    exchange->edit().method = std::move(method);
    exchange->edit().path = "/api" + path;
    exchange->edit().body = std::move(body);
    exchange->edit().headers = {{"authorization", "Basic ZXZlOnNlY3JldA=="}};
    remote_.on_request(*exchange);
    turn();
    return exchange;
  }

  using Kind = core::AuthAnswer::Kind;
  FakePort port_;
  ApiPlace remote_place_{loops_[3], *admin_, thread_->view(),    host_,
                         logins_,   log_,    thread_->sampler(), ApiAuthDesk{&port_}};
  ApiService remote_{remote_place_, api_core_routes()};
};

TEST_F(ApiRemoteTest, AServiceSaysWhoMayLogIn) {
  const auto whoami = start("GET", "/whoami");
  ASSERT_EQ(port_.questions.size(), 1U);
  EXPECT_EQ(port_.questions.front().user, "eve");
  EXPECT_EQ(port_.questions.front().password, "secret");
  EXPECT_FALSE(whoami->is_over());
  port_.answer(Kind::allowed, {"monitoring"});
  turn();
  EXPECT_EQ(whoami->body(), R"({"name":"eve","tags":["monitoring"],"is_internal_user":false})");
  const auto refused = start("GET", "/whoami");
  port_.answer(Kind::refused);
  turn();
  EXPECT_EQ(refused->status(), 401U);
  port_.is_full = true;
  EXPECT_EQ(start("GET", "/whoami")->status(), 401U);
}

TEST_F(ApiRemoteTest, AServiceSaysWhatMayBeSeenAndDone) {
  const auto made = start("PUT", "/queues/%2F/q", "{}");
  port_.answer(Kind::allowed, {"management"});
  turn();
  ASSERT_EQ(port_.questions.size(), 1U);
  EXPECT_EQ(port_.questions.front().kind, core::AuthQuestion::Kind::vhost);
  EXPECT_EQ(port_.questions.front().vhost, "/");
  port_.answer(Kind::allowed);
  turn();
  ASSERT_EQ(port_.questions.size(), 1U);
  EXPECT_EQ(port_.questions.front().kind, core::AuthQuestion::Kind::resource);
  EXPECT_EQ(port_.questions.front().name, "q");
  EXPECT_EQ(port_.questions.front().permission, core::Permission::configure);
  port_.answer(Kind::allowed);
  turn();
  EXPECT_EQ(made->status(), 201U);
  // Answers are kept for a while: only the login is asked for again.
  const auto again = start("PUT", "/queues/%2F/q", "{}");
  port_.answer(Kind::allowed, {"management"});
  turn();
  EXPECT_TRUE(port_.questions.empty());
  EXPECT_EQ(again->status(), 204U);
  const auto refused = start("PUT", "/queues/%2F/other", "{}");
  port_.answer(Kind::allowed, {"management"});
  turn();
  port_.answer(Kind::refused);
  turn();
  EXPECT_EQ(refused->status(), 401U);
}

TEST_F(ApiRemoteTest, WhoLeavesWhileAServiceIsAskedIsForgotten) {
  const auto whoami = start("GET", "/whoami");
  whoami->abandon();
  turn();
  EXPECT_EQ(remote_.call_count(), 0U);
  port_.answer(Kind::allowed, {"administrator"});
  turn();
}

}  // namespace
}  // namespace lepus::server
