// Users, permissions, limits, virtual hosts, policies and parameters: what RabbitMQ answers.
#include "tests/unit/tools/server/http_api/api_world.h"

namespace lepus::server {
namespace {

using test::ApiAnswer;

class ApiAccessTest : public test::ApiTest {
 protected:
  std::string tags_of(const std::string& user) {
    return get("/users/" + user + "?columns=tags").body;
  }
};

TEST_F(ApiAccessTest, UsersAreAddedChangedAndDeleted) {
  EXPECT_EQ(put("/users/ann", R"({"password":"ann","tags":"management,policymaker"})").status,
            201U);
  EXPECT_EQ(get("/whoami?columns=name,tags", "ann"),
            (ApiAnswer{200, R"({"name":"ann","tags":["management","policymaker"]})"}));
  EXPECT_EQ(put("/users/ann", R"({"tags":["management"]})").status, 204U);
  EXPECT_EQ(get("/whoami", "ann").status, 200U) << "the password stays";
  EXPECT_EQ(tags_of("ann"), R"({"tags":["management"]})");
  EXPECT_EQ(put("/users/ann", R"({"tags":["management"],"password_hash":""})").status, 204U);
  EXPECT_EQ(get("/whoami", "ann").status, 401U);
  EXPECT_EQ(remove("/users/ann").status, 204U);
  EXPECT_EQ(remove("/users/ann"), (ApiAnswer{404, test::not_found_body}));
  EXPECT_EQ(get("/users/ann"), (ApiAnswer{404, test::not_found_body}));
}

TEST_F(ApiAccessTest, AHashIsTakenAsItIs) {
  const std::string hash = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";
  EXPECT_EQ(put("/users/ann", R"({"tags":"","password_hash":")" + hash +
                                  R"(","hashing_algorithm":"rabbit_password_hashing_sha256"})")
                .status,
            201U);
  EXPECT_EQ(get("/users/ann").body,
            R"({"name":"ann","password_hash":")" + hash +
                R"(","hashing_algorithm":"rabbit_password_hashing_sha256","tags":[],"limits":{}})");
  EXPECT_EQ(put("/users/bob", R"({"tags":"","password_hash":"zz"})").status, 400U);
}

TEST_F(ApiAccessTest, WrongUsersAreRefused) {
  EXPECT_EQ(put("/users/ann", "{}"),
            (ApiAnswer{400, test::bad_request_body(R"("tags_not_present")")}));
  EXPECT_EQ(put("/users/ann", "xx"), (ApiAnswer{400, test::bad_request_body(R"("not_json")")}));
  EXPECT_EQ(put("/users/ann", "[1]"), (ApiAnswer{400, test::bad_request_body(R"("not_json")")}));
  EXPECT_EQ(put("/users/ann", R"("{}")").status, 400U);
  EXPECT_EQ(put("/users/ann", R"({"tags":5})").status, 400U);
  EXPECT_EQ(put("/users/ann", R"({"tags":"","password":5})").status, 400U);
}

TEST_F(ApiAccessTest, ManyUsersAreDeletedAtOnce) {
  add_user("ann");
  add_user("bob");
  EXPECT_EQ(post("/users/bulk-delete", R"({"users":["ann","eve"]})"),
            (ApiAnswer{400, test::bad_request_body(R"(["no_such_user","eve"])")}));
  EXPECT_EQ(get("/users/ann").status, 200U);
  EXPECT_EQ(get("/users/without-permissions?columns=name").body,
            R"([{"name":"ann"},{"name":"bob"}])");
  EXPECT_EQ(post("/users/bulk-delete", R"({"users":["ann","bob"]})").status, 204U);
  EXPECT_EQ(get("/users?columns=name").body, R"([{"name":"guest"}])");
  EXPECT_EQ(post("/users/bulk-delete", "{}"),
            (ApiAnswer{400, test::bad_request_body(R"("[{key_missing,users}]")")}));
}

TEST_F(ApiAccessTest, LimitsOfUsers) {
  EXPECT_EQ(get("/user-limits").body, "[]");
  EXPECT_EQ(put("/user-limits/guest/max-connections", R"({"value":5})").status, 204U);
  EXPECT_EQ(get("/user-limits/guest").body, R"([{"user":"guest","value":{"max-connections":5}}])");
  EXPECT_EQ(put("/user-limits/guest/max-foo", R"({"value":5})").status, 400U);
  EXPECT_EQ(put("/user-limits/eve/max-channels", R"({"value":5})"),
            (ApiAnswer{400, test::bad_request_body(R"(["no_such_user","eve"])")}));
  EXPECT_EQ(remove("/user-limits/guest/max-connections").status, 204U);
  EXPECT_EQ(get("/user-limits").body, "[]");
  EXPECT_EQ(get("/user-limits/eve").status, 404U);
}

TEST_F(ApiAccessTest, Permissions) {
  add_user("ann");
  const std::string granted =
      R"({"user":"ann","vhost":"/","configure":"a","write":"b","read":"c"})";
  const std::string patterns = R"({"configure":"a","write":"b","read":"c"})";
  EXPECT_EQ(put("/permissions/%2F/ann", patterns).status, 201U);
  EXPECT_EQ(put("/permissions/%2F/ann", patterns).status, 204U);
  EXPECT_EQ(get("/permissions/%2F/ann").body, granted);
  EXPECT_EQ(get("/users/ann/permissions").body, "[" + granted + "]");
  EXPECT_EQ(get("/vhosts/other/permissions").body, "[]");
  EXPECT_EQ(put("/permissions/nov/ann", patterns),
            (ApiAnswer{400, test::bad_request_body(R"("vhost_or_user_not_found")")}));
  EXPECT_EQ(
      put("/permissions/%2F/ann", "{}"),
      (ApiAnswer{400,
                 test::bad_request_body(
                     R"("[{key_missing,configure},{key_missing,write},{key_missing,read}]")")}));
  EXPECT_EQ(put("/permissions/%2F/ann", R"({"configure":"(","write":"","read":""})").status, 400U);
  EXPECT_EQ(remove("/permissions/%2F/ann").status, 204U);
  EXPECT_EQ(remove("/permissions/%2F/ann").status, 404U);
  EXPECT_EQ(get("/users/eve/permissions").status, 404U);
}

TEST_F(ApiAccessTest, TopicPermissions) {
  const std::string body = R"({"exchange":"amq.topic","write":"a","read":"b"})";
  const std::string row =
      R"([{"user":"guest","vhost":"/","exchange":"amq.topic","write":"a","read":"b"}])";
  EXPECT_EQ(put("/topic-permissions/%2F/guest", body).status, 201U);
  EXPECT_EQ(put("/topic-permissions/%2F/guest", body).status, 204U);
  EXPECT_EQ(get("/topic-permissions/%2F/guest").body, row);
  EXPECT_EQ(get("/topic-permissions").body, row);
  EXPECT_EQ(get("/topic-permissions/%2F/guest/none").status, 404U);
  EXPECT_EQ(remove("/topic-permissions/%2F/guest/amq.topic").status, 204U);
  EXPECT_EQ(get("/topic-permissions/%2F/guest").status, 404U);
}

TEST_F(ApiAccessTest, VirtualHosts) {
  EXPECT_EQ(put("/vhosts/v", R"({"description":"d","tags":"a,b"})").status, 201U);
  EXPECT_EQ(put("/vhosts/v").status, 204U);
  EXPECT_EQ(get("/vhosts/v?columns=name,description,tags,default_queue_type,tracing").body,
            R"({"name":"v","description":"d","tags":["a","b"],"default_queue_type":"classic",)"
            R"("tracing":false})");
  EXPECT_EQ(put("/vhosts/v", R"({"default_queue_type":"foo"})").status, 400U);
  EXPECT_EQ(put("/vhosts/v", R"({"tracing":true})").status, 204U);
  EXPECT_EQ(get("/vhosts/v?columns=tracing").body, R"({"tracing":true})");
  EXPECT_EQ(post("/vhosts/v/deletion/protection").status, 204U);
  EXPECT_EQ(get("/vhosts/v?columns=protected_from_deletion").body,
            R"({"protected_from_deletion":true})");
  EXPECT_EQ(remove("/vhosts/v").status, 412U);
  EXPECT_EQ(remove("/vhosts/v/deletion/protection").status, 204U);
  EXPECT_EQ(remove("/vhosts/v").status, 204U);
  EXPECT_EQ(remove("/vhosts/v").status, 404U);
  EXPECT_EQ(put("/vhost-limits/%2F/max-queues", R"({"value":5})").status, 204U);
  EXPECT_EQ(put("/vhost-limits/%2F/max-connections", R"({"value":6})").status, 204U);
  EXPECT_EQ(remove("/vhost-limits/%2F/max-connections").status, 204U);
  EXPECT_EQ(get("/vhost-limits").body, R"([{"vhost":"/","value":{"max-queues":5}}])");
  EXPECT_EQ(put("/vhost-limits/nov/max-queues", R"({"value":5})"),
            (ApiAnswer{404, R"({"error":"not_found","reason":"vhost_not_found"})"}));
}

TEST_F(ApiAccessTest, Policies) {
  const std::string body =
      R"({"pattern":"^a","definition":{"max-length":5},"priority":1,"apply-to":"queues"})";
  const std::string shown = R"({"vhost":"/","name":"p","pattern":"^a","apply-to":"queues",)"
                            R"("definition":{"max-length":5},"priority":1})";
  for (const std::string path : {"/policies", "/operator-policies"}) {
    EXPECT_EQ(put(path + "/%2F/p", body).status, 201U);
    EXPECT_EQ(put(path + "/%2F/p", body).status, 204U);
    EXPECT_EQ(get(path + "/%2F/p").body, shown);
    EXPECT_EQ(get(path).body, "[" + shown + "]");
    EXPECT_EQ(get(path + "/other").body, "[]");
    EXPECT_EQ(get(path + "/nov").status, 404U);
    EXPECT_EQ(put(path + "/%2F/q", R"({"definition":{}})"),
              (ApiAnswer{400, test::bad_request_body(R"("[{key_missing,pattern}]")")}));
    EXPECT_EQ(put(path + "/%2F/q", R"({"pattern":"a","definition":{"foo":1}})").status, 400U);
    EXPECT_EQ(remove(path + "/%2F/p").status, 204U);
    EXPECT_EQ(remove(path + "/%2F/p").status, 404U);
  }
}

TEST_F(ApiAccessTest, AUserWithoutAPasswordCanBeStored) {
  EXPECT_EQ(put("/users/bob", R"({"tags":["administrator"]})").status, 201U);
  const core::UserInfo* user = thread_->view().topology().access().find_user("bob");
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->spec.password_hash, "");
  EXPECT_EQ(user->spec.hashing_algorithm, core::sha256_name);
}

TEST_F(ApiAccessTest, Parameters) {
  // What the cluster is called is one of them: every shard knows before the answer.
  const auto known = [this](const Request& what) {
    const std::unique_ptr<test::FakeExchange> exchange = begin(what);
    for (core::ShardId shard = 0; shard < 2; ++shard) acknowledge(shard);
    return exchange->status();
  };
  EXPECT_EQ(known({"PUT", "/global-parameters/g", R"({"value":{"b":[1]}})"}), 201U);
  EXPECT_EQ(known({"PUT", "/global-parameters/g", R"({"value":{"b":[2]}})"}), 204U);
  EXPECT_EQ(get("/global-parameters/g").body, R"({"name":"g","value":{"b":[2]}})");
  EXPECT_EQ(known({"DELETE", "/global-parameters/g"}), 204U);
  EXPECT_EQ(remove("/global-parameters/g").status, 404U);
  EXPECT_EQ(put("/parameters/foo/%2F/x", R"({"value":1})").status, 400U);
  EXPECT_EQ(put("/parameters/vhost-limits/%2F/limits", R"({"value":{"max-queues":7}})").status,
            201U);
  EXPECT_EQ(get("/parameters/vhost-limits/%2F/limits").body,
            R"({"value":{"max-queues":7},"vhost":"/","component":"vhost-limits","name":"limits"})");
  EXPECT_EQ(get("/parameters/foo").body, "[]");
  EXPECT_EQ(remove("/parameters/vhost-limits/%2F/limits").status, 204U);
  EXPECT_EQ(known({"PUT", "/cluster-name", R"({"name":"rabbits"})"}), 204U);
  EXPECT_EQ(get("/cluster-name").body, R"({"name":"rabbits"})");
}

}  // namespace
}  // namespace lepus::server
