// Opening and writing; reading is catalog_load.cpp.
#include "persist/catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "core/limits.h"
#include "core/topology/binding.h"
#include "persist/catalog/catalog_load.h"
#include "persist/catalog/catalog_schema.h"

namespace lepus::persist {

namespace {

constexpr const char* settings = R"sql(
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA journal_size_limit = 16777216;
)sql";

std::int64_t as_number(std::uint64_t id) {
  CHECK(id != 0);
  CHECK(id <= INT64_MAX);
  return static_cast<std::int64_t>(id);
}

template <class Id>
std::optional<std::int64_t> id_or_null(Id id) {
  return id ? std::optional{as_number(id.value)} : std::nullopt;
}

/// Empty, or why the file system cannot hold the write-ahead log.
std::string use_write_ahead_log(Database& database) {
  std::string mode;
  std::string error = database.read_text("PRAGMA journal_mode = WAL", mode);
  if (!error.empty()) return error;
  if (mode == "wal") return {};
  return "catalog " + database.path() +
         ": its file system has no shared memory files; put data_dir on a local disk";
}

/// Pages that an earlier process wrote but could not sync look good in the page cache and may not
/// be on the disk. Moving the whole log into the file writes them once more, and syncs.
std::string rewrite_log(Database& database) {
  std::int64_t busy = 1;
  std::string error = database.read_number("PRAGMA wal_checkpoint(TRUNCATE)", busy);
  // The log stays as it is, and is read. Only what a failed sync left in it is in danger.
  if (!error.empty() && database.last_failure() == SQLITE_FULL) return {};
  if (!error.empty() || busy == 0) return error;
  return "catalog " + database.path() +
         ": another program is in the middle of reading it; let it finish, then start again";
}

}  // namespace

std::string Catalog::open(const Place& place) {
  CHECK(store_ == 0);
  CHECK(place.new_store != 0);
  std::string error = database_.open(place.path);
  if (error.empty()) error = check_schema(database_, catalog_steps());
  if (error.empty()) error = use_write_ahead_log(database_);
  if (error.empty()) error = database_.run(settings);
  if (error.empty()) error = upgrade_schema(database_, catalog_steps());
  if (error.empty()) error = statements_.prepare(database_);
  if (error.empty()) error = prepare_meta(place.new_store);
  if (error.empty()) error = rewrite_log(database_);
  return error;
}

std::string Catalog::Statements::prepare(Database& database) {
  const std::pair<Statement*, std::string_view> texts[] = {
      {&begin, "BEGIN IMMEDIATE"},
      {&commit, "COMMIT"},
      {&set_number, "UPDATE meta SET value = ?2 WHERE name = ?1"},
      {&add_vhost, "INSERT INTO vhosts (id, name) VALUES (?1, ?2)"},
      {&remove_vhost, "DELETE FROM vhosts WHERE id = ?1"},
      {&add_exchange,
       "INSERT INTO exchanges (id, vhost, name, type, auto_delete, internal, alternate, arguments)"
       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
      {&remove_exchange, "DELETE FROM exchanges WHERE id = ?1"},
      {&add_queue,
       "INSERT INTO queues (id, vhost, name, home, auto_delete, arguments)"
       " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET home = excluded.home"},
      {&remove_queue, "DELETE FROM queues WHERE id = ?1"},
      {&add_store,
       "INSERT INTO stores (id, exchange, home) VALUES (?1, ?2, ?3)"
       " ON CONFLICT (id) DO UPDATE SET home = excluded.home"},
      {&remove_store, "DELETE FROM stores WHERE id = ?1"},
      {&add_binding,
       "INSERT INTO bindings (source, queue, exchange, routing_key, arguments)"
       " VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&remove_binding,
       "DELETE FROM bindings WHERE source = ?1 AND queue IS ?2 AND exchange IS ?3"
       " AND routing_key = ?4 AND arguments = ?5"},
      {&find_bindings,
       "SELECT id, arguments FROM bindings WHERE source = ?1 AND queue IS ?2 AND exchange IS ?3"
       " AND routing_key = ?4"},
      {&remove_binding_row, "DELETE FROM bindings WHERE id = ?1"},
  };
  for (const auto& [statement, text] : texts) {
    if (std::string error = database.prepare(text, *statement); !error.empty()) return error;
  }
  return {};
}

std::string Catalog::prepare_meta(std::uint64_t new_store) {
  Statement insert;
  std::int64_t repeated = 0;
  std::string error =
      database_.read_number("SELECT count(*) - count(DISTINCT name) FROM meta", repeated);
  if (error.empty() && repeated != 0) return database_.complain("table meta has a name twice");
  if (error.empty())
    error = database_.prepare("INSERT OR IGNORE INTO meta (name, value) VALUES (?1, ?2)", insert);
  const auto drawn = static_cast<std::int64_t>(std::max<std::uint64_t>(new_store & INT64_MAX, 1));
  if (error.empty()) error = insert.run(std::string_view{"store"}, drawn);
  if (error.empty()) error = insert.run(std::string_view{"last_id"}, std::int64_t{0});
  if (error.empty()) error = insert.run(std::string_view{"had_users"}, std::int64_t{0});
  // A file of an earlier version does not say: then nothing below last_id is younger.
  if (error.empty())
    error = database_.run(
        "INSERT OR IGNORE INTO meta (name, value)"
        " SELECT 'newest_queue', value FROM meta WHERE name = 'last_id'");
  std::int64_t store = 0;
  std::int64_t last_id = 0;
  std::int64_t had_users = 0;
  std::int64_t newest_queue = 0;
  if (error.empty())
    error =
        database_.read_number("SELECT value FROM meta WHERE name = 'newest_queue'", newest_queue);
  if (error.empty())
    error = database_.read_number("SELECT value FROM meta WHERE name = 'had_users'", had_users);
  if (error.empty())
    error = database_.read_number("SELECT value FROM meta WHERE name = 'store'", store);
  if (error.empty())
    error = database_.read_number("SELECT value FROM meta WHERE name = 'last_id'", last_id);
  if (!error.empty()) return error;
  if (store <= 0 || last_id < 0 || newest_queue < 0)
    return database_.complain("table meta holds a negative number");
  const auto id_max = static_cast<std::int64_t>(core::limits::object_id_max);
  if (last_id > id_max || newest_queue > id_max)
    return database_.complain(fmt::format("table meta holds an id above {}", id_max));
  had_users_ = had_users_saved_ = had_users != 0;
  store_ = static_cast<std::uint64_t>(store);
  last_id_ = last_id_saved_ = static_cast<std::uint64_t>(last_id);
  newest_queue_ = newest_queue_saved_ = static_cast<std::uint64_t>(newest_queue);
  return {};
}

std::uint64_t Catalog::store() const {
  CHECK(store_ != 0);
  return store_;
}

std::string Catalog::load(core::StoredDefinitions& definitions) {
  CHECK(store_ != 0);
  CHECK(!loaded_);
  CHECK(definitions.changes.empty());
  if (std::string error = load_definitions(database_, definitions.changes); !error.empty())
    return error;
  for (const core::TopologyChange& change : definitions.changes) {
    CHECK(filter_.admit(change));
    if (const auto* vhost = std::get_if<core::VhostAdded>(&change)) note_id(vhost->id.value);
    if (const auto* exchange = std::get_if<core::ExchangeAdded>(&change))
      note_id(exchange->exchange.id.value);
    if (const auto* queue = std::get_if<core::QueueAdded>(&change)) note_id(queue->queue.id.value);
  }
  definitions.last_id = last_id_;
  loaded_ = true;
  return {};
}

// ---- Writing ------------------------------------------------------------------------------------

void Catalog::record(const core::TopologyChange& change) {
  CHECK(loaded_);
  // Of any queue: what is written of a transient one to save memory names its id, too, and outlives
  // it in the journal.
  if (const auto* added = std::get_if<core::QueueAdded>(&change)) {
    note_id(added->queue.id.value);
    if (last_id_ > last_id_saved_) begin();
  }
  if (!filter_.admit(change)) return;
  begin();
  if (!error_.empty()) return;
  std::visit([this](const auto& what) { write(what); }, change);
}

/// The transaction counts as open also when it could not be begun: commit() has to say so.
void Catalog::begin() {
  if (std::exchange(in_transaction_, true)) return;
  // Of a transaction that could not be rolled back when it failed.
  if (database_.in_transaction()) note(database_.run("ROLLBACK"));
  if (error_.empty()) note(statements_.begin.run());
}

/// An id more is taken: SQLite writes no page whose content stays the same.
void Catalog::touch() {
  CHECK(loaded_);
  note_id(last_id_saved_ + 1);
  begin();
}

std::string Catalog::commit() {
  CHECK(loaded_);
  CHECK(in_transaction_);
  std::uint64_t last_id_saving = last_id_saved_;
  if (error_.empty() && last_id_ > last_id_saved_) {
    last_id_saving = last_id_ + core::limits::ids_reserved;
    note(statements_.set_number.run(std::string_view{"last_id"}, as_number(last_id_saving)));
  }
  if (error_.empty() && newest_queue_ > newest_queue_saved_)
    note(statements_.set_number.run(std::string_view{"newest_queue"}, as_number(newest_queue_)));
  const bool is_recorded = error_.empty();
  if (is_recorded) note(statements_.commit.run());
  if (is_recorded && !error_.empty() && fault_ == Fault::damaged) is_in_doubt_ = true;
  if (!error_.empty() && is_in_doubt_) fault_ = Fault::in_doubt;
  if (!error_.empty()) return error_;
  is_in_doubt_ = false;
  newest_queue_saved_ = newest_queue_;
  last_id_saved_ = last_id_saving;
  CHECK(last_id_ <= last_id_saved_);
  had_users_saved_ = had_users_;
  in_transaction_ = false;
  return {};
}

/// Ids stay given, whether they are saved or not. A rollback that fails is tried again by begin().
void Catalog::roll_back(std::span<const core::TopologyChange> undo) {
  CHECK(store_ != 0);
  error_.clear();
  if (database_.in_transaction()) (void)database_.run("ROLLBACK");
  in_transaction_ = false;
  had_users_ = had_users_saved_;
  newest_queue_ = newest_queue_saved_;
  for (const core::TopologyChange& change : undo) (void)filter_.admit(change);
}

void Catalog::note(std::string error) {
  if (!error_.empty() || error.empty()) return;
  error_ = std::move(error);
  switch (database_.last_failure()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      fault_ = Fault::busy;
      break;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:  // Out of descriptors.
      fault_ = Fault::no_room;
      break;
    default:
      fault_ = Fault::damaged;
      break;
  }
}

void Catalog::note_id(std::uint64_t id) {
  CHECK(id != 0);
  CHECK(id <= INT64_MAX);
  last_id_ = std::max(last_id_, id);
}

void Catalog::write(const core::VhostAdded& change) {
  note_id(change.id.value);
  note(statements_.add_vhost.run(as_number(change.id.value), std::string_view{change.name}));
}

void Catalog::write(const core::VhostRemoved& change) {
  remove_rows_of(change);
  note(statements_.remove_vhost.run(as_number(change.id.value)));
}

void Catalog::write(const core::ExchangeAdded& change) {
  const core::ExchangeSpec& exchange = change.exchange;
  CHECK(exchange.durable);
  note_id(exchange.id.value);
  const auto alternate =
      exchange.has_alternate ? std::optional<std::string_view>(exchange.alternate) : std::nullopt;
  note(statements_.add_exchange.run(
      as_number(exchange.id.value), as_number(exchange.vhost.value),
      std::string_view{exchange.name}, core::exchange_type_name(exchange.type),
      std::int64_t{exchange.auto_delete}, std::int64_t{exchange.internal}, alternate,
      Blob{exchange.arguments}));
}

void Catalog::write(const core::ExchangeRemoved& change) {
  note(statements_.remove_exchange.run(as_number(change.id.value)));
}

void Catalog::write(const core::QueueAdded& change) {
  const core::QueueSpec& queue = change.queue;
  CHECK(queue.durable);
  CHECK(!queue.exclusive);
  newest_queue_ = std::max(newest_queue_, queue.id.value);
  if (queue.store_of) {
    note(statements_.add_store.run(as_number(queue.id.value), as_number(queue.store_of.value),
                                   std::int64_t{queue.home}));
    return;
  }
  note(statements_.add_queue.run(as_number(queue.id.value), as_number(queue.vhost.value),
                                 std::string_view{queue.name}, std::int64_t{queue.home},
                                 std::int64_t{queue.auto_delete}, Blob{queue.arguments}));
}

void Catalog::write(const core::QueueRemoved& change) {
  note(statements_.remove_queue.run(as_number(change.id.value)));
  if (error_.empty() && database_.changed_count() == 0)
    note(statements_.remove_store.run(as_number(change.id.value)));
}

void Catalog::write(const core::BindingAdded& change) {
  const core::BindingSpec& binding = change.binding;
  CHECK(static_cast<bool>(binding.queue) != static_cast<bool>(binding.exchange));
  note(statements_.add_binding.run(as_number(binding.source.value), id_or_null(binding.queue),
                                   id_or_null(binding.exchange), std::string_view{binding.key},
                                   Blob{binding.arguments}));
}

/// As a rule the arguments come byte for byte as they were when the binding was made.
void Catalog::write(const core::BindingRemoved& change) {
  const core::BindingSpec& binding = change.binding;
  note(statements_.remove_binding.run(as_number(binding.source.value), id_or_null(binding.queue),
                                      id_or_null(binding.exchange), std::string_view{binding.key},
                                      Blob{binding.arguments}));
  if (error_.empty() && database_.changed_count() == 0) remove_equal_binding(binding);
}

/// The same arguments may be written in another order.
void Catalog::remove_equal_binding(const core::BindingSpec& binding) {
  const core::BindingIdentity wanted = core::identity_of(binding);
  Statement& find = statements_.find_bindings;
  find.bind(as_number(binding.source.value), id_or_null(binding.queue),
            id_or_null(binding.exchange), std::string_view{binding.key});
  std::optional<std::int64_t> row;
  while (!row && find.next()) {
    core::BindingSpec candidate = binding;
    candidate.arguments = find.bytes(1);
    if (core::same_identity(core::identity_of(candidate), wanted)) row = find.number(0);
  }
  note(find.finish());
  if (error_.empty() && row) note(statements_.remove_binding_row.run(*row));
}

}  // namespace lepus::persist
