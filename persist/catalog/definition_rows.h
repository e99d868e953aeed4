// Definitions that the catalog keeps as they came, beside the topology: users, and what this
// version does not apply yet (permissions, policies, parameters) but must not lose. One line of a
// table describes each kind: columns of the catalog, fields of the JSON. The catalog's statements,
// the import and the export all follow it.
//
//   {"user": "ann", "vhost": "/", "configure": ".*", ...}    an entry of `permissions`
//       <->  KeptRow  <->                                    a row of the table `permissions`
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lepus::persist {

enum class DefinitionKind : std::uint8_t {
  users,
  vhost_properties,
  permissions,
  topic_permissions,
  policies,
  parameters,
  global_parameters,
};
inline constexpr std::size_t definition_kind_count = 7;

/// What is in a column: a JSON string as it reads, a whole number, or JSON text of any kind.
enum class ColumnForm : std::uint8_t { text, number, json };

struct DefinitionColumn {
  std::string_view name;
  std::string_view field;  ///< Its name in the JSON.
  ColumnForm form = ColumnForm::text;
  /// Stands for a field that is not there; empty: the field must be there.
  std::string_view preset = {};
};

struct DefinitionTable {
  std::string_view name;     ///< Of the table; the rows are in the order in which they came.
  std::string_view section;  ///< Top level key of the JSON.
  std::string_view title;    ///< For people.
  std::size_t key_count;     ///< So many columns from the first on are the key.
  std::span<const DefinitionColumn> columns;
};

const DefinitionTable& definition_table(DefinitionKind kind);

/// The columns' values, in order.
struct DefinitionRow {
  std::vector<std::string> values;
  bool operator==(const DefinitionRow&) const = default;
};

/// Rows by kind. Keys of rows that are in here do not change.
struct StoredDefinitions {
  std::array<std::vector<DefinitionRow>, definition_kind_count> rows;

  std::vector<DefinitionRow>& of(DefinitionKind kind) {
    return rows[static_cast<std::size_t>(kind)];
  }
  const std::vector<DefinitionRow>& of(DefinitionKind kind) const {
    return rows[static_cast<std::size_t>(kind)];
  }
  /// Adds the row, or puts it in the place of the one with the same key. False: it is there
  /// already, equal in all columns.
  bool put(DefinitionKind kind, DefinitionRow row);

 private:
  /// Places in `rows` by key; of the rows that were there at the last put().
  std::array<std::unordered_map<std::string, std::size_t>, definition_kind_count> places_;
};

/// Columns of `users`, for those who do not walk the table.
enum UserColumn : std::uint8_t { user_name, user_hash, user_algorithm, user_tags, user_limits };

}  // namespace lepus::persist
