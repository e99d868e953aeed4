// Importing definitions: what is new is planned, what is there and equal is left alone, what
// differs is refused; and the way catalog -> file -> catalog loses nothing.
#include "tools/server/definitions/definitions_import.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "core/message/field_table_writer.h"
#include "tests/unit/persist/catalog/catalog_home.h"
#include "tools/server/data_dir.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/definitions_write.h"

namespace lepus::server {
namespace {

const std::vector<std::string> no_vhosts;

Definitions parsed(const std::string& text) {
  Definitions out;
  Findings findings;
  parse_definitions({"d.json", text}, {}, out, findings);
  EXPECT_EQ(findings.error(), "");
  return out;
}

struct Planned : ImportPlan {
  std::string error;
  std::vector<std::string> warnings;
};

/// What is stored, growing from import to import.
struct World {
  core::StoredDefinitions stored;
  core::ShardId shard_count = 3;
  std::vector<std::string> vhosts = {"/"};
  std::string default_type;

  Planned plan(const std::string& text) const {
    const Definitions definitions = parsed(text);
    persist::StoredDefinitions stored_rows;
    core::Random random{1};
    (void)merge_rows(definitions, random, stored_rows);
    Findings findings;
    Planned made{plan_import(stored, {definitions, vhosts, stored_rows, default_type, shard_count},
                             findings),
                 {},
                 {}};
    made.error = findings.error();
    made.warnings = findings.warnings();
    return made;
  }
  /// How many changes; what they are is in `stored` afterwards.
  std::size_t import(const std::string& text) {
    const Planned made = plan(text);
    EXPECT_EQ(made.error, "");
    stored.last_id = made.last_id;
    for (const core::TopologyChange& change : made.changes) stored.changes.push_back(change);
    return made.changes.size();
  }
  std::vector<core::QueueSpec> queues() const {
    std::vector<core::QueueSpec> found;
    for (const core::TopologyChange& change : stored.changes)
      if (const auto* added = std::get_if<core::QueueAdded>(&change)) found.push_back(added->queue);
    return found;
  }
};

const std::string topology = R"({
  "vhosts": [{"name": "v"}],
  "exchanges": [{"name": "x", "vhost": "v", "type": "topic", "durable": true,
                 "arguments": {"alternate-exchange": "y"}},
                {"name": "y", "vhost": "v", "type": "headers", "durable": true}],
  "queues": [{"name": "q", "vhost": "v", "durable": true, "auto_delete": false,
              "arguments": {"x-max-length": 10, "x-queue-type": "classic"}},
             {"name": "amq.gen-abc", "vhost": "v", "durable": true, "arguments": {}},
             {"name": "gone", "vhost": "v", "durable": false, "arguments": {}}],
  "bindings": [{"source": "x", "vhost": "v", "destination": "q", "destination_type": "queue",
                "routing_key": "a.*", "arguments": {}},
               {"source": "x", "vhost": "v", "destination": "y", "destination_type": "exchange",
                "routing_key": "#", "arguments": {}},
               {"source": "y", "vhost": "v", "destination": "q", "destination_type": "queue",
                "routing_key": "", "arguments": {"x-match": "any", "n": 1}}]})";

TEST(DefinitionsImport, IsIdempotent) {
  World world;
  // Two virtual hosts with seven exchanges each, two exchanges, three queues, three bindings.
  EXPECT_EQ(world.import(topology), 2 * 8 + 2 + 3 + 3U);
  const std::uint64_t last_id = world.stored.last_id;
  EXPECT_EQ(world.import(topology), 0U);
  EXPECT_EQ(world.stored.last_id, last_id);
  const std::string other_order = R"({"bindings": [{"source": "y", "vhost": "v",
    "destination": "q", "destination_type": "queue", "routing_key": "",
    "arguments": {"n": 1, "x-match": "any"}}]})";
  EXPECT_EQ(world.import(other_order), 0U);
}

TEST(DefinitionsImport, NewQueuesAreSpreadOverTheShards) {
  World world;
  std::string list;
  for (int i = 0; i < 7; ++i)
    list +=
        std::string{i == 0 ? "" : ","} + R"({"vhost": "/", "name": "q)" + std::to_string(i) + "\"}";
  world.import(R"({"queues": [)" + list + "]}");
  std::vector<core::ShardId> homes;
  for (const core::QueueSpec& queue : world.queues()) homes.push_back(queue.home);
  EXPECT_EQ(homes, (std::vector<core::ShardId>{0, 1, 2, 0, 1, 2, 0}));
  // A start with fewer shards reads homes that are gone.
  world.shard_count = 1;
  EXPECT_EQ(world.import(R"({"queues": [{"vhost": "/", "name": "new"}]})"), 1U);
  EXPECT_EQ(world.queues().back().home, 0);
}

TEST(DefinitionsImport, VhostsOfTheConfigurationAreThere) {
  World world;
  EXPECT_EQ(world.import(R"({"queues": [{"vhost": "/", "name": "q"}]})"), 8 + 1U);
  EXPECT_EQ(world.plan(R"({"queues": [{"vhost": "z", "name": "q"}]})").error,
            "d.json: queues[0].vhost: there is no virtual host 'z'; add it to the file's vhosts, "
            "to the key vhosts, or with lepusctl add_vhost ('q')");
}

TEST(DefinitionsImport, WhatDiffersIsRefusedInRabbitMqsWords) {
  struct Case {
    const char* text;
    const char* complaint;
  };
  const Case cases[] = {
      {R"({"queues": [{"name": "q", "vhost": "v", "durable": false,
           "arguments": {"x-max-length": 10}}]})",
       "d.json: queues[0]: PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost "
       "'v': received 'false' but current is 'true'; make the file agree with what there is, or "
       "delete that first"},
      {R"({"queues": [{"name": "new", "vhost": "v"}, {"name": "q", "vhost": "v",
           "arguments": {"x-max-length": 11}}]})",
       "d.json: queues[1]: PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in "
       "vhost 'v': received '11' but current is '10'; "},
      {R"({"exchanges": [{"name": "x", "vhost": "v", "type": "fanout"}]})",
       "d.json: exchanges[0]: PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'x' in "
       "vhost 'v': received 'fanout' but current is 'topic'; "},
      {R"({"queues": [{"name": "s", "vhost": "v", "arguments": {
           "x-dead-letter-exchange": "", "x-dead-letter-strategy": "never"}}]})",
       "d.json: queues[0]: PRECONDITION_FAILED - invalid arg 'x-dead-letter-strategy' for queue "
       "'s' in vhost 'v': invalid_dlx_strategy; correct it in the file or take it out"},
      {R"({"queues": [{"name": "s", "vhost": "v", "arguments": {"x-max-length": "many"}}]})",
       "d.json: queues[0]: PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 's' in vhost "
       "'v': "},
      {R"({"queues": [{"name": "s", "vhost": "v", "type": "quorum", "durable": false}]})",
       "d.json: queues[0]: PRECONDITION_FAILED - "},
  };
  World world;
  world.import(topology);
  for (const Case& one : cases)
    EXPECT_EQ(world.plan(one.text).error.rfind(one.complaint, 0), 0U) << world.plan(one.text).error;
}

TEST(DefinitionsImport, BindingsOfWhatIsNowhereAreLeftOut) {
  World world;
  world.import(topology);
  const Planned plan = world.plan(R"({"bindings": [
    {"source": "x", "vhost": "v", "destination": "exclusive", "destination_type": "queue",
     "routing_key": "", "arguments": {}},
    {"source": "internal", "vhost": "v", "destination": "q", "destination_type": "queue",
     "routing_key": "", "arguments": {}},
    {"source": "", "vhost": "v", "destination": "q", "destination_type": "queue",
     "routing_key": "q", "arguments": {}},
    {"source": "", "vhost": "v", "destination": "q", "destination_type": "queue",
     "routing_key": "other", "arguments": {}},
    {"source": "x", "vhost": "v", "destination": "q", "destination_type": "queue",
     "routing_key": "new", "arguments": {}}]})");
  EXPECT_EQ(plan.error, "");
  EXPECT_EQ(plan.changes.size(), 1U);
  ASSERT_EQ(plan.warnings.size(), 2U);
  EXPECT_EQ(plan.warnings[0].rfind("d.json: bindings[3] (from '' to 'q' in vhost 'v'): bindings "
                                   "from the default exchange have no effect",
                                   0),
            0U);
  EXPECT_EQ(plan.warnings[1].rfind("d.json: bindings[0] (from 'x' to 'exclusive' in vhost 'v') and "
                                   "1 more: the source or destination is neither",
                                   0),
            0U);
}

TEST(DefinitionsImport, TheDefaultTypeOfTheVirtualHostCounts) {
  World world;
  const std::string vhost = R"({"vhosts": [{"name": "v", "metadata": {"default_queue_type":
                            "quorum"}}], "queues": [)";
  const auto types = [&]() {
    std::string all;
    for (const core::QueueSpec& queue : world.queues())
      all += queue.name + "=" + std::string{core::queue_type_name(queue.parsed->queue_type)} + " ";
    return all;
  };
  const std::string old =
      R"({"vhosts": [{"name": "v"}], "queues": [{"name": "old", "vhost": "v"}]})";
  world.import(old);
  const std::string text = vhost + R"({"name": "old", "vhost": "v"}, {"name": "none", "vhost": "v"},
    {"name": "said", "vhost": "v", "type": "classic"},
    {"name": "classic", "vhost": "v", "arguments": {"x-queue-type": "classic"}},
    {"name": "log", "vhost": "v", "type": "stream"},
    {"name": "short", "vhost": "v", "auto_delete": true}]})";
  const auto warnings = world.plan(text).warnings;
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].rfind("d.json: queues[2]: the type is classic, but", 0), 0U);
  world.import(text);
  EXPECT_EQ(types(),
            "old=classic none=quorum said=quorum classic=classic log=stream short=classic ");
  EXPECT_EQ(world.import(text), 0U);
  EXPECT_EQ(world.import(old), 0U) << "without the default it is there already, too";
  world.default_type = "stream";
  world.import(R"({"queues": [{"name": "node", "vhost": "/"}, {"name": "own", "vhost": "v"}]})");
  EXPECT_EQ(world.queues()[6].parsed->queue_type, core::QueueType::stream) << "of the node";
}

TEST(DefinitionsImport, WhatIsRefusedLeavesTheRest) {
  World world;
  const Definitions definitions = parsed(R"({"queues": [{"name": "a", "vhost": "no"},
    {"name": "b", "vhost": "/"}, {"name": "c", "vhost": "/", "arguments": {"x-max-length": "x"}}],
    "policies": [{"vhost": "gone", "name": "p", "pattern": "", "definition": {"expires": 1}}]})");
  Definitions checked = definitions;
  Findings findings{OnUnsupported::skip};
  check_rows(vhosts_with(world.stored, checked, world.vhosts), checked, findings);
  EXPECT_TRUE(checked.rows.empty());
  const persist::StoredDefinitions stored_rows;
  const ImportPlan plan = plan_import(
      world.stored, {checked, world.vhosts, stored_rows, world.default_type, 1}, findings);
  EXPECT_EQ(plan.changes.size(), 8 + 1U);
  EXPECT_EQ(findings.error(), "");
  EXPECT_EQ(findings.warnings().size(), 3U);
}

// ---- With a catalog -----------------------------------------------------------------------------

class DefinitionsStoreTest : public persist::test::CatalogTest {
 protected:
  std::string start(const std::string& file) {
    catalog_.reset();
    catalog_ = std::make_unique<persist::Catalog>();
    EXPECT_EQ(catalog_->open({path_, 4711}), "");
    ServerConfig config;
    config.data_dir = directory_;
    config.load_definitions = file;
    config.import_rules.on_unsupported = on_unsupported_;
    begun_ = {};
    return load_start_definitions({config, *catalog_, log_, 2}, begun_);
  }
  std::string file(const std::string& text) {
    const std::string path = directory_ + "/d.json";
    std::ofstream{path} << text;
    return path;
  }
  std::string exported() {
    std::string text;
    EXPECT_EQ(write_definitions({begun_.stored, begun_.stored_rows, "P", "1.2"}, text), "");
    return text;
  }

  core::NullLog log_;
  OnUnsupported on_unsupported_ = OnUnsupported::refuse;
  StartDefinitions begun_;
};

const std::string repository_file = "tests/restart/data/rabbitmq-3.10.8.json";

/// Seen from where the test runs; empty when that is not inside the repository.
std::string find_repository_file() {
  for (auto at = std::filesystem::current_path(); at.has_relative_path(); at = at.parent_path())
    if (std::filesystem::exists(at / repository_file)) return at / repository_file;
  return {};
}

TEST_F(DefinitionsStoreTest, ExportImportExportIsTheSame) {
  const std::string original = find_repository_file();
  if (original.empty()) GTEST_SKIP() << "not run inside the repository";
  ASSERT_EQ(start(original), "");
  ASSERT_EQ(start(""), "");  // Only what the catalog holds.
  const std::string first = exported();
  EXPECT_NE(first.find("\"invoices\""), std::string::npos);
  EXPECT_NE(first.find("tmp.ä"), std::string::npos);
  EXPECT_EQ(first.find("\"transient\""), std::string::npos);
  EXPECT_EQ(first.find("\"amq.direct\""), std::string::npos);
  const std::string again = file(first);
  std::filesystem::remove(path_);
  ASSERT_EQ(start(again), "");
  EXPECT_EQ(exported(), first);
  ASSERT_EQ(start(""), "");
  EXPECT_EQ(exported(), first);
  ASSERT_EQ(start(again), "");  // And over what is there.
  EXPECT_FALSE(catalog_->has_changes());
  EXPECT_EQ(exported(), first);
}

TEST_F(DefinitionsStoreTest, EveryArgumentComesBack) {
  const std::string given = file(R"({"queues": [{"vhost": "/", "name": "q", "arguments": {
      "a": "\u00e4\"\\\n", "b": -1, "c": 1.5, "d": 2.0, "e": 1e300, "f": true, "g": null, "h": [],
      "i": {}, "j": [[1, 2.5, {"k": [false]}]], "": "no name"}}],
      "policies": [{"vhost": "/", "name": "p", "pattern": "", "apply-to": "queues", "priority": -3,
                    "definition": {"ha-mode": 1e300, "ha-params": [1.0, null]}}]})");
  ASSERT_EQ(start(given), "");
  ASSERT_EQ(start(""), "");
  const std::string first = exported();
  std::filesystem::remove(path_);
  ASSERT_EQ(start(file(first)), "");
  EXPECT_EQ(exported(), first);
  EXPECT_NE(first.find("\"d\": 2.0"), std::string::npos) << first;
  EXPECT_NE(first.find("\"g\": null"), std::string::npos) << first;
}

TEST_F(DefinitionsStoreTest, OperatorPoliciesBecomeWhatRabbitMqReads) {
  ASSERT_EQ(start(file(R"({"parameters": [{"component": "operator_policy", "vhost": "/",
      "name": "p", "value": {"pattern": ".*", "definition": [["max-length", 7]]}}]})")),
            "");
  const std::string text = exported();
  EXPECT_NE(text.find("\"definition\": {\n          \"max-length\": 7"), std::string::npos) << text;
}

TEST_F(DefinitionsStoreTest, ABadFileChangesNothing) {
  ASSERT_EQ(start(file(topology)), "");
  const std::string before = exported();
  const std::string bad = R"({"vhosts": [{"name": "new"}],
      "users": [{"name": "u", "password_hash": ""}],
      "queues": [{"name": "good", "vhost": "v"}, {"name": "q", "vhost": "v", "durable": false}]})";
  EXPECT_NE(start(file(bad)).find("/d.json: queues[1]: PRECONDITION_FAILED"), std::string::npos);
  EXPECT_FALSE(catalog_->has_changes());
  ASSERT_EQ(start(""), "");
  ASSERT_EQ(begun_.stored_rows.of(persist::DefinitionKind::users).size(), 1U);
  EXPECT_EQ(begun_.stored_rows.of(persist::DefinitionKind::users)[0].values[persist::user_name],
            "guest");
  ASSERT_EQ(start(file(topology)), "");
  EXPECT_EQ(exported(), before);
}

TEST_F(DefinitionsStoreTest, SkippingGoesOnWithoutIt) {
  const std::string bad = R"({"users": [{"name": "u", "password_hash": "x"}],
      "queues": [{"name": "good", "vhost": "/"}, {"name": "bad", "vhost": "no"}]})";
  EXPECT_NE(start(file(bad)), "");
  on_unsupported_ = OnUnsupported::skip;
  ASSERT_EQ(start(file(bad)), "");
  const std::string text = exported();
  EXPECT_NE(text.find("\"good\""), std::string::npos);
  EXPECT_EQ(text.find("\"bad\""), std::string::npos);
  EXPECT_NE(text.find("\"guest\""), std::string::npos) << "no user of the file was taken";
}

TEST_F(DefinitionsStoreTest, EveryTypeOfQueueComesBack) {
  ASSERT_EQ(start(file(R"({"queues": [{"vhost": "/", "name": "c"},
      {"vhost": "/", "name": "q", "type": "quorum"}, {"vhost": "/", "name": "s",
       "type": "stream", "arguments": {"x-queue-type": "stream", "x-max-age": "1h"}}]})")),
            "");
  ASSERT_EQ(start(""), "");
  const std::string first = exported();
  for (const char* type : {"classic", "quorum", "stream"})
    EXPECT_NE(first.find("\"type\": \"" + std::string{type}), std::string::npos) << first;
  std::filesystem::remove(path_);
  ASSERT_EQ(start(file(first)), "");
  EXPECT_EQ(exported(), first);
}

TEST_F(DefinitionsStoreTest, WhatIsKeptFollowsTheFile) {
  const auto users = [&](const std::string& tags) {
    return file(R"({"users": [{"name": "u", "password_hash": "", "tags": ")" + tags + "\"}]}");
  };
  ASSERT_EQ(start(users("a")), "");
  ASSERT_EQ(start(users("b")), "");
  ASSERT_EQ(start(""), "");
  ASSERT_EQ(begun_.stored_rows.of(persist::DefinitionKind::users).size(), 1U);
  EXPECT_EQ(begun_.stored_rows.of(persist::DefinitionKind::users)[0].values[persist::user_tags],
            "[\"b\"]");
}

TEST_F(DefinitionsStoreTest, WhatJsonCannotHoldIsNamed) {
  restart();
  add_vhost("/");
  persist::test::TopologyRequest request = queue("q");
  core::FieldTableWriter table;
  table.begin_array("list");
  table.text({}, "good");
  table.text({}, "\xff");
  table.end();
  request.arguments = table.take();
  must(request);
  commit();
  ASSERT_EQ(start(""), "");
  std::string text;
  EXPECT_EQ(write_definitions({begun_.stored, begun_.stored_rows, "P", "1"}, text),
            "queue 'q': arguments.list[1]: its bytes are no UTF-8 text, JSON cannot hold them");
}

TEST_F(DefinitionsStoreTest, TheExportNeedsAStoppedBroker) {
  ServerConfig config;
  config.data_dir = directory_;
  const std::string target = directory_ + "/out.json";
  EXPECT_NE(export_definitions(config, target).find("there is no catalog " + path_),
            std::string::npos);
  ASSERT_EQ(start(file(topology)), "");
  catalog_.reset();
  {
    DataDir broker;
    ASSERT_EQ(broker.open(directory_), "");
    EXPECT_NE(export_definitions(config, target).find("another lepus (pid "), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(target));
  }
  EXPECT_EQ(export_definitions(config, target), "");
  EXPECT_GT(std::filesystem::file_size(target), 100U);
  EXPECT_EQ(std::filesystem::status(target).permissions() & std::filesystem::perms::group_read,
            std::filesystem::perms::none);
  EXPECT_NE(export_definitions(config, directory_ + "/no/out.json").find("cannot write "),
            std::string::npos);
}

/// A queue is restored when it is added: what its messages still have to live must be known then.
TEST_F(DefinitionsStoreTest, PoliciesComeBeforeTheirQueues) {
  const std::string path = file(R"({"vhosts": [{"name": "/"}],
    "queues": [{"name": "q", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {}}],
    "policies": [{"vhost": "/", "name": "p", "pattern": "q", "apply-to": "queues", "priority": 0,
                  "definition": {"message-ttl": 1000}}]})");
  ASSERT_EQ(start(path), "");
  std::string order;
  for (const core::TopologyChange& change : begun_.stored.changes) {
    if (std::holds_alternative<core::VhostAdded>(change)) order += 'v';
    if (std::holds_alternative<core::PolicyPut>(change)) order += 'p';
    if (std::holds_alternative<core::QueueAdded>(change)) order += 'q';
  }
  EXPECT_EQ(order, "vpq");
}

}  // namespace
}  // namespace lepus::server
