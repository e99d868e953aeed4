// Reading definitions files: what each element becomes, and that each thing wrong is said with the
// file, the path to it and what to do.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/field_table.h"
#include "tools/server/definitions.h"

namespace lepus::server {
namespace {

using core::FieldTable;
using persist::KeptKind;

Definitions parsed(const std::string& text) {
  Definitions out;
  EXPECT_EQ(parse_definitions("d.json", text, out), "");
  return out;
}
std::string trouble(const std::string& text) {
  Definitions out;
  return parse_definitions("d.json", text, out);
}

TEST(DefinitionsRead, NothingAndUnknownKeys) {
  const Definitions none = parsed("{}");
  EXPECT_TRUE(none.vhosts.empty());
  const Definitions more = parsed(R"({"shovels": 7, "explanation": "x", "queues": [
      {"name": "q", "vhost": "/", "durable": true, "some day": {"a": 1}}]})");
  ASSERT_EQ(more.queues.size(), 1U);
  EXPECT_EQ(more.queues[0].path, "d.json: queues[0]");
  EXPECT_EQ(more.queues[0].vhost, "/");
}

TEST(DefinitionsRead, ExchangesAndBindings) {
  const Definitions all = parsed(R"({
    "exchanges": [{"name": "x", "vhost": "v", "type": "topic", "durable": false,
                   "auto_delete": true, "internal": true, "arguments": {}},
                  {"name": "y", "vhost": "v", "type": "headers"}],
    "bindings": [{"source": "x", "vhost": "v", "destination": "q", "destination_type": "queue",
                  "routing_key": "a.#", "arguments": []},
                 {"source": "x", "vhost": "v", "destination": "y", "destination_type": "exchange",
                  "routing_key": "", "arguments": {"x-match": "any"}}]})");
  const core::TopologyRequest& x = all.exchanges.at(0).request;
  EXPECT_EQ(x.type, "topic");
  EXPECT_FALSE(x.durable);
  EXPECT_TRUE(x.auto_delete);
  EXPECT_TRUE(x.internal);
  const core::TopologyRequest& y = all.exchanges.at(1).request;
  EXPECT_TRUE(y.durable);
  EXPECT_FALSE(y.auto_delete);
  EXPECT_FALSE(y.internal);
  const core::TopologyRequest& to_queue = all.bindings.at(0).request;
  EXPECT_EQ(to_queue.kind, core::TopologyRequest::Kind::bind_queue);
  EXPECT_EQ(to_queue.source, "x");
  EXPECT_EQ(to_queue.name, "q");
  EXPECT_EQ(to_queue.key, "a.#");
  EXPECT_EQ(to_queue.arguments, "");
  const core::TopologyRequest& to_exchange = all.bindings.at(1).request;
  EXPECT_EQ(to_exchange.kind, core::TopologyRequest::Kind::bind_exchange);
  EXPECT_FALSE(to_exchange.arguments.empty());
}

TEST(DefinitionsRead, ArgumentsKeepTheirTypes) {
  const Definitions all = parsed(R"({"queues": [{"name": "q", "vhost": "/", "arguments": {
      "text": "\u00e4", "whole": -5,
      "big": 9223372036854775807, "part": 2.5, "round": 2.0,
      "yes": true, "nothing": null, "list": [1, "two", [3]],
      "table": {"in": {"deep": false}}}}]})");
  const std::string& bytes = all.queues.at(0).request.arguments;
  ASSERT_FALSE(FieldTable::validate(core::as_bytes(bytes)));
  const FieldTable table{core::as_bytes(bytes)};
  EXPECT_EQ(table.find("text")->text(), "\xc3\xa4");
  EXPECT_EQ(table.find("whole")->tag, 'l');
  EXPECT_EQ(table.find("whole")->as_int64(), -5);
  EXPECT_EQ(table.find("big")->as_int64(), INT64_MAX);
  EXPECT_EQ(table.find("part")->tag, 'd');
  EXPECT_EQ(table.find("part")->as_double(), 2.5);
  EXPECT_EQ(table.find("round")->as_double(), 2.0);
  EXPECT_TRUE(table.find("yes")->as_bool());
  EXPECT_TRUE(table.find("nothing")->is_void());
  const core::FieldArray list = table.find("list")->array();
  auto at = list.begin();
  EXPECT_EQ((*at).as_int64(), 1);
  ++at;
  EXPECT_EQ((*at).text(), "two");
  ++at;
  EXPECT_EQ((*(*at).array().begin()).as_int64(), 3);
  EXPECT_FALSE(table.find("table")->table().find("in")->table().find("deep")->as_bool());
}

TEST(DefinitionsRead, UsersWithTagsOfOldAndNewFiles) {
  const std::string hash = "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h";
  const Definitions all = parsed(R"({"users": [
    {"name": "old", "password_hash": ")" +
                                 hash + R"(", "tags": "administrator, monitoring"},
    {"name": "none", "password_hash": "", "tags": ""},
    {"name": "new", "password_hash": ")" +
                                 hash + R"(", "tags": ["a"], "limits": {"m": 1},
     "hashing_algorithm": "rabbit_password_hashing_sha256"}]})");
  const auto& users = all.kept.of(KeptKind::users);
  ASSERT_EQ(users.size(), 3U);
  EXPECT_EQ(users[0].values,
            (std::vector<std::string>{"old", hash, "rabbit_password_hashing_sha256",
                                      R"(["administrator","monitoring"])", "{}"}));
  EXPECT_EQ(users[1].values[persist::user_tags], "[]");
  EXPECT_EQ(users[2].values[persist::user_tags], R"(["a"])");
  EXPECT_EQ(users[2].values[persist::user_limits], R"({"m":1})");
}

TEST(DefinitionsRead, WhatIsKeptAsItCame) {
  const Definitions all = parsed(R"({
    "vhosts": [{"name": "/"}, {"name": "v", "metadata": {"tags": []}, "limits": [["a", 1]]}],
    "permissions": [{"user": "u", "vhost": "/", "configure": "^a", "write": "", "read": ".*"}],
    "policies": [{"vhost": "/", "name": "p", "pattern": "x", "definition": {"ha-mode": "all"}}],
    "parameters": [{"vhost": "/", "component": "shovel", "name": "s", "value": {"src-uri": "é"}}],
    "global_parameters": [{"name": "cluster_name", "value": "rabbit@host"}]})");
  EXPECT_EQ(all.vhosts.size(), 2U);
  const auto values = [&](KeptKind kind) { return all.kept.of(kind).at(0).values; };
  using Values = std::vector<std::string>;
  EXPECT_EQ(values(KeptKind::vhost_properties),
            (Values{"v", R"({"metadata":{"tags":[]},"limits":[["a",1]]})"}));
  EXPECT_EQ(values(KeptKind::permissions), (Values{"u", "/", "^a", "", ".*"}));
  EXPECT_EQ(values(KeptKind::policies),
            (Values{"/", "p", "x", "all", R"({"ha-mode":"all"})", "0"}));
  EXPECT_EQ(values(KeptKind::parameters), (Values{"shovel", "/", "s", R"({"src-uri":"é"})"}));
  EXPECT_EQ(values(KeptKind::global_parameters), (Values{"cluster_name", "\"rabbit@host\""}));
}

struct Bad {
  const char* text;
  const char* complaint;
};
class DefinitionsBad : public ::testing::TestWithParam<Bad> {};

TEST_P(DefinitionsBad, IsSaidWithItsPath) {
  EXPECT_EQ(trouble(GetParam().text).rfind(GetParam().complaint, 0), 0U)
      << trouble(GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Each, DefinitionsBad,
    ::testing::Values(
        Bad{"", "d.json: this is not JSON"},
        Bad{"{\n \"queues\": [}", "d.json: this is not JSON at line 2, column 13: "},
        Bad{"[]", "d.json: expected an object with lists like \"queues\", it is a list"},
        Bad{R"({"queues": {}})", "d.json: queues: expected a list, it is an object"},
        Bad{R"({"queues": [7]})", "d.json: queues[0]: expected an object, it is a number"},
        Bad{R"({"queues": [{"name": "q"}]})",
            "d.json: queues[0].vhost: it is missing; only a file"},
        Bad{R"({"queues": [{"vhost": "/", "name": ""}]})", "d.json: queues[0].name: it is empty"},
        Bad{R"({"queues": [{"vhost": "/", "name": 1}]})",
            "d.json: queues[0].name: expected a string, it is a number"},
        Bad{R"({"queues": [{"vhost": "/", "name": "q", "durable": "yes"}]})",
            "d.json: queues[0].durable: expected true or false, it is a string"},
        Bad{R"({"queues": [{"vhost": "/", "name": "q", "type": "quorum"}]})",
            "d.json: queues[0].type: queue 'q' has type 'quorum', which is not supported, see docs/"
            "COMPATIBILITY.md"},
        Bad{R"({"queues": [{"vhost": "/", "name": "q", "arguments": 5}]})",
            "d.json: queues[0].arguments: expected an object"},
        Bad{R"({"queues": [{"vhost": "/", "name": "q", "arguments":
               {"a": [{"b": 18446744073709551615}]}}]})",
            "d.json: queues[0].arguments.a[0].b: the number is above 9223372036854775807"},
        Bad{R"({"exchanges": [{"vhost": "/", "name": "x", "type": "x-jms-topic"}]})",
            "d.json: exchanges[0].type: exchange 'x' has type 'x-jms-topic', which is not "
            "supported, see docs/COMPATIBILITY.md; take the exchange out of the file"},
        Bad{R"({"bindings": [{"vhost": "/", "source": "x", "destination": "q", "routing_key": "",
               "destination_type": "topic"}]})",
            "d.json: bindings[0].destination_type: expected queue or exchange, it is 'topic'"},
        Bad{R"({"users": [{"name": "u"}]})", "d.json: users[0].password_hash: it is missing; give"},
        Bad{R"({"users": [{"name": "u", "password_hash": "abc"}]})",
            "d.json: users[0].password_hash: user 'u': the password hash is not base64"},
        Bad{R"({"users": [{"name": "u", "password_hash": "", "tags": 1}]})",
            "d.json: users[0].tags: expected a list of strings"},
        Bad{R"({"users": [{"name": "", "password_hash": ""}]})",
            "d.json: users[0].name: it is empty"},
        Bad{R"({"users": [{"name": "u", "password_hash": "x",
               "hashing_algorithm": "rabbit_password_hashing_md5"}]})",
            "d.json: users[0].password_hash: user 'u': MD5 hashes are not accepted"},
        Bad{R"({"vhosts": [{"name": "a"}, {}]})", "d.json: vhosts[1].name: it is missing"},
        Bad{R"({"policies": [{"vhost": "/", "name": "p", "pattern": "", "definition": {},
               "priority": "1"}]})",
            "d.json: policies[0].priority: expected a whole number, it is a string"},
        Bad{R"({"permissions": [{"user": "u", "vhost": "/", "configure": ".*", "write": ".*"}]})",
            "d.json: permissions[0].read: it is missing"}));

TEST(DefinitionsRead, LongNamesAndDeepTables) {
  const std::string letters(256, 'n');
  EXPECT_EQ(trouble(R"({"queues": [{"vhost": "/", "name": ")" + letters + "\"}]}"),
            "d.json: queues[0].name: it has 256 bytes, at most 255 are possible");
  const auto nested = [](int depth) {
    std::string text = "1";
    for (int i = 0; i < depth; ++i) text = R"({"a":)" + text + "}";
    return R"({"queues": [{"vhost": "/", "name": "q", "arguments": )" + text + "}]}";
  };
  EXPECT_EQ(trouble(nested(32)), "");
  EXPECT_NE(trouble(nested(33)).find(": nested deeper than 32"), std::string::npos);
  const std::string key = R"({"queues": [{"vhost": "/", "name": "q", "arguments": {")" + letters;
  EXPECT_NE(trouble(key + "\": 1}}]}").find("a name has 256 bytes"), std::string::npos);
}

class DefinitionsFiles : public ::testing::Test {
 protected:
  DefinitionsFiles() {
    std::string base = testing::TempDir() + "lepus-definitions-XXXXXX";
    EXPECT_NE(mkdtemp(base.data()), nullptr);
    directory_ = base;
  }
  ~DefinitionsFiles() override { std::filesystem::remove_all(directory_); }
  void put(const std::string& name, const std::string& text) {
    std::ofstream{directory_ + "/" + name} << text;
  }
  std::string directory_;
};

TEST_F(DefinitionsFiles, ADirectoryInTheOrderOfNames) {
  put("20.json",
      R"({"vhosts": [{"name": "b"}], "global_parameters": [{"name": "g", "value": 2}]})");
  put("10.json",
      R"({"vhosts": [{"name": "a"}], "global_parameters": [{"name": "g", "value": 1}]})");
  put("notes.txt", "no JSON");
  Definitions out;
  ASSERT_EQ(read_definitions(directory_, out), "");
  ASSERT_EQ(out.vhosts.size(), 2U);
  EXPECT_EQ(out.vhosts[0].vhost, "a");
  EXPECT_EQ(out.vhosts[1].path, directory_ + "/20.json: vhosts[0]");
  EXPECT_EQ(out.kept.of(KeptKind::global_parameters).at(0).values[1], "2");
  put("15.json", "{");
  Definitions other;
  EXPECT_EQ(read_definitions(directory_, other).rfind(directory_ + "/15.json: this is not", 0), 0U);
}

TEST_F(DefinitionsFiles, WhatCannotBeRead) {
  Definitions out;
  EXPECT_EQ(read_definitions(directory_, out), "load_definitions: no file *.json in " + directory_ +
                                                   "; put one there or unset the key");
  EXPECT_EQ(read_definitions(directory_ + "/no.json", out),
            "load_definitions: cannot read " + directory_ +
                "/no.json: No such file or directory; correct the path or unset the key");
}

}  // namespace
}  // namespace lepus::server
