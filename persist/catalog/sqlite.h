// SQLite as this program uses it: one connection, prepared statements, errors as texts that say
// what failed, where, and what to do. One thread.
//
//   Statement insert;
//   error = database.prepare("INSERT INTO t VALUES (?1, ?2)", insert);
//   error = insert.run(std::int64_t{7}, std::string_view{"name"});
//
//   select.bind(std::int64_t{7});
//   while (select.next()) use(select.text(0));
//   error = select.finish();
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/assert.h"

namespace lepus::persist {

class Database;

/// Bytes that are no text.
struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)),
        handle_(std::exchange(other.handle_, nullptr)),
        code_(other.code_) {}
  Statement& operator=(Statement&& other) noexcept;
  ~Statement() { sqlite3_finalize(handle_); }

  /// Values for ?1, ?2, ...; they must live until the statement was run.
  template <class... Values>
  void bind(const Values&... values) {
    CHECK(handle_ != nullptr);
    CHECK(sqlite3_bind_parameter_count(handle_) == sizeof...(values));
    int place = 0;
    (bind_at(++place, values), ...);
  }
  /// The same when only the caller knows how many there are; all are texts.
  void bind_texts(std::span<const std::string> values) {
    CHECK(handle_ != nullptr);
    CHECK(static_cast<std::size_t>(sqlite3_bind_parameter_count(handle_)) == values.size());
    int place = 0;
    for (const std::string& value : values) bind_at(++place, std::string_view{value});
  }
  /// bind(), then to the end. Empty, or what is wrong.
  template <class... Values>
  [[nodiscard]] std::string run(const Values&... values) {
    bind(values...);
    while (next()) {
    }
    return finish();
  }
  /// True: there is a row.
  [[nodiscard]] bool next();
  /// Must follow, however far next() went. Empty, or what is wrong.
  [[nodiscard]] std::string finish();

  /// Columns of the row. Views are good until the next call of next() or finish().
  std::int64_t number(int column) const;
  std::string_view text(int column) const;
  std::string_view bytes(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;

  void bind_at(int place, std::int64_t value);
  void bind_at(int place, std::string_view text);
  void bind_at(int place, Blob blob);
  void bind_at(int place, std::nullopt_t);
  template <class Value>
  void bind_at(int place, const std::optional<Value>& value) {
    if (value) return bind_at(place, *value);
    bind_at(place, std::nullopt);
  }
  void note(int code);

  Database* database_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
  int code_ = SQLITE_OK;  ///< The first that is an error, of this run.
};

class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Makes the file when it is missing; its directory must be there. At most once. Statements must
  /// go before the database does.
  [[nodiscard]] std::string open(const std::string& path);
  const std::string& path() const { return path_; }

  /// Statements without values, separated by semicolons; rows are ignored.
  [[nodiscard]] std::string run(const char* statements);
  [[nodiscard]] std::string prepare(std::string_view statement, Statement& out);
  /// The first column of the first row; there must be one.
  [[nodiscard]] std::string read_number(std::string_view statement, std::int64_t& out);
  [[nodiscard]] std::string read_text(std::string_view statement, std::string& out);
  /// Everything that is committed, as it is at one moment, into `target`, which is open and empty.
  /// Other connections go on meanwhile.
  [[nodiscard]] std::string copy_to(Database& target);
  /// How long a call waits for another program's lock. At first 5 s.
  void set_busy_wait(int milliseconds);
  /// Of the call that failed last; 0: none did. As sqlite3.h has them, without what extends them.
  int last_failure() const { return last_failure_; }
  /// A transaction is open; one that fails may have ended by itself.
  bool in_transaction() const;
  /// Rows that the last statement inserted, changed or deleted itself.
  std::int64_t changed_count() const;

  /// "catalog FILE: REASON; WHAT TO DO" of the call that just failed with this code.
  std::string describe(int code) const;
  /// The same form, for what is found wrong in a file that can be read.
  std::string complain(std::string_view reason) const;

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
  mutable int last_failure_ = 0;  ///< Set where a failure gets its text.
};

}  // namespace lepus::persist
