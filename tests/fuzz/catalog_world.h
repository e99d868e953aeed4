// A catalog with a row of every kind, changes of single values as a person or a damaged disk makes
// them, and a start of the broker on what is there then: for the unit test that tries every column
// and for the fuzzer. What must hold: the start is refused with a text that names the catalog, or
// goes all the way, and the topology that comes out of it can be changed and stored.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "core/topology/topology.h"
#include "core/topology/topology_rules.h"
#include "persist/catalog/catalog.h"
#include "tools/server/definitions/definitions_access.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/definitions_write.h"

namespace lepus::persist {

class CatalogWorld {
 public:
  CatalogWorld() {
    // A catalog syncs each commit: in memory where that is possible.
    const bool has_memory = std::filesystem::is_directory("/dev/shm");
    const std::filesystem::path temporary =
        has_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string base = (temporary / "lepus-rows-XXXXXX").string();
    CHECK(mkdtemp(base.data()) != nullptr);
    directory_ = base;
    make_original();
  }
  ~CatalogWorld() { std::filesystem::remove_all(directory_); }
  CatalogWorld(const CatalogWorld&) = delete;
  CatalogWorld& operator=(const CatalogWorld&) = delete;

  /// One value of one row, or of all rows.
  struct Change {
    std::string table;
    std::string column;
    std::string value;        ///< SQL.
    std::string where = "1";  ///< SQL.
  };
  /// Returns false when SQLite does not take the changes; then the catalog is as it was.
  bool change(const std::vector<Change>& changes) {
    copy_original();
    Database database;
    CHECK(database.open(path()).empty());
    std::string error = database.run(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = "
        "OFF;");
    for (const Change& one : changes)
      if (error.empty()) error = database.run(statement_of(one).c_str());
    return error.empty();
  }
  /// SQL of a person, who may change the tables as well. Returns false when SQLite refuses it.
  bool edit(const std::string& statements) {
    copy_original();
    Database database;
    CHECK(database.open(path()).empty());
    return database.run(statements.c_str()).empty();
  }

  /// Tables with their columns.
  struct Column {
    std::string table;
    std::string name;
    std::string type;
  };
  std::vector<Column> columns() {
    copy_original();
    Database database;
    CHECK(database.open(path()).empty());
    Statement select;
    CHECK(database
              .prepare(
                  "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, pragma_table_info(t.name)"
                  " AS c WHERE t.type = 'table' ORDER BY 1, 2",
                  select)
              .empty());
    std::vector<Column> all;
    while (select.next())
      all.push_back(
          {std::string(select.text(0)), std::string(select.text(1)), std::string(select.text(2))});
    CHECK(select.finish().empty());
    return all;
  }

  /// Starts on what is there, as the server does, and works with it. Returns "" or why it does not
  /// start.
  std::string start() {
    Catalog catalog;
    core::StoredDefinitions stored;
    StoredDefinitions stored_rows;
    std::map<std::uint32_t, std::uint64_t> ends;
    std::string error = catalog.open({path(), 4711});
    if (error.empty()) error = catalog.load(stored);
    if (error.empty()) error = catalog.load_rows(stored_rows);
    if (error.empty()) error = catalog.load_journal_ends(ends);
    if (!error.empty()) return error;
    server::AccessLoad access = server::load_access(stored_rows, stored.changes);
    if (!access.error.empty()) return access.error;
    for (const core::TopologyChange& removal : access.removals) catalog.record(removal);
    if (catalog.has_changes() && !(error = catalog.commit()).empty()) return error;
    std::string exported;
    (void)server::write_definitions({stored, stored_rows, "lepus", "1"}, exported);
    // As a person would give all of it once more.
    for (const core::TopologyChange& one : access.changes) catalog.record(one);
    for (core::TopologyChange& one : access.changes) stored.changes.push_back(std::move(one));
    server::order_for_start(stored.changes);
    core::Topology topology(shard_count);
    for (core::TopologyChange& one : stored.changes) {
      if (auto* added = std::get_if<core::QueueAdded>(&one); added != nullptr)
        added->queue.home %= shard_count;
      topology.apply(one);
    }
    core::IdSource ids{stored.last_id};
    return use(catalog, topology, ids);
  }

 private:
  static constexpr core::ShardId shard_count = 2;

  std::string path() const { return directory_ + "/catalog.sqlite"; }
  std::string original() const { return directory_ + "/original.sqlite"; }
  void copy_original() {
    for (const char* ending : {"-wal", "-shm"}) std::filesystem::remove(path() + ending);
    std::filesystem::copy_file(original(), path(),
                               std::filesystem::copy_options::overwrite_existing);
  }
  static std::string statement_of(const Change& change) {
    return "UPDATE " + change.table + " SET " + change.column + " = " + change.value + " WHERE " +
           change.where;
  }

  /// What clients and operators do: a vhost, a queue in each vhost, a user; all is stored. Where a
  /// request is refused, nothing happens.
  std::string use(Catalog& catalog, core::Topology& topology, core::IdSource& ids) {
    core::TopologyRequest add;
    add.kind = core::TopologyRequest::Kind::add_vhost;
    add.name = "added";
    run(catalog, topology, add, ids);
    std::vector<core::VhostId> vhosts;
    for (const core::VhostInfo* vhost : topology.vhosts()) vhosts.push_back(vhost->id);
    for (const core::VhostId vhost : vhosts) {
      core::TopologyRequest request;
      request.vhost = vhost;
      request.connection = core::ConnectionId{11};
      request.durable = true;
      request.kind = core::TopologyRequest::Kind::declare_queue;
      request.name = "added";
      run(catalog, topology, request, ids);
      request.kind = core::TopologyRequest::Kind::bind_queue;
      request.source = "amq.topic";
      request.key = "#";
      run(catalog, topology, request, ids);
      core::RouteResult found;
      for (const core::ExchangeInfo* exchange : topology.exchanges(vhost))
        topology.route(*exchange, {.key = "key"}, found);
      if (const core::ExchangeInfo* exchange = topology.find_exchange(vhost, ""))
        topology.route(*exchange, {.key = "q"}, found);
    }
    return catalog.has_changes() ? catalog.commit() : std::string();
  }
  static void run(Catalog& catalog, core::Topology& topology, const core::TopologyRequest& request,
                  core::IdSource& ids) {
    const core::Decision decision = core::decide(topology, request, &ids);
    if (decision.kind != core::Decision::Kind::changes) return;
    for (const core::TopologyChange& one : decision.changes) {
      topology.apply(one);
      catalog.record(one);
    }
  }

  void make_original();

  std::string directory_;
};

inline void CatalogWorld::make_original() {
  {
    Catalog catalog;
    core::StoredDefinitions stored;
    CHECK(catalog.open({path(), 4711}).empty());
    CHECK(catalog.load(stored).empty());
    core::Topology topology(shard_count);
    core::IdSource ids;
    core::TopologyRequest request;
    request.kind = core::TopologyRequest::Kind::add_vhost;
    request.name = "/";
    run(catalog, topology, request, ids);
    request.vhost = topology.find_vhost("/")->id;
    request.connection = core::ConnectionId{11};
    request.durable = true;
    request.kind = core::TopologyRequest::Kind::declare_queue;
    request.name = "q";
    run(catalog, topology, request, ids);
    const std::string_view priorities{"\x0ex-max-priorityb\x05", 17};
    request.name = "sorted";
    request.arguments = priorities;
    run(catalog, topology, request, ids);
    request.arguments = {};
    request.kind = core::TopologyRequest::Kind::declare_exchange;
    request.name = "by headers";
    request.type = "headers";
    run(catalog, topology, request, ids);
    const std::string_view delayed{"\x0ex-delayed-typeS\0\0\0\5topic", 25};
    request.name = "later";
    request.type = "x-delayed-message";
    request.arguments = delayed;
    run(catalog, topology, request, ids);
    request.arguments = {};
    request.kind = core::TopologyRequest::Kind::bind_queue;
    request.name = "q";
    for (const char* source : {"by headers", "later", "amq.direct"}) {
      request.source = source;
      request.key = "key";
      run(catalog, topology, request, ids);
    }
    request.kind = core::TopologyRequest::Kind::bind_exchange;
    request.name = "amq.fanout";
    run(catalog, topology, request, ids);
    const std::pair<DefinitionKind, DefinitionRow> rows[] = {
        {DefinitionKind::users,
         {{"ann", "AQIDBJIQVaDJtk7dk0mc2Y1Rh4Yr2ZL4QnXfqm5JrEoqmHLk",
           "rabbit_password_hashing_sha256", R"(["administrator"])", R"({"max-channels":5})"}}},
        {DefinitionKind::vhost_properties, {{"/", R"({"description":"d","tags":["a"]})"}}},
        {DefinitionKind::permissions, {{"ann", "/", ".*", ".*", ".*"}}},
        {DefinitionKind::topic_permissions, {{"ann", "/", "amq.topic", ".*", ".*"}}},
        {DefinitionKind::policies, {{"/", "p", "^q", "queues", R"({"max-length":5})", "1"}}},
        {DefinitionKind::parameters, {{"vhost-limits", "/", "limits", R"({"max-queues":50})"}}},
        {DefinitionKind::parameters,
         {{"operator_policy", "/", "o",
           R"({"pattern":"^q","apply-to":"queues","priority":0,"definition":{"max-length":3}})"}}},
        {DefinitionKind::parameters, {{"shovel", "/", "s", R"({"src-uri":"amqp://"})"}}},
        {DefinitionKind::global_parameters, {{"cluster_name", R"("rabbit")"}}},
    };
    for (const auto& [kind, row] : rows) catalog.upsert(kind, row);
    CHECK(catalog.commit().empty());
    CHECK(catalog.save_journal_ends({{0, 3}, {1, 4}}).empty());
  }
  std::filesystem::copy_file(path(), original());
}

}  // namespace lepus::persist
