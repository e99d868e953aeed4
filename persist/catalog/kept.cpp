// The table of kinds. Names of columns are those of the JSON, but for the hyphen.
#include "persist/catalog/kept.h"

#include <utility>

#include "core/base/assert.h"

namespace lepus::persist {

namespace {

constexpr KeptForm number = KeptForm::number;
constexpr KeptForm json = KeptForm::json;

constexpr std::array user_columns{
    KeptColumn{"name", "name"},
    KeptColumn{"password_hash", "password_hash"},
    KeptColumn{"hashing_algorithm", "hashing_algorithm", KeptForm::text,
               "rabbit_password_hashing_sha256"},
    KeptColumn{"tags", "tags", json, "[]"},
    KeptColumn{"limits", "limits", json, "{}"},
};
constexpr std::array vhost_columns{
    KeptColumn{"vhost", "name"},
    KeptColumn{"properties", "properties", json, "{}"},
};
constexpr std::array permission_columns{
    KeptColumn{"user", "user"},           KeptColumn{"vhost", "vhost"},
    KeptColumn{"configure", "configure"}, KeptColumn{"write", "write"},
    KeptColumn{"read", "read"},
};
constexpr std::array topic_permission_columns{
    KeptColumn{"user", "user"},   KeptColumn{"vhost", "vhost"}, KeptColumn{"exchange", "exchange"},
    KeptColumn{"write", "write"}, KeptColumn{"read", "read"},
};
constexpr std::array policy_columns{
    KeptColumn{"vhost", "vhost"},
    KeptColumn{"name", "name"},
    KeptColumn{"pattern", "pattern"},
    KeptColumn{"apply_to", "apply-to", KeptForm::text, "all"},
    KeptColumn{"definition", "definition", json},
    KeptColumn{"priority", "priority", number, "0"},
};
constexpr std::array parameter_columns{
    KeptColumn{"component", "component"},
    KeptColumn{"vhost", "vhost"},
    KeptColumn{"name", "name"},
    KeptColumn{"value", "value", json},
};
constexpr std::array global_parameter_columns{
    KeptColumn{"name", "name"},
    KeptColumn{"value", "value", json},
};

constexpr std::array<KeptTable, kept_kind_count> tables{
    KeptTable{"users", "users", "users", 1, user_columns},
    KeptTable{"vhost_properties", "vhosts",
              "sets of properties of virtual hosts (description, tags, limits, default queue type)",
              1, vhost_columns},
    KeptTable{"permissions", "permissions", "permissions", 2, permission_columns},
    KeptTable{"topic_permissions", "topic_permissions", "topic permissions", 3,
              topic_permission_columns},
    KeptTable{"policies", "policies", "policies", 2, policy_columns},
    KeptTable{"parameters", "parameters", "parameters", 3, parameter_columns},
    KeptTable{"global_parameters", "global_parameters", "global parameters", 1,
              global_parameter_columns},
};

/// Different for different keys.
std::string key_of(KeptKind kind, const KeptRow& row) {
  const KeptTable& table = kept_table(kind);
  CHECK(row.values.size() == table.columns.size());
  std::string key;
  for (std::size_t i = 0; i < table.key_count; ++i)
    key += std::to_string(row.values[i].size()) + ":" + row.values[i];
  return key;
}

}  // namespace

const KeptTable& kept_table(KeptKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  CHECK(index < tables.size());
  CHECK(tables[index].key_count <= tables[index].columns.size());
  return tables[index];
}

bool KeptDefinitions::put(KeptKind kind, KeptRow row) {
  std::vector<KeptRow>& all = of(kind);
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
  KeptRow& there = all[place->second];
  if (there == row) return false;
  there = std::move(row);
  return true;
}

}  // namespace lepus::persist
