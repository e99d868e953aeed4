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

}  // namespace

QueueNames read_queue_names(const std::string& catalog_path) {
  QueueNames names;
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(catalog_path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, CloseDatabase> database(handle);
  sqlite3_stmt* prepared = nullptr;
  if (opened != SQLITE_OK || sqlite3_busy_timeout(handle, busy_wait_ms) != SQLITE_OK ||
      sqlite3_prepare_v2(handle, select_names, -1, &prepared, nullptr) != SQLITE_OK) {
    names.problem = catalog_path + ": " + sqlite3_errmsg(handle);
    return names;
  }
  const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(prepared)) == SQLITE_ROW)
    names.by_id[static_cast<std::uint64_t>(sqlite3_column_int64(prepared, 0))] =
        column_text(prepared, 1) + "/" + column_text(prepared, 2);
  if (code != SQLITE_DONE) {
    names.problem = catalog_path + ": " + sqlite3_errmsg(handle);
    names.by_id.clear();
  }
  return names;
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
