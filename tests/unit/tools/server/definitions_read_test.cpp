// Reading definitions files: what each element becomes, and that each thing wrong is said with the
// file, the path to it and what to do.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/access/password_hash.h"
#include "core/limits.h"
#include "core/message/field_table.h"
#include "persist/catalog/access_rows.h"
#include "tools/server/definitions/definitions.h"

namespace lepus::server {
namespace {

using core::FieldTable;
using persist::DefinitionKind;

const DefinitionsScope whole_broker;

Definitions read_text(const std::string& text) {
  Definitions out;
  Findings findings;
  parse_definitions({"d.json", text}, whole_broker, out, findings);
  EXPECT_EQ(findings.error(), "");
  EXPECT_TRUE(findings.warnings().empty()) << findings.warnings().front();
  return out;
}
std::string trouble(const std::string& text) {
  Definitions out;
  Findings findings;
  parse_definitions({"d.json", text}, whole_broker, out, findings);
  return findings.error();
}
std::vector<std::string> warnings_of(const std::string& text) {
  Definitions out;
  Findings findings;
  parse_definitions({"d.json", text}, whole_broker, out, findings);
  EXPECT_EQ(findings.error(), "");
  return findings.warnings();
}
std::vector<persist::DefinitionRow> rows_of(const Definitions& definitions, DefinitionKind kind) {
  std::vector<persist::DefinitionRow> rows;
  for (const DefinedRow& one : definitions.rows)
    if (one.kind == kind) rows.push_back(one.row);
  return rows;
}

TEST(DefinitionsRead, NothingAndUnknownKeys) {
  const Definitions none = read_text("{}");
  EXPECT_TRUE(none.vhosts.empty());
  const Definitions more = read_text(R"({"shovels": 7, "explanation": "x", "queues": [
      {"name": "q", "vhost": "/", "durable": true, "some day": {"a": 1}}]})");
  ASSERT_EQ(more.queues.size(), 1U);
  EXPECT_EQ(more.queues[0].path, "d.json: queues[0]");
  EXPECT_EQ(more.queues[0].vhost, "/");
}

TEST(DefinitionsRead, ExchangesAndBindings) {
  const Definitions all = read_text(R"({
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
  const Definitions all = read_text(R"({"queues": [{"name": "q", "vhost": "/", "arguments": {
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
  const Definitions all = read_text(R"({"users": [
    {"name": "old", "password_hash": ")" +
                                    hash + R"(", "tags": "administrator, monitoring"},
    {"name": "none", "password_hash": "", "tags": ""},
    {"name": "new", "password_hash": ")" +
                                    hash + R"(", "tags": ["a"], "limits": {"m": 1},
     "hashing_algorithm": "rabbit_password_hashing_sha256"}]})");
  const auto users = rows_of(all, DefinitionKind::users);
  ASSERT_EQ(users.size(), 3U);
  EXPECT_EQ(users[0].values,
            (std::vector<std::string>{"old", hash, "rabbit_password_hashing_sha256",
                                      R"(["administrator","monitoring"])", "{}"}));
  EXPECT_EQ(users[1].values[persist::user_tags], "[]");
  EXPECT_EQ(users[2].values[persist::user_tags], R"(["a"])");
  EXPECT_EQ(users[2].values[persist::user_limits], R"({"m":1})");
}

TEST(DefinitionsRead, WhatIsKeptAsItCame) {
  const Definitions all = read_text(R"({
    "vhosts": [{"name": "/"}, {"name": "v", "metadata": {"tags": []}, "limits": [["a", 1]]}],
    "permissions": [{"user": "u", "vhost": "/", "configure": "^a", "write": "", "read": ".*"}],
    "policies": [{"vhost": "/", "name": "p", "pattern": "x", "definition": {"expires": 9}}],
    "parameters": [{"vhost": "/", "component": "shovel", "name": "s", "value": {"src-uri": "é"}}],
    "global_parameters": [{"name": "cluster_name", "value": "rabbit@host"}]})");
  EXPECT_EQ(all.vhosts.size(), 2U);
  const auto values = [&](DefinitionKind kind) { return rows_of(all, kind).at(0).values; };
  using Values = std::vector<std::string>;
  EXPECT_EQ(values(DefinitionKind::vhost_properties),
            (Values{"v", R"({"metadata":{"tags":[]},"limits":[["a",1]]})"}));
  EXPECT_EQ(values(DefinitionKind::permissions), (Values{"u", "/", "^a", "", ".*"}));
  EXPECT_EQ(values(DefinitionKind::policies),
            (Values{"/", "p", "x", "all", R"({"expires":9})", "0"}));
  EXPECT_EQ(values(DefinitionKind::parameters), (Values{"shovel", "/", "s", R"({"src-uri":"é"})"}));
  EXPECT_EQ(values(DefinitionKind::global_parameters), (Values{"cluster_name", "\"rabbit@host\""}));
}

struct Bad {
  std::string_view text;
  const char* complaint;
};
class DefinitionsBad : public ::testing::TestWithParam<Bad> {};

TEST_P(DefinitionsBad, IsSaidWithItsPath) {
  const std::string text{GetParam().text};
  EXPECT_EQ(trouble(text).rfind(GetParam().complaint, 0), 0U) << trouble(text);
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
            "d.json: queues[0].vhost: it is missing: this is a file of a single virtual host; "
            "name"},
        Bad{R"({"queues": [{"vhost": "/", "name": ""}]})", "d.json: queues[0].name: it is empty"},
        Bad{R"({"queues": [{"vhost": "/", "name": 1}]})",
            "d.json: queues[0].name: expected a string, it is a number"},
        Bad{R"({"queues": [{"vhost": "/", "name": "q", "durable": "yes"}]})",
            "d.json: queues[0].durable: expected true or false, it is a string"},
        Bad{R"({"queues": [{"vhost": "/", "name": "q", "type": "odd"}]})",
            "d.json: queues[0].type: queue 'q' has type 'odd', which is not supported, see docs/"
            "COMPATIBILITY.md; make it classic, quorum or stream"},
        Bad{R"({"queues": [{"vhost": "/", "name": "q", "type": null}]})",
            "d.json: queues[0].type: expected a string, it is null"},
        Bad{R"({"queues": [{"vhost": "/", "name": "\r\n"}]})",
            "d.json: queues[0].name: nothing of it is left"},
        Bad{R"({"queues": [], "queues": []})", "d.json: queues is there 2 times; make it one"},
        Bad{R"({"policies": [{"vhost": "/", "name": "", "pattern": ".*", "definition": {}}]})",
            "d.json: policies[0].name: it is empty; give it a name"},
        Bad{R"({"parameters": [{"vhost": "/", "component": "operator_policy", "name": "",
               "value": {"pattern": ".*", "definition": {"max-length": 1}}}]})",
            "d.json: parameters[0].name: it is empty; give it a name"},
        Bad{R"({"parameters": [{"vhost": "/", "component": "operator_policy", "name": "o",
               "value": 5}]})",
            "d.json: parameters[0].value: Validation failed  not a JSON object"},
        Bad{R"({"policies": [{"vhost": "/", "name": "p", "pattern": ".*", "definition": 5}]})",
            "d.json: policies[0].definition: Validation failed  the definition of a policy is"},
        Bad{R"({"policies": [{"vhost": "/", "name": "p", "pattern": ".*", "apply-to": "all of it",
               "definition": {"max-length": 1}}]})",
            "d.json: policies[0].definition: Validation failed  apply-to 'all of it' is none of"},
        Bad{R"({"parameters": [{"vhost": "/", "component": "vhost-limits", "name": "limits",
               "value": {"max-queues": "many"}}]})",
            "d.json: parameters[0].value: limits of vhost '/': 'max-queues' is not a whole"},
        Bad{R"({"global_parameters": [{"name": "", "value": 1}]})",
            "d.json: global_parameters[0].name: it is empty"},
        Bad{R"({"vhosts": [{"name": "v", "metadata": {"tags": [1]}}]})",
            "d.json: vhosts[0].metadata: vhost 'v': tags: not a list of names"},
        Bad{R"({"users": [{"name": "u", "password_hash": "", "limits": {"max-channels": "x"}}]})",
            "d.json: users[0].limits: user 'u': 'max-channels' is not a whole number"},
        Bad{R"({"users": [{"name": "u", "password_hash": "", "tags": [1]}]})",
            "d.json: users[0].tags: user 'u': tags: not a list of names"},
        Bad{R"({"users": [{"name": "u", "password": 5}]})",
            "d.json: users[0].password: expected a string, it is a number"},
        Bad{R"({"users": [{"name": "u", "password": "a", "password_hash":
               "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h"}]})",
            "d.json: users[0].password: there is a password_hash as well; leave one of them"},
        Bad{R"({"permissions": [{"user": "u", "vhost": "/", "configure": "(a)\\1", "write": "",
               "read": ""}]})",
            "d.json: permissions[0].configure: the regular expression cannot be used: the back "
            "reference '\\1' is not supported; see Patterns in docs/COMPATIBILITY.md"},
        Bad{"\xff\xfe{", "d.json: this is UTF-16 with a byte order mark; save it as UTF-8"},
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
        Bad{R"({"users": [{"name": "u"}]})",
            "d.json: users[0].password_hash: it is missing; give `password`, or"},
        Bad{R"({"users": [{"name": "u", "password_hash": "abc"}]})",
            "d.json: users[0].password_hash: user 'u': the password hash is not base64"},
        Bad{R"({"users": [{"name": "u", "password_hash": "", "tags": 1}]})",
            "d.json: users[0].tags: expected a list of strings"},
        Bad{R"({"users": [{"name": "", "password_hash": ""}]})",
            "d.json: users[0].name: it is empty"},
        Bad{R"({"users": [{"name": "u", "password_hash": "x",
               "hashing_algorithm": "rabbit_password_hashing_md5"}]})",
            "d.json: users[0].password_hash: user 'u': the password hash is made with "
            "rabbit_password_hashing_md5 (MD5)"},
        Bad{R"({"vhosts": [{"name": "a"}, {}]})", "d.json: vhosts[1].name: it is missing"},
        Bad{R"({"policies": [{"vhost": "/", "name": "p", "pattern": "", "definition": {},
               "priority": "1"}]})",
            "d.json: policies[0].priority: expected a whole number, it is a string"},
        Bad{R"({"permissions": [{"user": "u", "vhost": "/", "configure": ".*", "write": ".*"}]})",
            "d.json: permissions[0].read: it is missing"}));

TEST(DefinitionsRead, LongNamesAndDeepTables) {
  const std::string letters(256, 'n');
  EXPECT_EQ(trouble(R"({"queues": [{"vhost": "/", "name": ")" + letters + "\"}]}"),
            "d.json: queues[0].name: it has 256 bytes, at most 255 are possible ('" +
                std::string(100, 'n') + "...' in '/')");
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
  Findings findings;
  read_definitions(directory_, whole_broker, out, findings);
  ASSERT_EQ(findings.error(), "");
  ASSERT_EQ(out.vhosts.size(), 2U);
  EXPECT_EQ(out.vhosts[0].vhost, "a");
  EXPECT_EQ(out.vhosts[1].path, directory_ + "/20.json: vhosts[0]");
  EXPECT_EQ(rows_of(out, DefinitionKind::global_parameters).at(1).values[1], "2");
  put("15.json", "{");
  put("16.json", R"({"queues": [{"name": "q"}]})");
  read_definitions(directory_, whole_broker, out, findings);
  ASSERT_EQ(findings.problems().size(), 2U) << findings.error();
  EXPECT_EQ(findings.problems()[0].rfind(directory_ + "/15.json: this is not", 0), 0U);
  EXPECT_EQ(findings.problems()[1].rfind(directory_ + "/16.json: queues[0].vhost", 0), 0U);
}

TEST_F(DefinitionsFiles, WhatCannotBeRead) {
  const auto trouble_with = [](const std::string& path) {
    Definitions out;
    Findings findings;
    read_definitions(path, whole_broker, out, findings);
    return findings.error();
  };
  EXPECT_EQ(trouble_with(directory_), "load_definitions: no file *.json in " + directory_ +
                                          "; put one there or unset the key");
  EXPECT_EQ(trouble_with(directory_ + "/no.json"),
            "load_definitions: cannot read " + directory_ +
                "/no.json: No such file or directory; correct the path or unset the key");
}

TEST(DefinitionsRead, TheTypeOfAQueueIsThatOfItsArgument) {
  const Definitions all = read_text(R"({"queues": [
    {"name": "a", "vhost": "/", "type": "quorum", "arguments": {"x-queue-type": "quorum"}},
    {"name": "b", "vhost": "/", "type": "stream"},
    {"name": "c", "vhost": "/", "type": "classic"},
    {"name": "d", "vhost": "/"}]})");
  const auto type = [&](std::size_t index) {
    const std::string& arguments = all.queues.at(index).request.arguments;
    const auto found = FieldTable{core::as_bytes(arguments)}.find("x-queue-type");
    return found ? std::string{found->text()} : "none";
  };
  EXPECT_EQ(type(0) + " " + type(1) + " " + type(2) + " " + type(3), "quorum stream none none");
  EXPECT_TRUE(all.queues[2].is_classic);
  EXPECT_FALSE(all.queues[3].is_classic);
  const auto warnings = warnings_of(R"({"queues": [{"name": "a", "vhost": "/", "type": "classic",
                                        "arguments": {"x-queue-type": "quorum"}}]})");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0],
            "d.json: queues[0].type: it is 'classic', but the argument x-queue-type "
            "says something else, which counts");
}

TEST(DefinitionsRead, ExchangesOfTheBrokerAreSkipped) {
  const auto warnings = warnings_of(R"({"exchanges": [
    {"name": "", "vhost": "/", "type": "direct"}, {"name": "amq.topic", "vhost": "/",
     "type": "topic"}, {"name": "amq.odd", "vhost": "/", "type": "x-odd"}]})");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].rfind("d.json: exchanges[0] and 2 more: the default exchange", 0), 0U);
}

TEST(DefinitionsRead, PasswordsInPlainTextAreHashed) {
  const Definitions all = read_text(R"({"users": [{"name": "a", "password": "one", "tags": ""},
      {"name": "b", "password": "", "tags": ""}]})");
  persist::StoredDefinitions stored_rows;
  core::Random random{7};
  EXPECT_EQ(merge_rows(all, random, stored_rows).size(), 2U);
  core::UserSpec user;
  ASSERT_EQ(persist::read_user(stored_rows.of(DefinitionKind::users)[0], user), "");
  core::PasswordHash hash;
  ASSERT_EQ(hash.read(user.hashing_algorithm, user.password_hash), "");
  EXPECT_TRUE(hash.matches("one"));
  EXPECT_EQ(stored_rows.of(DefinitionKind::users)[1].values[persist::user_hash], "");
  EXPECT_TRUE(merge_rows(all, random, stored_rows).empty()) << "the password is the same";
  const Definitions other =
      read_text(R"({"users": [{"name": "a", "password": "two", "tags": ""}]})");
  EXPECT_EQ(merge_rows(other, random, stored_rows).size(), 1U);
}

TEST(DefinitionsRead, FilesOfASingleVirtualHost) {
  const std::string text = R"({"queues": [{"name": "q"}], "bindings": [{"source": "x",
    "destination": "q", "destination_type": "queue", "routing_key": ""}],
    "policies": [{"name": "p", "pattern": "", "definition": {"max-length": 1}}]})";
  const auto read = [](const std::string& from, const DefinitionsScope& scope, Findings& findings) {
    Definitions out;
    parse_definitions({"d.json", from}, scope, out, findings);
    return out;
  };
  Findings wanted;
  const Definitions all = read(text, {"v", true}, wanted);
  EXPECT_TRUE(wanted.ok() && wanted.warnings().empty()) << wanted.error();
  EXPECT_EQ(all.queues.at(0).vhost + all.bindings.at(0).vhost + all.rows.at(0).row.values[0],
            "vvv");
  Findings at_start;
  EXPECT_EQ(read(text, {"/", false}, at_start).queues.at(0).vhost, "/");
  ASSERT_EQ(at_start.warnings().size(), 1U);
  EXPECT_EQ(at_start.warnings()[0],
            "d.json and 2 more: there is no virtual host in the file, '/' is taken");
  Findings whole;
  (void)read(R"({"vhosts": [], "queues": [{"name": "q"}]})", {"/", false}, whole);
  EXPECT_EQ(whole.error(),
            "d.json: queues[0].vhost: it is missing; name the virtual host it is in ('q')");
  Findings other;
  (void)read(R"({"queues": [{"name": "q", "vhost": "w"}]})", {"v", true}, other);
  EXPECT_EQ(other.error().rfind("d.json: queues[0].vhost: it is 'w', but --vhost says 'v'", 0), 0U);
}

TEST(DefinitionsRead, AByteOrderMarkIsNoText) {
  EXPECT_EQ(
      read_text("\xef\xbb\xbf{\"queues\": [{\"name\": \"q\", \"vhost\": \"/\"}]}").queues.size(),
      1U);
}

TEST(DefinitionsRead, AllProblemsAreListed) {
  const std::string text = R"({"queues": [7, {"name": "q", "vhost": 5}, {"name": "good",
      "vhost": "/"}], "exchanges": {}, "users": [{"name": "u"}]})";
  Definitions out;
  Findings findings;
  parse_definitions({"d.json", text}, whole_broker, out, findings);
  EXPECT_EQ(findings.problems().size(), 4U) << findings.error();
  EXPECT_EQ(out.queues.size(), 1U);
  Findings skipping{OnUnsupported::skip};
  parse_definitions({"d.json", text}, whole_broker, out, skipping);
  EXPECT_EQ(skipping.problems().size(), 1U) << "a section that is none is not skipped";
  ASSERT_EQ(skipping.warnings().size(), 3U);
  EXPECT_EQ(skipping.warnings()[1],
            "skipped: d.json: queues[0]: expected an object, it is a number");
}

std::string policy_file(std::string_view definition) {
  return std::string{R"({"policies": [{"vhost": "/", "name": "p", "pattern": "", "definition": )"} +
         std::string{definition} + "}]}";
}

TEST(DefinitionsRead, PolicyKeysAreTakenWarnedOfOrRefused) {
  EXPECT_TRUE(warnings_of(policy_file(R"({"max-length": 5, "alternate-exchange": "x"})")).empty());
  const std::vector<std::string> warnings = warnings_of(
      policy_file(R"({"ha-mode": "all", "federation-upstream-set": "all", "max-age": "1D"})"));
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[0].rfind("d.json: policies[0]: the policy key 'federation-upstream-set' is "
                              "kept and has no effect: its plugin",
                              0),
            0U)
      << warnings[0];
  EXPECT_NE(warnings[1].find("'ha-mode' is kept and has no effect: there is one node"),
            std::string::npos);
  EXPECT_EQ(trouble(policy_file(R"({"max-lenght": 5, "expires": "soon"})")),
            "d.json: policies[0].definition: 'max-lenght' is not a recognised policy setting; "
            "'expires' = soon: \"expected integer, got longstr\"; take it out of the file ('p' in "
            "'/')");
  const std::string guard = R"({"parameters": [{"component": "operator_policy", "vhost": "/",
      "name": "o", "value": {"pattern": "", "definition": {"overflow": "drop-head"}}}]})";
  EXPECT_NE(trouble(guard).find("'overflow' is not a recognised operator policy setting"),
            std::string::npos);
}

TEST(DefinitionsRead, WithSkippingAPolicyGoesByItsOtherKeys) {
  Definitions out;
  Findings findings{OnUnsupported::skip};
  parse_definitions({"d.json", policy_file(R"({"max-lenght": 5, "expires": 9})")}, whole_broker,
                    out, findings);
  EXPECT_TRUE(findings.ok());
  EXPECT_EQ(rows_of(out, DefinitionKind::policies).size(), 1U);
}

TEST(DefinitionsRead, ProblemsNameTheElement) {
  EXPECT_EQ(trouble(R"({"queues": [{"name": "q", "vhost": "v", "durable": 1}]})"),
            "d.json: queues[0].durable: expected true or false, it is a number ('q' in 'v')");
  EXPECT_NE(trouble(R"({"bindings": [{"source": "a", "destination": "b", "vhost": "v",
                        "destination_type": "x", "routing_key": ""}]})")
                .find("('a' to 'b' in 'v')"),
            std::string::npos);
  EXPECT_NE(trouble(R"({"permissions": [{"user": "u", "vhost": "v", "write": "", "read": ""}]})")
                .find("('u' in 'v')"),
            std::string::npos);
  const std::string long_name(300, 'n');
  EXPECT_NE(trouble(R"({"users": [{"name": ")" + long_name + R"("}]})").find("nnn...'"),
            std::string::npos);
}

TEST_F(DefinitionsFiles, AHashForWhatIsReadAndItsOrder) {
  const std::string first = directory_ + "/10.json";
  std::ofstream{first} << "{}";
  const std::string of_file = definitions_hash(first);
  EXPECT_EQ(of_file.size(), 64U);
  EXPECT_EQ(definitions_hash(directory_ + "/nothing.json"), "");
  const std::string of_one = definitions_hash(directory_);
  EXPECT_EQ(of_one, of_file);
  std::ofstream{directory_ + "/20.json"} << "{ }";
  const std::string of_two = definitions_hash(directory_);
  EXPECT_NE(of_two, of_one);
  std::ofstream{first} << "{} ";
  EXPECT_NE(definitions_hash(directory_), of_two);
}

TEST(Findings, AreBoundedAndOneLineEach) {
  Findings findings;
  for (int i = 0; i < 1000; ++i) findings.refuse("a\nb" + std::string(5000, 'x'));
  const auto problems = findings.problems();
  ASSERT_EQ(problems.size(), core::limits::definition_findings_max + 1);
  EXPECT_EQ(problems.back(), "and 900 more problems");
  EXPECT_EQ(problems[0].substr(0, 4), "a bx");
  EXPECT_LT(problems[0].size(), 2100U);
}

}  // namespace
}  // namespace lepus::server
