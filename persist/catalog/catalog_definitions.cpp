// The catalog's part for definitions that are kept as they came: statements made from the table of
// kinds (persist/catalog/definition_rows.h).
#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "persist/catalog/catalog.h"

namespace lepus::persist {

namespace {

std::string list_columns(const DefinitionTable& table) {
  std::string list;
  for (const DefinitionColumn& column : table.columns)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", column.name);
  return list;
}

std::string put_statement(const DefinitionTable& table) {
  std::string places;
  std::string key;
  std::string updates;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string_view name = table.columns[i].name;
    places += fmt::format("{}?{}", i == 0 ? "" : ", ", i + 1);
    if (i < table.key_count) {
      key += fmt::format("{}{}", key.empty() ? "" : ", ", name);
    } else {
      updates += fmt::format("{}{} = excluded.{}", updates.empty() ? "" : ", ", name, name);
    }
  }
  CHECK(!key.empty());
  CHECK(!updates.empty());
  return fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}",
                     table.name, list_columns(table), places, key, updates);
}

/// SQLite sees to it as long as nobody changed the tables. Returns "" or a text.
std::string find_repeated_key(const Database& database, const DefinitionTable& table,
                              const std::vector<DefinitionRow>& rows) {
  std::set<std::vector<std::string>> keys;
  for (const DefinitionRow& row : rows) {
    const auto begin = row.values.begin();
    std::vector<std::string> key(begin, begin + static_cast<std::ptrdiff_t>(table.key_count));
    const std::string text = fmt::format("{}", fmt::join(key, "', '"));
    if (!keys.insert(std::move(key)).second)
      return database.complain(fmt::format("table {} has the key '{}' twice", table.name, text));
  }
  return {};
}

std::string read_all(Database& database, StoredDefinitions& stored_rows) {
  std::string error;
  for (std::size_t index = 0; index < definition_kind_count && error.empty(); ++index) {
    const auto kind = static_cast<DefinitionKind>(index);
    const DefinitionTable& table = definition_table(kind);
    CHECK(stored_rows.of(kind).empty());
    Statement select;
    error = database.prepare(
        fmt::format("SELECT {} FROM {} ORDER BY rowid", list_columns(table), table.name), select);
    if (!error.empty()) return error;
    while (select.next()) {
      DefinitionRow row;
      for (std::size_t column = 0; column < table.columns.size(); ++column)
        row.values.emplace_back(select.text(static_cast<int>(column)));
      stored_rows.of(kind).push_back(std::move(row));
    }
    error = select.finish();
    if (error.empty()) error = find_repeated_key(database, table, stored_rows.of(kind));
  }
  return error;
}

}  // namespace

std::string Catalog::load_rows(StoredDefinitions& stored_rows) {
  CHECK(store_ != 0);
  return read_all(database_, stored_rows);
}

std::string read_catalog_rows(const std::string& path, StoredDefinitions& stored_rows) {
  Database database;
  std::string error = database.open(path);
  return error.empty() ? read_all(database, stored_rows) : error;
}

void Catalog::upsert(DefinitionKind kind, const DefinitionRow& row) {
  CHECK(loaded_);
  const DefinitionTable& table = definition_table(kind);
  CHECK(row.values.size() == table.columns.size());
  begin();
  Statement put;
  if (error_.empty()) note(database_.prepare(put_statement(table), put));
  if (!error_.empty()) return;
  put.bind_texts(row.values);
  while (put.next()) {
  }
  note(put.finish());
  if (kind == DefinitionKind::users) note_users();
}

}  // namespace lepus::persist
