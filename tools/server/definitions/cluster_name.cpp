// See cluster_name.h.
#include "tools/server/definitions/cluster_name.h"

#include "core/access/access_change.h"
#include "persist/catalog/json_text.h"

namespace lepus::server {

namespace {

/// A value that is no text, or an empty one, names nothing.
std::string name_in(const std::string& json, const ServerConfig& config) {
  const nlohmann::ordered_json value = persist::parse_json(json);
  std::string name = value.is_string() ? value.get<std::string>() : std::string{};
  return name.empty() ? config.cluster_name : name;
}

}  // namespace

std::string cluster_name_with(const ServerConfig& config,
                              const persist::StoredDefinitions& stored_rows) {
  for (const persist::DefinitionRow& row :
       stored_rows.of(persist::DefinitionKind::global_parameters))
    if (row.values[0] == core::cluster_name_parameter) return name_in(row.values[1], config);
  return config.cluster_name;
}

std::string cluster_name_with(const ServerConfig& config, const core::Topology& topology) {
  const auto found = topology.parameters().find(
      {std::string{core::global_component}, {}, std::string{core::cluster_name_parameter}});
  return found == topology.parameters().end() ? config.cluster_name
                                              : name_in(found->second, config);
}

}  // namespace lepus::server
