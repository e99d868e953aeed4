// Every code that SQLite can give for a reason outside the program becomes a text; codes that mean
// that it was called wrongly stop the process.
#include "persist/catalog/sqlite.h"
#include "core/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lepus::persist {

namespace {

constexpr std::string_view replace_the_file =
    "put a backup in its place, or move it away to start without definitions";

std::string_view advice(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "make room on its disk";
    case SQLITE_IOERR:
      return "its disk or file system fails, see the kernel's log";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return "let the broker's user read and write it and its directory";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return "another program has it locked (fuser shows which), stop that one";
    case SQLITE_NOMEM:
      return "give the process more memory";
    default:  // It is no database, or damaged, or its tables are not ours.
      return replace_the_file;
  }
}

/// Texts and blobs without a byte still have an address: a null pointer would be bound as NULL.
const char* address_of(std::string_view bytes) { return bytes.empty() ? "" : bytes.data(); }

/// SQLite's findings about damaged pages have several lines.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

// ---- Statements ---------------------------------------------------------------------------------

Statement& Statement::operator=(Statement&& other) noexcept {
  CHECK(this != &other);
  sqlite3_finalize(handle_);
  database_ = std::exchange(other.database_, nullptr);
  handle_ = std::exchange(other.handle_, nullptr);
  code_ = other.code_;
  return *this;
}

void Statement::note(int code) {
  CHECK(code != SQLITE_MISUSE);
  CHECK(code != SQLITE_RANGE);
  if (code_ == SQLITE_OK) code_ = code;
}

void Statement::bind_at(int place, std::int64_t value) {
  note(sqlite3_bind_int64(handle_, place, value));
}
void Statement::bind_at(int place, std::string_view text) {
  note(sqlite3_bind_text64(handle_, place, address_of(text), text.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
}
void Statement::bind_at(int place, Blob blob) {
  note(sqlite3_bind_blob64(handle_, place, address_of(blob.bytes), blob.bytes.size(),
                           SQLITE_STATIC));
}
void Statement::bind_at(int place, std::nullopt_t) { note(sqlite3_bind_null(handle_, place)); }

bool Statement::next() {
  CHECK(handle_ != nullptr);
  if (code_ != SQLITE_OK) return false;
  const int code = sqlite3_step(handle_);
  CHECK(code != SQLITE_MISUSE);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) note(code);
  return false;
}

std::string Statement::finish() {
  CHECK(handle_ != nullptr);
  CHECK(database_ != nullptr);
  const int code = std::exchange(code_, SQLITE_OK);
  std::string error = code == SQLITE_OK ? std::string{} : database_->describe(code);
  sqlite3_reset(handle_);  // Gives the code of the last step once more.
  return error;
}

std::int64_t Statement::number(int column) const {
  CHECK(column < sqlite3_data_count(handle_));
  return sqlite3_column_int64(handle_, column);
}
std::string_view Statement::text(int column) const {
  CHECK(column < sqlite3_data_count(handle_));
  const unsigned char* text = sqlite3_column_text(handle_, column);
  if (text == nullptr) return {};
  const int size = sqlite3_column_bytes(handle_, column);
  CHECK(size >= 0);
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}
std::string_view Statement::bytes(int column) const {
  CHECK(column < sqlite3_data_count(handle_));
  const void* bytes = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  CHECK(size >= 0);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}
bool Statement::is_null(int column) const {
  CHECK(column < sqlite3_data_count(handle_));
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

// ---- The connection -----------------------------------------------------------------------------

Database::~Database() {
  const int code = sqlite3_close(handle_);
  CHECK(code == SQLITE_OK);  // SQLITE_BUSY: a statement was left.
}

std::string Database::open(const std::string& path) {
  CHECK(handle_ == nullptr);
  CHECK(!path.empty());
  path_ = path;
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) return describe(code);
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, core::limits::catalog_start_wait_ms);
  return {};
}

std::string Database::run(const char* statements) {
  CHECK(handle_ != nullptr);
  const int code = sqlite3_exec(handle_, statements, nullptr, nullptr, nullptr);
  CHECK(code != SQLITE_MISUSE);
  return code == SQLITE_OK ? std::string{} : describe(code);
}

std::string Database::prepare(std::string_view statement, Statement& out) {
  CHECK(handle_ != nullptr);
  CHECK(out.handle_ == nullptr);
  const int code = sqlite3_prepare_v3(handle_, statement.data(), static_cast<int>(statement.size()),
                                      SQLITE_PREPARE_PERSISTENT, &out.handle_, nullptr);
  if (code != SQLITE_OK) return describe(code);
  out.database_ = this;
  return {};
}

std::string Database::read_number(std::string_view statement, std::int64_t& out) {
  Statement select;
  if (std::string error = prepare(statement, select); !error.empty()) return error;
  const bool found = select.next();
  if (found) out = select.number(0);
  std::string error = select.finish();
  if (error.empty() && !found) return complain("a value is missing");
  return error;
}

std::string Database::read_text(std::string_view statement, std::string& out) {
  Statement select;
  if (std::string error = prepare(statement, select); !error.empty()) return error;
  const bool found = select.next();
  if (found) out = select.text(0);
  std::string error = select.finish();
  if (error.empty() && !found) return complain("a value is missing");
  return error;
}

std::string Database::copy_to(Database& target) {
  sqlite3_backup* copy = sqlite3_backup_init(target.handle_, "main", handle_, "main");
  if (copy == nullptr) return target.describe(sqlite3_extended_errcode(target.handle_));
  const int step = sqlite3_backup_step(copy, -1);
  const int end = sqlite3_backup_finish(copy);
  if (step == SQLITE_DONE && end == SQLITE_OK) return {};
  // Which of both files it was is not told: full is the one that grows.
  const int code = step == SQLITE_DONE ? end : step;
  const bool is_target = (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_READONLY;
  return is_target ? target.describe(code) : describe(code);
}

void Database::set_busy_wait(int milliseconds) {
  CHECK(handle_ != nullptr);
  sqlite3_busy_timeout(handle_, milliseconds);
}

bool Database::in_transaction() const {
  CHECK(handle_ != nullptr);
  return sqlite3_get_autocommit(handle_) == 0;
}

std::int64_t Database::changed_count() const {
  CHECK(handle_ != nullptr);
  return sqlite3_changes64(handle_);
}

std::string Database::describe(int code) const {
  CHECK(code != SQLITE_OK);
  CHECK(handle_ != nullptr || code == SQLITE_NOMEM);
  last_failure_ = code & 0xff;
  std::string reason = sqlite3_errstr(code);
  if (handle_ != nullptr) reason = sqlite3_errmsg(handle_);
  const int kind = code & 0xff;
  const int system = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  if (system != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN))
    reason += fmt::format(" ({})", std::strerror(system));
  return one_line(fmt::format("catalog {}: {}; {}", path_, reason, advice(code)));
}

std::string Database::complain(std::string_view reason) const {
  CHECK(!reason.empty());
  return one_line(fmt::format("catalog {}: {}; {}", path_, reason, replace_the_file));
}

}  // namespace lepus::persist
