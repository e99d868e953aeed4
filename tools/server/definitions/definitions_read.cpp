// From JSON to Definitions: form only. Whether a queue's arguments make sense, and whether it
// agrees with what is there, is for the rules that judge a client's declaration too
// (definitions_import.h).
#include "tools/server/definitions/definitions_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/access/access_pattern.h"
#include "core/access/password_hash.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/topology/policy.h"
#include "core/topology/topology_rules.h"
#include "persist/catalog/access_rows.h"
#include "tools/server/config/config_value.h"
#include "tools/server/definitions/definitions_fields.h"
#include "tools/server/definitions/definitions_policy_keys.h"
#include "tools/server/definitions/policy_text.h"

namespace lepus::server {

namespace {

using core::TopologyRequest;
using persist::DefinitionKind;
using persist::DefinitionRow;
using simdjson::dom::element;
using Kind = TopologyRequest::Kind;

constexpr std::string_view credentials_missing =
    "it is missing; give `password`, or base64(salt + SHA-256(salt + password)) with a salt of "
    "four "
    "bytes, as RabbitMQ exports it";

class Reader {
 public:
  Reader(const ReadInput& input, Definitions& out, Findings& findings)
      : origin_(input.origin), scope_(input.scope), out_(out), findings_(findings) {}

  void read(simdjson::dom::object root);

 private:
  using Visit = void (Reader::*)(Fields&);
  struct Section {
    std::string_view name;
    Visit visit;
  };
  static const std::array<Section, 10> sections;

  void each(const Section& section);
  void on_user(Fields& fields);
  void on_vhost(Fields& fields);
  void on_permission(Fields& fields);
  void on_topic_permission(Fields& fields);
  void on_policy(Fields& fields);
  void on_parameter(Fields& fields);
  void on_global_parameter(Fields& fields);
  static void check_patterns(Fields& fields, std::initializer_list<std::string_view> names);
  void check_policy_row(Fields& fields, const DefinitionRow& row, bool is_operator);
  void on_exchange(Fields& fields);
  void on_queue(Fields& fields);
  void read_queue_type(Fields& fields, DefinedItem& queue);
  void on_binding(Fields& fields);
  DefinitionRow read_row(Fields& fields, DefinitionKind kind);
  void put_row(Fields& fields, DefinitionKind kind, DefinitionRow row);
  std::string vhost_of(Fields& fields);
  static std::string tags(std::string_view json);
  DefinedItem item(Fields& fields, Kind kind);

  const std::string& origin_;
  const DefinitionsScope& scope_;
  Definitions& out_;
  Findings& findings_;
  simdjson::dom::object root_;
  bool is_single_vhost_ = false;  ///< The file has no virtual hosts.
};

const std::array<Reader::Section, 10> Reader::sections{
    Section{"vhosts", &Reader::on_vhost},
    Section{"users", &Reader::on_user},
    Section{"permissions", &Reader::on_permission},
    Section{"topic_permissions", &Reader::on_topic_permission},
    Section{"policies", &Reader::on_policy},
    Section{"parameters", &Reader::on_parameter},
    Section{"global_parameters", &Reader::on_global_parameter},
    Section{"exchanges", &Reader::on_exchange},
    Section{"queues", &Reader::on_queue},
    Section{"bindings", &Reader::on_binding}};

void Reader::read(simdjson::dom::object root) {
  root_ = root;
  element vhosts;
  is_single_vhost_ = root.at_key("vhosts").get(vhosts) != simdjson::SUCCESS;
  for (const Section& section : sections) {
    std::size_t count = 0;
    for (const auto [key, value] : root) count += key == section.name ? 1 : 0;
    if (count > 1)
      findings_.fail(
          fmt::format("{}: {} is there {} times; make it one list", origin_, section.name, count));
    each(section);
  }
}

/// A section that is not there has no elements.
void Reader::each(const Section& section) {
  element list;
  if (root_.at_key(section.name).get(list) != simdjson::SUCCESS) return;
  simdjson::dom::array elements;
  if (list.get(elements) != simdjson::SUCCESS)
    return findings_.fail(
        fmt::format("{}: {}: expected a list, it is {}", origin_, section.name, kind_of(list)));
  std::size_t index = 0;
  for (const element one : elements) {
    const std::string path = fmt::format("{}: {}[{}]", origin_, section.name, index++);
    simdjson::dom::object object;
    if (one.get(object) != simdjson::SUCCESS) {
      findings_.refuse(fmt::format("{}: expected an object, it is {}", path, kind_of(one)));
      continue;
    }
    Fields fields{object, path};
    (this->*section.visit)(fields);
    if (!fields.ok()) findings_.refuse(fields.error());
  }
}

/// Files of a single virtual host leave it out.
std::string Reader::vhost_of(Fields& fields) {
  if (fields.has("vhost")) {
    std::string name = fields.name("vhost");
    if (scope_.is_wanted && fields.ok() && name != scope_.vhost)
      fields.refuse("vhost",
                    fmt::format("it is '{}', but --vhost says '{}'; import the file without "
                                "--vhost, or take the element out",
                                name, scope_.vhost));
    return name;
  }
  if (scope_.vhost.empty() || (!scope_.is_wanted && !is_single_vhost_)) {
    fields.refuse("vhost", is_single_vhost_
                               ? "it is missing: this is a file of a single virtual host; name the "
                                 "one it is for with --vhost"
                               : "it is missing; name the virtual host it is in");
    return {};
  }
  if (!scope_.is_wanted)
    findings_.warn_of_each(
        fmt::format("there is no virtual host in the file, '{}' is taken", scope_.vhost), origin_);
  return scope_.vhost;
}

// ---- Rows ---------------------------------------------------------------------------------------

DefinitionRow Reader::read_row(Fields& fields, DefinitionKind kind) {
  DefinitionRow row;
  for (const persist::DefinitionColumn& column : persist::definition_table(kind).columns)
    row.values.push_back(column.field == "vhost" ? vhost_of(fields) : fields.column_text(column));
  return row;
}

void Reader::put_row(Fields& fields, DefinitionKind kind, DefinitionRow row) {
  if (fields.ok()) out_.rows.push_back({fields.path(), kind, std::move(row), {}});
}

/// Old files have "a,b" where newer ones have ["a","b"].
std::string Reader::tags(std::string_view json) {
  CHECK(json.size() >= 2);
  if (!json.starts_with('"')) return std::string{json};
  std::string list;
  for (const std::string_view text : split_list(json.substr(1, json.size() - 2)))
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", text);
  return fmt::format("[{}]", list);
}

void Reader::on_user(Fields& fields) {
  const bool has_password = fields.has("password");
  const std::string password = has_password ? fields.text("password") : "";
  (void)fields.name("name");
  if (!fields.has("password_hash") && !has_password)
    return fields.refuse("password_hash", credentials_missing);
  DefinitionRow row;
  for (const persist::DefinitionColumn& column :
       persist::definition_table(DefinitionKind::users).columns) {
    const bool is_left_out = column.field == "password_hash" && !fields.has(column.field);
    row.values.push_back(is_left_out ? "" : fields.column_text(column));
  }
  if (!fields.ok()) return;
  if (has_password && !row.values[persist::user_hash].empty())
    return fields.refuse("password", "there is a password_hash as well; leave one of them");
  if (has_password) row.values[persist::user_algorithm] = core::sha256_name;
  core::PasswordHash hash;
  if (const std::string why =
          hash.read(row.values[persist::user_algorithm], row.values[persist::user_hash]);
      !why.empty())
    return fields.refuse("password_hash",
                         fmt::format("user '{}': {}", row.values[persist::user_name], why));
  std::string& tag_list = row.values[persist::user_tags];
  if (!tag_list.starts_with('"') && !tag_list.starts_with('['))
    return fields.refuse("tags", "expected a list of strings, or one string with commas");
  tag_list = tags(tag_list);
  core::UserSpec user;
  if (const std::string why = persist::read_user(row, user); !why.empty())
    return fields.refuse(why.find("': tags") != std::string::npos ? "tags" : "limits", why);
  out_.rows.push_back({fields.path(), DefinitionKind::users, std::move(row), password});
}

/// What a virtual host has besides its name is kept as it came.
void Reader::on_vhost(Fields& fields) {
  DefinedItem item;
  item.path = fields.path();
  item.request.kind = Kind::add_vhost;
  item.request.name = item.vhost = fields.name("name");
  if (!fields.ok()) return;
  std::string properties = fields.without("name");
  if (properties != "{}") {
    DefinitionRow row{{item.vhost, std::move(properties)}};
    core::VhostSettings settings;
    if (const std::string why = persist::read_vhost(row, settings); !why.empty())
      return fields.refuse("metadata", why);
    put_row(fields, DefinitionKind::vhost_properties, std::move(row));
  }
  out_.vhosts.push_back(std::move(item));
}

void Reader::check_patterns(Fields& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string pattern = fields.text(name);
    for (const std::string_view variable : {"username", "vhost", "client_id"})
      pattern = core::expand_pattern(std::move(pattern), variable, "x");
    const std::string why = core::check_pattern(pattern);
    if (fields.ok() && !why.empty())
      fields.refuse(name, fmt::format("the regular expression cannot be used: {}; see Patterns in "
                                      "docs/COMPATIBILITY.md",
                                      why));
  }
}

void Reader::on_permission(Fields& fields) {
  check_patterns(fields, {"configure", "write", "read"});
  put_row(fields, DefinitionKind::permissions, read_row(fields, DefinitionKind::permissions));
}

void Reader::on_topic_permission(Fields& fields) {
  check_patterns(fields, {"write", "read"});
  put_row(fields, DefinitionKind::topic_permissions,
          read_row(fields, DefinitionKind::topic_permissions));
}

/// A pattern that cannot be had is a warning when policies are applied.
void Reader::check_policy_row(Fields& fields, const DefinitionRow& row, bool is_operator) {
  core::PolicySpec policy;
  if (!fields.ok()) return;
  const std::string_view field = is_operator ? "value" : "definition";
  if (const std::string why = read_policy_row(row, is_operator, policy); !why.empty())
    return fields.refuse(field, why);
  if (const std::string why = check_policy_keys({policy, is_operator, fields.path()}, findings_);
      !why.empty())
    fields.refuse(field, why);
}

void Reader::on_policy(Fields& fields) {
  (void)fields.some_text("name");
  DefinitionRow row = read_row(fields, DefinitionKind::policies);
  check_policy_row(fields, row, false);
  put_row(fields, DefinitionKind::policies, std::move(row));
}

void Reader::on_parameter(Fields& fields) {
  (void)fields.some_text("component");
  (void)fields.some_text("name");
  DefinitionRow row = read_row(fields, DefinitionKind::parameters);
  if (is_operator_policy(row)) check_policy_row(fields, row, true);
  if (fields.ok() && persist::is_vhost_limits(row)) {
    core::VhostLimits limits;
    if (const std::string why = persist::read_vhost_limits(row, limits); !why.empty())
      fields.refuse("value", why);
  }
  put_row(fields, DefinitionKind::parameters, std::move(row));
}

void Reader::on_global_parameter(Fields& fields) {
  (void)fields.some_text("name");
  put_row(fields, DefinitionKind::global_parameters,
          read_row(fields, DefinitionKind::global_parameters));
}

// ---- Exchanges, queues, bindings ----------------------------------------------------------------

DefinedItem Reader::item(Fields& fields, Kind kind) {
  DefinedItem item;
  item.path = fields.path();
  item.vhost = vhost_of(fields);
  item.request.kind = kind;
  item.request.durable = fields.flag("durable", true);
  item.request.auto_delete = fields.flag("auto_delete", false);
  item.request.arguments = fields.table("arguments");
  return item;
}

void Reader::on_exchange(Fields& fields) {
  DefinedItem defined_item = item(fields, Kind::declare_exchange);
  defined_item.request.name = fields.short_text("name");
  defined_item.request.type = fields.text("type");
  defined_item.request.internal = fields.flag("internal", false);
  if (!fields.ok()) return;
  const std::string name = core::strip_cr_lf(defined_item.request.name);
  if (name.empty() || name.starts_with("amq."))
    return findings_.warn_of_each(
        "the default exchange and those with names like amq.topic are the broker's own; what the "
        "file says of them is skipped",
        fields.path());
  if (!core::parse_exchange_type(defined_item.request.type)) {
    return fields.refuse("type",
                         fmt::format("exchange '{}' has type '{}', which is not supported, see "
                                     "docs/COMPATIBILITY.md; take the exchange out of the file",
                                     defined_item.request.name, defined_item.request.type));
  }
  out_.exchanges.push_back(std::move(defined_item));
}

void Reader::on_queue(Fields& fields) {
  DefinedItem defined_item = item(fields, Kind::declare_queue);
  defined_item.request.name = fields.name("name");
  if (fields.ok() && core::strip_cr_lf(defined_item.request.name).empty())
    fields.refuse("name", "nothing of it is left without line ends; give it a name");
  // RabbitMQ exports queues that it named itself.
  defined_item.request.server_named = defined_item.request.name.starts_with("amq.");
  if (fields.has("type")) read_queue_type(fields, defined_item);
  if (fields.ok()) out_.queues.push_back(std::move(defined_item));
}

/// The argument counts, as in RabbitMQ; where there is none, what `type` says.
void Reader::read_queue_type(Fields& fields, DefinedItem& queue) {
  const std::string type = fields.text("type");
  if (!fields.ok()) return;
  std::string& arguments = queue.request.arguments;
  if (const auto argument = core::FieldTable{core::as_bytes(arguments)}.find(queue_type_key)) {
    if (!argument->is_string() || argument->text() != type)
      findings_.warn(
          fmt::format("{}.type: it is '{}', but the argument x-queue-type says something "
                      "else, which counts",
                      fields.path(), type));
    return;
  }
  if (type.empty() || !core::is_queue_type(type))
    return fields.refuse("type",
                         fmt::format("queue '{}' has type '{}', which is not supported, see "
                                     "docs/COMPATIBILITY.md; make it classic, quorum or stream",
                                     queue.request.name, type));
  queue.is_classic = type == "classic";
  if (queue.is_classic) return;
  core::FieldTableWriter added;
  added.text(queue_type_key, type);
  arguments += added.take();
}

void Reader::on_binding(Fields& fields) {
  DefinedItem item;
  item.path = fields.path();
  item.vhost = vhost_of(fields);
  item.request.source = fields.short_text("source");
  item.request.name = fields.name("destination");
  item.request.key = fields.short_text("routing_key");
  item.request.arguments = fields.table("arguments");
  const std::string type = fields.text("destination_type");
  if (!fields.ok()) return;
  if (type != "queue" && type != "exchange")
    return fields.refuse("destination_type",
                         fmt::format("expected queue or exchange, it is '{}'", type));
  item.request.kind = type == "queue" ? Kind::bind_queue : Kind::bind_exchange;
  out_.bindings.push_back(std::move(item));
}

}  // namespace

void read_sections(simdjson::dom::object root, const ReadInput& input, Definitions& out,
                   Findings& findings) {
  Reader{input, out, findings}.read(root);
}

}  // namespace lepus::server
