// RabbitMQ's field names. What it exports is read in every form it was found in: limits also as an
// empty list, a default queue type also as "undefined" and inside of "metadata".
#include "persist/catalog/access_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "core/base/assert.h"
#include "persist/catalog/json_text.h"

namespace lepus::persist {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view limits_name = "limits";
constexpr const char* protection = "protected_from_deletion";

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parse(const std::string& text) { return parse_json(text); }

void add_limit(Json& json, const char* field, const core::Limit& limit) {
  if (limit) json[field] = *limit;
}

/// Also as a list of pairs, which RabbitMQ writes in places.
Json limits_of(const std::string& text) {
  Json json = parse(text);
  if (!json.is_array()) return json;
  Json object = Json::object();
  for (const Json& pair : json)
    if (pair.is_array() && pair.size() == 2 && pair[0].is_string())
      object[pair[0].get<std::string>()] = pair[1];
  return object;
}

std::string read_limit(const Json& json, const char* field, core::Limit& limit) {
  if (!json.is_object() || !json.contains(field)) return {};
  const Json& value = json[field];
  if (!value.is_number_integer()) return fmt::format("'{}' is not a whole number", field);
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)
    return fmt::format("'{}' is above {}", field, INT64_MAX);
  limit = value.get<std::int64_t>();
  return {};
}

std::string check_limits(const std::string& text, std::initializer_list<std::string_view> known) {
  const Json json = limits_of(text);
  if (!json.is_object()) return "the limits are no JSON object";
  for (const auto& [name, value] : json.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      return fmt::format("Validation failed\n\nUnrecognised terms [\"{}\"] in limits\n", name);
  return {};
}

/// Old files have one text with commas.
std::string read_tags(const Json& json, std::vector<std::string>& tags) {
  if (json.is_string()) {
    const std::string text = json.get<std::string>();
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      if (end > begin) tags.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    return {};
  }
  if (!json.is_array()) return "tags: not a list";
  for (const Json& tag : json) {
    if (!tag.is_string()) return "tags: not a list of names";
    tags.push_back(tag.get<std::string>());
  }
  return {};
}

/// Of the object itself, else of its metadata; null: of neither.
const Json* find_property(const Json& json, const char* field) {
  if (!json.is_object()) return nullptr;
  if (json.contains(field)) return &json[field];
  const auto metadata = json.find("metadata");
  const bool existing =
      metadata != json.end() && metadata->is_object() && metadata->contains(field);
  return existing ? &(*metadata)[field] : nullptr;
}

}  // namespace

DefinitionRow user_row(const core::UserSpec& user) {
  CHECK(!user.name.empty());
  Json limits = Json::object();
  add_limit(limits, "max-connections", user.limits.connections);
  add_limit(limits, "max-channels", user.limits.channels);
  return {{user.name, user.password_hash, user.hashing_algorithm, text_of(Json(user.tags)),
           text_of(limits)}};
}

DefinitionRow permission_row(const core::PermissionSpec& permission) {
  return {
      {permission.user, permission.vhost, permission.configure, permission.write, permission.read}};
}

DefinitionRow topic_permission_row(const core::TopicPermissionSpec& permission) {
  return {
      {permission.user, permission.vhost, permission.exchange, permission.write, permission.read}};
}

DefinitionRow vhost_row(const std::string& name, const core::VhostSettings& settings) {
  CHECK(!name.empty());
  Json json = {{"description", settings.description}, {"tags", settings.tags}};
  if (!settings.default_queue_type.empty())
    json["default_queue_type"] = settings.default_queue_type;
  if (settings.protected_from_deletion) json["metadata"] = {{protection, true}};
  return {{name, text_of(json)}};
}

DefinitionRow vhost_limits_row(const std::string& name, const core::VhostLimits& limits) {
  CHECK(!name.empty());
  Json json = Json::object();
  add_limit(json, "max-connections", limits.connections);
  add_limit(json, "max-queues", limits.queues);
  return {
      {std::string{core::vhost_limits_component}, name, std::string{limits_name}, text_of(json)}};
}

DefinitionRow policy_row(const core::PolicySpec& policy, bool is_operator) {
  CHECK(!policy.vhost.empty());
  CHECK(!policy.name.empty());
  const std::string target{core::policy_target_name(policy.target)};
  if (!is_operator)
    return {{policy.vhost, policy.name, policy.pattern, target, policy.json,
             std::to_string(policy.priority)}};
  const Json json = {{"pattern", policy.pattern},
                     {"apply-to", target},
                     {"priority", policy.priority},
                     {"definition", parse(policy.json)}};
  return {{std::string{core::operator_policy_component}, policy.vhost, policy.name, text_of(json)}};
}

bool is_vhost_limits(const DefinitionRow& parameter) {
  CHECK(parameter.values.size() == 4);
  return parameter.values[0] == core::vhost_limits_component && parameter.values[2] == limits_name;
}

std::string read_user(const DefinitionRow& row, core::UserSpec& user) {
  CHECK(row.values.size() == 5);
  user.name = row.values[user_name];
  user.password_hash = row.values[user_hash];
  user.hashing_algorithm = row.values[user_algorithm];
  std::string error = read_tags(parse(row.values[user_tags]), user.tags);
  const Json limits = limits_of(row.values[user_limits]);
  if (error.empty() && limits.is_discarded()) error = "not JSON";
  if (error.empty()) error = read_limit(limits, "max-connections", user.limits.connections);
  if (error.empty()) error = read_limit(limits, "max-channels", user.limits.channels);
  return error.empty() ? error : fmt::format("user '{}': {}", user.name, error);
}

core::PermissionSpec read_permission(const DefinitionRow& row) {
  CHECK(row.values.size() == 5);
  const auto& values = row.values;
  return {values[0], values[1], values[2], values[3], values[4]};
}

core::TopicPermissionSpec read_topic_permission(const DefinitionRow& row) {
  CHECK(row.values.size() == 5);
  const auto& values = row.values;
  return {values[0], values[1], values[2], values[3], values[4]};
}

std::string read_vhost(const DefinitionRow& row, core::VhostSettings& settings) {
  CHECK(row.values.size() == 2);
  const Json json = parse(row.values[1]);
  if (json.is_discarded()) return fmt::format("vhost '{}': not JSON", row.values[0]);
  if (!json.is_object()) return fmt::format("vhost '{}': not a JSON object", row.values[0]);
  std::string error;
  if (const Json* found = find_property(json, "description"); found && found->is_string())
    settings.description = found->get<std::string>();
  if (const Json* found = find_property(json, "tags")) error = read_tags(*found, settings.tags);
  if (const Json* found = find_property(json, "default_queue_type"); found && found->is_string())
    settings.default_queue_type = found->get<std::string>();
  if (const Json* found = find_property(json, protection); found && found->is_boolean())
    settings.protected_from_deletion = found->get<bool>();
  if (settings.default_queue_type == "undefined") settings.default_queue_type.clear();
  return error.empty() ? error : fmt::format("vhost '{}': {}", row.values[0], error);
}

std::string read_vhost_limits(const DefinitionRow& row, core::VhostLimits& limits) {
  CHECK(is_vhost_limits(row));
  const Json json = limits_of(row.values[3]);
  std::string error = json.is_discarded() ? "not JSON" : "";
  if (error.empty()) error = read_limit(json, "max-connections", limits.connections);
  if (error.empty()) error = read_limit(json, "max-queues", limits.queues);
  return error.empty() ? error : fmt::format("limits of vhost '{}': {}", row.values[1], error);
}

std::string check_vhost_limits(const std::string& json) {
  return check_limits(json, {"max-connections", "max-queues"});
}

std::string check_user_limits(const std::string& json) {
  return check_limits(json, {"max-connections", "max-channels"});
}

}  // namespace lepus::persist
