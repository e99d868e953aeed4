// The table of kinds. Names of columns are those of the JSON, but for the hyphen.
#include "persist/catalog/definition_rows.h"

#include <utility>

#include "core/base/assert.h"

namespace lepus::persist {

namespace {

constexpr ColumnForm number = ColumnForm::number;
constexpr ColumnForm json = ColumnForm::json;

constexpr std::array user_columns{
    DefinitionColumn{"name", "name"},
    DefinitionColumn{"password_hash", "password_hash"},
    DefinitionColumn{"hashing_algorithm", "hashing_algorithm", ColumnForm::text,
                     "rabbit_password_hashing_sha256"},
    DefinitionColumn{"tags", "tags", json, "[]"},
    DefinitionColumn{"limits", "limits", json, "{}"},
};
constexpr std::array vhost_columns{
    DefinitionColumn{"vhost", "name"},
    DefinitionColumn{"properties", "properties", json, "{}"},
};
constexpr std::array permission_columns{
    DefinitionColumn{"user", "user"},           DefinitionColumn{"vhost", "vhost"},
    DefinitionColumn{"configure", "configure"}, DefinitionColumn{"write", "write"},
    DefinitionColumn{"read", "read"},
};
constexpr std::array topic_permission_columns{
    DefinitionColumn{"user", "user"},         DefinitionColumn{"vhost", "vhost"},
    DefinitionColumn{"exchange", "exchange"}, DefinitionColumn{"write", "write"},
    DefinitionColumn{"read", "read"},
};
constexpr std::array policy_columns{
    DefinitionColumn{"vhost", "vhost"},
    DefinitionColumn{"name", "name"},
    DefinitionColumn{"pattern", "pattern"},
    DefinitionColumn{"apply_to", "apply-to", ColumnForm::text, "all"},
    DefinitionColumn{"definition", "definition", json},
    DefinitionColumn{"priority", "priority", number, "0"},
};
constexpr std::array parameter_columns{
    DefinitionColumn{"component", "component"},
    DefinitionColumn{"vhost", "vhost"},
    DefinitionColumn{"name", "name"},
    DefinitionColumn{"value", "value", json},
};
constexpr std::array global_parameter_columns{
    DefinitionColumn{"name", "name"},
    DefinitionColumn{"value", "value", json},
};

constexpr std::array<DefinitionTable, definition_kind_count> tables{
    DefinitionTable{"users", "users", "users", 1, user_columns},
    DefinitionTable{
        "vhost_properties", "vhosts",
        "sets of properties of virtual hosts (description, tags, limits, default queue type)", 1,
        vhost_columns},
    DefinitionTable{"permissions", "permissions", "permissions", 2, permission_columns},
    DefinitionTable{"topic_permissions", "topic_permissions", "topic permissions", 3,
                    topic_permission_columns},
    DefinitionTable{"policies", "policies", "policies", 2, policy_columns},
    DefinitionTable{"parameters", "parameters", "parameters", 3, parameter_columns},
    DefinitionTable{"global_parameters", "global_parameters", "global parameters", 1,
                    global_parameter_columns},
};

/// Different for different keys.
std::string key_of(DefinitionKind kind, const DefinitionRow& row) {
  const DefinitionTable& table = definition_table(kind);
  CHECK(row.values.size() == table.columns.size());
  std::string key;
  for (std::size_t i = 0; i < table.key_count; ++i)
    key += std::to_string(row.values[i].size()) + ":" + row.values[i];
  return key;
}

}  // namespace

const DefinitionTable& definition_table(DefinitionKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  CHECK(index < tables.size());
  CHECK(tables[index].key_count <= tables[index].columns.size());
  return tables[index];
}

bool StoredDefinitions::put(DefinitionKind kind, DefinitionRow row) {
  std::vector<DefinitionRow>& all = of(kind);
  auto& places = places_[static_cast<std::size_t>(kind)];
  CHECK(places.size() <= all.size());
  while (places.size() < all.size())
    CHECK(places.emplace(key_of(kind, all[places.size()]), places.size()).second);
  const auto [place, is_new] = places.emplace(key_of(kind, row), all.size());
  if (is_new) {
    all.push_back(std::move(row));
    return true;
  }
  CHECK(place->second < all.size());
  DefinitionRow& existing = all[place->second];
  if (existing == row) return false;
  existing = std::move(row);
  return true;
}

}  // namespace lepus::persist
