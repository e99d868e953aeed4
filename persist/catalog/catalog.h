// The catalog: the definitions that outlive the process, in one SQLite file that people can open
// and read (`sqlite3 catalog.sqlite 'SELECT * FROM queues'`), also while the broker runs.
//
//   open() -> load() -> record() ... commit() -> record() ... commit()
//
// record() opens a transaction when there is none and puts the change into it; commit() ends it:
// one sync of the write-ahead log for everything since the last one. A failed statement shows at
// commit(). After one that failed the catalog is rolled back and goes on. A failed sync is never
// repeated, because the kernel may have dropped what it could not write: the next transaction is
// written anew over the place of the failed one, and until it is durable a restart may find either.
// For the same reason open() rewrites what a dead process left in the log and syncs it before
// anything is built on it.
//
// Blocking; one thread; whoever opens it has the data directory to himself.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/broker/ports.h"
#include "core/topology/durable_filter.h"
#include "persist/catalog/definition_rows.h"
#include "persist/catalog/sqlite.h"

namespace lepus::persist {

class Catalog final : public core::DefinitionStore {
 public:
  struct Place {
    std::string path;         ///< Of the file; its directory exists.
    std::uint64_t new_store;  ///< Number for a catalog that is made now: drawn by chance, not 0.
  };
  /// Makes the file or brings it up to date. Empty, or what is wrong and what to do. At most once.
  [[nodiscard]] std::string open(const Place& place);
  /// Once, after open() and before the first record().
  [[nodiscard]] std::string load(core::StoredDefinitions& definitions);
  /// The number of this data directory, the same for ever: at most 63 bits, not 0.
  std::uint64_t store() const;

  /// After open(), at any time: what upsert() was told so far, by this process or an earlier one.
  [[nodiscard]] std::string load_rows(StoredDefinitions& stored_rows);
  /// Adds the row or replaces the one with its key, in the same transaction as record().
  void upsert(DefinitionKind kind, const DefinitionRow& row);
  /// The highest id of a queue that ever was in here; a journal that knows a higher one is younger
  /// than this file.
  std::uint64_t newest_queue() const { return newest_queue_; }
  /// By shard: the highest segment that its journal is known to have had, 0: none yet. Shards that
  /// are not in it never had a journal.
  [[nodiscard]] std::string load_journal_ends(std::map<std::uint32_t, std::uint64_t>& ends);
  /// All of them, in a transaction of its own; nothing may be recorded that is not committed.
  [[nodiscard]] std::string save_journal_ends(const std::map<std::uint32_t, std::uint64_t>& ends);
  /// There is or was a user: nobody is to be added by himself.
  bool had_users() const { return had_users_; }

  void record(const core::TopologyChange& change) override;
  bool has_changes() const override { return in_transaction_; }
  [[nodiscard]] std::string commit() override;
  Fault fault() const override { return fault_; }
  void touch() override;
  void roll_back(std::span<const core::TopologyChange> undo) override;
  std::uint64_t reserved_id() const override { return last_id_saved_; }
  /// Another program's lock is not waited for any more: it is a Fault::busy at once. For those who
  /// cannot wait within a call.
  void stop_waiting() { database_.set_busy_wait(0); }

 private:
  struct Statements {
    Statement begin, commit, set_number;
    Statement add_vhost, remove_vhost;
    Statement add_exchange, remove_exchange;
    Statement add_queue, remove_queue;
    Statement add_store, remove_store;
    Statement add_binding, remove_binding, find_bindings, remove_binding_row;
    std::string prepare(Database& database);
  };

  std::string prepare_meta(std::uint64_t new_store);
  void begin();
  void note(std::string error);
  void note_id(std::uint64_t id);
  void write(const core::VhostAdded& change);
  void write(const core::VhostRemoved& change);
  void write(const core::ExchangeAdded& change);
  void write(const core::ExchangeRemoved& change);
  void write(const core::QueueAdded& change);
  void write(const core::QueueRemoved& change);
  void write(const core::BindingAdded& change);
  void write(const core::BindingRemoved& change);
  void write(const core::VhostSettingsPut& change);
  void write(const core::VhostLimitsPut& change);
  void write(const core::PolicyPut& change);
  void write(const core::PolicyRemoved& change);
  void write(const core::UserPut& change);
  void write(const core::UserRemoved& change);
  void write(const core::PermissionPut& change);
  void write(const core::PermissionRemoved& change);
  void write(const core::TopicPermissionPut& change);
  void write(const core::TopicPermissionRemoved& change);
  void write(const core::ParameterPut& change);
  void write(const core::ParameterRemoved& change);
  void write(const core::TracePut&) { CHECK(false); }  // DurableFilter lets none through.
  void erase(DefinitionKind kind, const std::vector<std::string>& key);
  void run_once(const std::string& text, const std::vector<std::string>& values);
  void remove_rows_of(const core::VhostRemoved& change);
  void note_users();
  void remove_equal_binding(const core::BindingSpec& binding);

  Database database_;
  Statements statements_;
  core::DurableFilter filter_;
  std::string error_;              ///< The first of this transaction; nothing is done after it.
  Fault fault_ = Fault::in_doubt;  ///< When there is an error.
  bool is_in_doubt_ = false;       ///< What a failed commit left in the file is not known.
  std::uint64_t store_ = 0;
  std::uint64_t last_id_ = 0;        ///< Highest id recorded, or what the file said at the start.
  std::uint64_t last_id_saved_ = 0;  ///< What the file says; grows before last_id_ passes it.
  std::uint64_t newest_queue_ = 0;
  std::uint64_t newest_queue_saved_ = 0;  ///< What the file says.
  bool had_users_ = false;
  bool had_users_saved_ = false;  ///< What the file says.
  bool loaded_ = false;
  bool in_transaction_ = false;
};

/// As Catalog::load_rows(), of the catalog in this file as far as it is committed. Any thread, also
/// while another one uses the catalog.
[[nodiscard]] std::string read_catalog_rows(const std::string& path,
                                            StoredDefinitions& stored_rows);

}  // namespace lepus::persist
