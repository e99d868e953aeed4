// The definition is kept as it was given beside the table that is made of it: lists and exports
// show what was written.
#include "tools/server/definitions/policy_text.h"

#include <simdjson.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include <fmt/format.h>

#include "persist/catalog/access_rows.h"
#include "persist/catalog/json_text.h"
#include "tools/server/definitions/definitions_table.h"

namespace lepus::server {

namespace {

std::string failed(std::string_view why) { return fmt::format("Validation failed\n\n{}", why); }

using Json = nlohmann::ordered_json;

/// RabbitMQ 3.10 writes the definition of an operator policy as a list of pairs.
Json definition_of(const Json& policy) {
  const auto found = policy.find("definition");
  const Json definition = found == policy.end() ? Json::object() : *found;
  if (!definition.is_array()) return definition;
  Json object = Json::object();
  for (const Json& pair : definition) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) return definition;
    object[pair[0].get<std::string>()] = pair[1];
  }
  return object;
}

std::string read_definition(const std::string& json, std::string& table) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(simdjson::padded_string{json}).get(element) != simdjson::SUCCESS)
    return "JSON decoding error: the definition is not JSON";
  if (!element.is_object()) return failed("the definition of a policy is a JSON object");
  const std::string error = read_table(element, "definition", table);
  return error.empty() ? "" : failed(error);
}

}  // namespace

std::string read_policy(const PolicyText& text, core::PolicySpec& policy) {
  const auto target = core::parse_policy_target(text.apply_to);
  if (!target)
    return failed(
        fmt::format("apply-to '{}' is none of all, queues, classic_queues, "
                    "quorum_queues, streams, exchanges",
                    text.apply_to));
  std::int64_t priority = 0;
  const char* end = text.priority.data() + text.priority.size();
  const auto [stopped, error] = std::from_chars(text.priority.data(), end, priority);
  if (error != std::errc{} || stopped != end)
    return failed(
        fmt::format("the priority of a policy is a whole number, not '{}'", text.priority));
  policy = {text.vhost, text.name, text.pattern, *target, priority, {}, text.definition};
  return read_definition(text.definition, policy.definition);
}

bool is_operator_policy(const persist::DefinitionRow& parameter) {
  return parameter.values.front() == core::operator_policy_component;
}

std::string read_policy_row(const persist::DefinitionRow& row, bool is_operator,
                            core::PolicySpec& policy) {
  const auto& values = row.values;
  if (!is_operator)
    return read_policy({values[0], values[1], values[2], values[3], values[4], values[5]}, policy);
  const Json json = persist::parse_json(values[3]);
  if (!json.is_object()) return failed("not a JSON object");
  PolicyText text{values[1], values[2], {}, "all", definition_of(json).dump(), "0"};
  for (const auto& [field, to] :
       {std::pair{"pattern", &text.pattern}, std::pair{"apply-to", &text.apply_to}}) {
    const auto found = json.find(field);
    if (found == json.end()) continue;
    if (!found->is_string()) return failed(fmt::format("'{}' is not a text", field));
    *to = found->get<std::string>();
  }
  if (const auto priority = json.find("priority"); priority != json.end())
    text.priority = priority->dump();
  return read_policy(text, policy);
}

}  // namespace lepus::server
