// Both answers are optional extras: whatever goes wrong here, the journal can still be read.
#include "tools/journal/queue_names.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>

namespace lepus::journal {

namespace {

constexpr int busy_wait_ms = 1000;
constexpr const char* select_names =
    "SELECT queues.id, vhosts.name, queues.name FROM queues JOIN vhosts ON vhosts.id = vhost";
constexpr const char* select_homes =
    "SELECT id, home FROM queues UNION ALL SELECT id, home FROM stores";
constexpr const char* select_ends =
    "SELECT CAST(substr(name, 9) AS INTEGER), value FROM meta WHERE name GLOB 'journal_[0-9]*'";
constexpr const char* select_newest =
    "SELECT 0, value FROM meta WHERE name = 'newest_queue' AND value >= 0";

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

std::string column_text(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return text == nullptr ? std::string() : std::string(text);
}

/// An open catalog; what goes wrong stays in problem().
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr);
    database_.reset(handle);
    if (code != SQLITE_OK || sqlite3_busy_timeout(handle, busy_wait_ms) != SQLITE_OK) fail();
  }
  /// visit(statement) for each row.
  template <class Visit>
  void each(const char* select, Visit&& visit) {
    if (!problem_.empty()) return;
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(database_.get(), select, -1, &prepared, nullptr) != SQLITE_OK)
      return fail();
    const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW) visit(prepared);
    if (code != SQLITE_DONE) fail();
  }
  const std::string& problem() const { return problem_; }

 private:
  void fail() { problem_ = path_ + ": " + sqlite3_errmsg(database_.get()); }

  std::string path_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::string problem_;
};

std::uint64_t column_number(sqlite3_stmt* statement, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement, column));
}

}  // namespace

QueueNames read_queue_names(const std::string& catalog_path) {
  QueueNames names;
  Reader reader{catalog_path};
  reader.each(select_names, [&names](sqlite3_stmt* row) {
    names.by_id[column_number(row, 0)] = column_text(row, 1) + "/" + column_text(row, 2);
  });
  names.problem = reader.problem();
  if (!names.problem.empty()) names.by_id.clear();
  return names;
}

JournalKnowledge read_journal_knowledge(const std::string& catalog_path) {
  JournalKnowledge knowledge;
  Reader reader{catalog_path};
  reader.each(select_homes, [&knowledge](sqlite3_stmt* row) {
    core::QueueSpec queue;
    queue.id = core::QueueId{column_number(row, 0)};
    queue.home = static_cast<core::ShardId>(column_number(row, 1));
    if (queue.id) knowledge.queues.add(queue);
  });
  reader.each(select_newest, [&knowledge](sqlite3_stmt* row) {
    knowledge.queues.set_newest(column_number(row, 1));
  });
  reader.each(select_ends, [&knowledge](sqlite3_stmt* row) {
    knowledge.ends[static_cast<std::uint32_t>(column_number(row, 0))] = column_number(row, 1);
  });
  knowledge.problem = reader.problem();
  if (!knowledge.problem.empty()) knowledge = {.problem = knowledge.problem};
  return knowledge;
}

/// Taking the lock to find out could keep a broker from starting at this very moment.
bool is_broker_running(const std::string& data_directory) {
  struct stat lock_file {};
  if (stat((data_directory + "/lock").c_str(), &lock_file) != 0) return false;
  const std::string inode = ":" + std::to_string(lock_file.st_ino) + " ";
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);)
    if (line.find("FLOCK") != std::string::npos && line.find(inode) != std::string::npos)
      return true;
  return false;
}

}  // namespace lepus::journal
