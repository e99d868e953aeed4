// To change the tables: append a step, never touch an older one.
#include "persist/catalog/catalog_schema.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace lepus::persist {

namespace {

constexpr std::int64_t application_id = 0x4c65'7075;

/// Only what is durable is in here. Ids grow and are never given twice; bindings are in the order
/// in which they were made. Arguments are the inside of a field table as the client sent it.
constexpr const char* version_1 = R"sql(
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE vhosts (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE exchanges (
  id INTEGER PRIMARY KEY,
  vhost INTEGER NOT NULL REFERENCES vhosts (id),
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  auto_delete INTEGER NOT NULL CHECK (auto_delete IN (0, 1)),
  internal INTEGER NOT NULL CHECK (internal IN (0, 1)),
  alternate TEXT,
  arguments BLOB NOT NULL,
  UNIQUE (vhost, name)
) STRICT;

CREATE TABLE queues (
  id INTEGER PRIMARY KEY,
  vhost INTEGER NOT NULL REFERENCES vhosts (id),
  name TEXT NOT NULL,
  home INTEGER NOT NULL,
  auto_delete INTEGER NOT NULL CHECK (auto_delete IN (0, 1)),
  arguments BLOB NOT NULL,
  UNIQUE (vhost, name)
) STRICT;

CREATE TABLE bindings (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES exchanges (id) ON DELETE CASCADE,
  queue INTEGER REFERENCES queues (id) ON DELETE CASCADE,
  exchange INTEGER REFERENCES exchanges (id) ON DELETE CASCADE,
  routing_key TEXT NOT NULL,
  arguments BLOB NOT NULL,
  CHECK ((queue IS NULL) <> (exchange IS NULL))
) STRICT;
CREATE INDEX bindings_by_source ON bindings (source);
CREATE INDEX bindings_by_queue ON bindings (queue, source, routing_key);
CREATE INDEX bindings_by_exchange ON bindings (exchange, source, routing_key);

CREATE VIEW binding_list AS
  SELECT vhosts.name AS vhost, sources.name AS source,
         iif(queue IS NULL, 'exchange', 'queue') AS destination_type,
         coalesce(queues.name, targets.name) AS destination, routing_key
  FROM bindings
  JOIN exchanges AS sources ON sources.id = source
  JOIN vhosts ON vhosts.id = sources.vhost
  LEFT JOIN queues ON queues.id = queue
  LEFT JOIN exchanges AS targets ON targets.id = exchange
  ORDER BY bindings.id;
)sql";

/// Users, and definitions for a version that applies them (persist/catalog/definition_rows.h).
/// Columns that hold JSON: tags, limits, properties, definition, value.
constexpr const char* version_2 = R"sql(
CREATE TABLE users (
  name TEXT PRIMARY KEY,
  password_hash TEXT NOT NULL,
  hashing_algorithm TEXT NOT NULL,
  tags TEXT NOT NULL,
  limits TEXT NOT NULL
) STRICT;

CREATE TABLE vhost_properties (
  vhost TEXT PRIMARY KEY,
  properties TEXT NOT NULL
) STRICT;

CREATE TABLE permissions (
  user TEXT NOT NULL,
  vhost TEXT NOT NULL,
  configure TEXT NOT NULL,
  write TEXT NOT NULL,
  read TEXT NOT NULL,
  PRIMARY KEY (user, vhost)
) STRICT;

CREATE TABLE topic_permissions (
  user TEXT NOT NULL,
  vhost TEXT NOT NULL,
  exchange TEXT NOT NULL,
  write TEXT NOT NULL,
  read TEXT NOT NULL,
  PRIMARY KEY (user, vhost, exchange)
) STRICT;

CREATE TABLE policies (
  vhost TEXT NOT NULL,
  name TEXT NOT NULL,
  pattern TEXT NOT NULL,
  apply_to TEXT NOT NULL,
  definition TEXT NOT NULL,
  priority INTEGER NOT NULL,
  PRIMARY KEY (vhost, name)
) STRICT;

CREATE TABLE parameters (
  component TEXT NOT NULL,
  vhost TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (component, vhost, name)
) STRICT;

CREATE TABLE global_parameters (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE VIEW operator_policies AS
  SELECT vhost, name, value FROM parameters WHERE component = 'operator_policy';
)sql";

/// Queues that nobody sees: what an exchange holds (core/topology/exchange_store.h).
constexpr const char* version_3 = R"sql(
CREATE TABLE stores (
  id INTEGER PRIMARY KEY,
  exchange INTEGER NOT NULL UNIQUE REFERENCES exchanges (id) ON DELETE CASCADE,
  home INTEGER NOT NULL
) STRICT;
)sql";

constexpr std::array steps_so_far{version_1, version_2, version_3};

struct SchemaState {
  std::int64_t application = 0;
  std::int64_t version = 0;
  std::int64_t object_count = 0;

  bool is_empty() const { return version == 0 && application == 0 && object_count == 0; }
};

std::string read_state(Database& database, SchemaState& state) {
  std::string error = database.read_number("PRAGMA application_id", state.application);
  if (error.empty()) error = database.read_number("PRAGMA user_version", state.version);
  if (error.empty())
    error = database.read_number("SELECT count(*) FROM sqlite_schema", state.object_count);
  return error;
}

}  // namespace

SchemaSteps catalog_steps() { return steps_so_far; }

std::string check_schema(Database& database, SchemaSteps steps) {
  CHECK(!steps.empty());
  SchemaState state;
  if (std::string error = read_state(database, state); !error.empty()) return error;
  if (state.is_empty()) return {};
  if (state.application != application_id || state.version < 1)
    return database.complain("this is a database of another program");
  if (state.version > static_cast<std::int64_t>(steps.size())) {
    return fmt::format(
        "catalog {}: its schema version is {}, this lepus knows versions up to {}; start the newer "
        "lepus that wrote it, or put back the backup made before the upgrade",
        database.path(), state.version, steps.size());
  }
  return {};
}

std::string upgrade_schema(Database& database, SchemaSteps steps) {
  SchemaState state;
  if (std::string error = read_state(database, state); !error.empty()) return error;
  CHECK(state.version >= 0);
  CHECK(state.version <= static_cast<std::int64_t>(steps.size()));
  if (state.version == static_cast<std::int64_t>(steps.size())) return {};
  std::string error = database.run("BEGIN IMMEDIATE");
  for (auto at = static_cast<std::size_t>(state.version); at < steps.size() && error.empty(); ++at)
    error = database.run(steps[at]);
  const std::string marks = fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                        application_id, steps.size());
  if (error.empty()) error = database.run(marks.c_str());
  if (error.empty()) error = database.run("COMMIT");
  // A rollback that fails as well: the transaction is gone with the connection at the latest.
  if (!error.empty()) (void)database.run("ROLLBACK");
  return error;
}

}  // namespace lepus::persist
