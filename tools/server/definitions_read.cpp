// From JSON to Definitions: form only. Whether a queue's arguments make sense, and whether it
// agrees with what is there, is for the rules that judge a client's declaration too
// (definitions_import.h).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/access_pattern.h"
#include "net/amqp/password.h"
#include "tools/server/config_file.h"
#include "tools/server/config_value.h"
#include "tools/server/definitions.h"
#include "tools/server/definitions_fields.h"
#include "tools/server/definitions_table.h"

namespace lepus::server {

namespace {

using core::TopologyRequest;
using persist::KeptKind;
using simdjson::dom::element;
using Kind = TopologyRequest::Kind;

class Reader {
 public:
  Reader(const std::string& origin, Definitions& out) : origin_(origin), out_(out) {}

  std::string read(simdjson::dom::object root);

 private:
  using Visit = void (Reader::*)(Fields&);

  void each(std::string_view section, Visit visit);
  void on_user(Fields& fields);
  void on_vhost(Fields& fields);
  void on_permission(Fields& fields);
  void on_topic_permission(Fields& fields);
  static void check_patterns(Fields& fields, std::initializer_list<std::string_view> names);
  void on_exchange(Fields& fields);
  void on_queue(Fields& fields);
  void on_binding(Fields& fields);
  template <KeptKind kind>
  void on_row(Fields& fields) {
    put_row(fields, kind);
  }
  persist::KeptRow read_row(Fields& fields, KeptKind kind);
  void put_row(Fields& fields, KeptKind kind) {
    persist::KeptRow row = read_row(fields, kind);
    if (fields.ok()) (void)out_.kept.put(kind, std::move(row));
  }
  static std::string tags(std::string_view json);
  DefinedItem item(Fields& fields, Kind kind);

  const std::string& origin_;
  Definitions& out_;
  simdjson::dom::object root_;
  std::string error_;
};

std::string Reader::read(simdjson::dom::object root) {
  root_ = root;
  each("vhosts", &Reader::on_vhost);
  each("users", &Reader::on_user);
  each("permissions", &Reader::on_permission);
  each("topic_permissions", &Reader::on_topic_permission);
  each("policies", &Reader::on_row<KeptKind::policies>);
  each("parameters", &Reader::on_row<KeptKind::parameters>);
  each("global_parameters", &Reader::on_row<KeptKind::global_parameters>);
  each("exchanges", &Reader::on_exchange);
  each("queues", &Reader::on_queue);
  each("bindings", &Reader::on_binding);
  return std::move(error_);
}

/// A section that is not there has no elements.
void Reader::each(std::string_view section, Visit visit) {
  element list;
  if (!error_.empty() || root_.at_key(section).get(list) != simdjson::SUCCESS) return;
  simdjson::dom::array elements;
  if (list.get(elements) != simdjson::SUCCESS) {
    error_ = fmt::format("{}: {}: expected a list, it is {}", origin_, section, kind_of(list));
    return;
  }
  std::size_t index = 0;
  for (const element one : elements) {
    const std::string path = fmt::format("{}: {}[{}]", origin_, section, index++);
    simdjson::dom::object object;
    if (one.get(object) != simdjson::SUCCESS) {
      error_ = fmt::format("{}: expected an object, it is {}", path, kind_of(one));
      return;
    }
    Fields fields{object, path};
    (this->*visit)(fields);
    error_ = fields.error();
    if (!error_.empty()) return;
  }
}

persist::KeptRow Reader::read_row(Fields& fields, KeptKind kind) {
  persist::KeptRow row;
  for (const persist::KeptColumn& column : persist::kept_table(kind).columns)
    row.values.push_back(fields.kept(column));
  return row;
}

/// Old files have "a,b" where newer ones have ["a","b"].
std::string Reader::tags(std::string_view json) {
  CHECK(json.size() >= 2);
  if (!json.starts_with('"')) return std::string{json};
  std::string list;
  for (const std::string_view one : split_list(json.substr(1, json.size() - 2)))
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", one);
  return fmt::format("[{}]", list);
}

void Reader::on_user(Fields& fields) {
  if (!fields.has("password_hash")) {
    return fields.refuse("password_hash",
                         "it is missing; give base64(salt + SHA-256(salt + password)) with a salt "
                         "of four bytes, as RabbitMQ exports it");
  }
  persist::KeptRow row = read_row(fields, KeptKind::users);
  (void)fields.name("name");
  if (!fields.ok()) return;
  amqp::PasswordHash hash;
  if (const std::string why =
          hash.read(row.values[persist::user_algorithm], row.values[persist::user_hash]);
      !why.empty())
    return fields.refuse("password_hash",
                         fmt::format("user '{}': {}", row.values[persist::user_name], why));
  std::string& tag_list = row.values[persist::user_tags];
  if (!tag_list.starts_with('"') && !tag_list.starts_with('['))
    return fields.refuse("tags", "expected a list of strings, or one string with commas");
  tag_list = tags(tag_list);
  (void)out_.kept.put(KeptKind::users, std::move(row));
}

/// What a virtual host has besides its name is kept as it came.
void Reader::on_vhost(Fields& fields) {
  DefinedItem made;
  made.path = fields.path();
  made.request.kind = Kind::add_vhost;
  made.request.name = made.vhost = fields.name("name");
  if (!fields.ok()) return;
  std::string properties = fields.without("name");
  if (properties != "{}")
    (void)out_.kept.put(KeptKind::vhost_properties, {{made.vhost, std::move(properties)}});
  out_.vhosts.push_back(std::move(made));
}

void Reader::check_patterns(Fields& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::string pattern = fields.text(name);
    for (const std::string_view variable : {"username", "vhost", "client_id"})
      pattern = core::expand_pattern(std::move(pattern), variable, "x");
    const std::string why = core::check_pattern(pattern);
    if (fields.ok() && !why.empty())
      fields.refuse(name, fmt::format("the regular expression cannot be used: {}; look-around and "
                                      "back references are not supported, see "
                                      "docs/COMPATIBILITY.md",
                                      why));
  }
}

void Reader::on_permission(Fields& fields) {
  check_patterns(fields, {"configure", "write", "read"});
  put_row(fields, KeptKind::permissions);
}

void Reader::on_topic_permission(Fields& fields) {
  check_patterns(fields, {"write", "read"});
  put_row(fields, KeptKind::topic_permissions);
}

DefinedItem Reader::item(Fields& fields, Kind kind) {
  DefinedItem made;
  made.path = fields.path();
  made.vhost = fields.name("vhost");
  made.request.kind = kind;
  made.request.durable = fields.flag("durable", true);
  made.request.auto_delete = fields.flag("auto_delete", false);
  made.request.arguments = fields.table("arguments");
  return made;
}

void Reader::on_exchange(Fields& fields) {
  DefinedItem made = item(fields, Kind::declare_exchange);
  made.request.name = fields.name("name");
  made.request.type = fields.text("type");
  made.request.internal = fields.flag("internal", false);
  if (!fields.ok()) return;
  if (!core::parse_exchange_type(made.request.type)) {
    return fields.refuse("type",
                         fmt::format("exchange '{}' has type '{}', which is not supported, see "
                                     "docs/COMPATIBILITY.md; take the exchange out of the file",
                                     made.request.name, made.request.type));
  }
  out_.exchanges.push_back(std::move(made));
}

void Reader::on_queue(Fields& fields) {
  DefinedItem made = item(fields, Kind::declare_queue);
  made.request.name = fields.name("name");
  // RabbitMQ exports queues that it named itself.
  made.request.server_named = made.request.name.starts_with("amq.");
  const std::string type = fields.has("type") ? fields.text("type") : "classic";
  if (!fields.ok()) return;
  if (type != "classic") {
    return fields.refuse("type",
                         fmt::format("queue '{}' has type '{}', which is not supported, see "
                                     "docs/COMPATIBILITY.md; make it a classic queue",
                                     made.request.name, type));
  }
  out_.queues.push_back(std::move(made));
}

void Reader::on_binding(Fields& fields) {
  DefinedItem made;
  made.path = fields.path();
  made.vhost = fields.name("vhost");
  made.request.source = fields.short_text("source");
  made.request.name = fields.name("destination");
  made.request.key = fields.short_text("routing_key");
  made.request.arguments = fields.table("arguments");
  const std::string type = fields.text("destination_type");
  if (!fields.ok()) return;
  if (type != "queue" && type != "exchange")
    return fields.refuse("destination_type",
                         fmt::format("expected queue or exchange, it is '{}'", type));
  made.request.kind = type == "queue" ? Kind::bind_queue : Kind::bind_exchange;
  out_.bindings.push_back(std::move(made));
}

/// " at line 3, column 7": the other library knows.
std::string where_it_is_wrong(const std::string& text) {
  try {
    const auto parsed = nlohmann::json::parse(text);
    CHECK(!parsed.is_discarded());
  } catch (const nlohmann::json::parse_error& error) {
    const std::string before = text.substr(0, error.byte);
    const std::size_t line_start = before.rfind('\n') + 1;
    return fmt::format(" at line {}, column {}", std::count(before.begin(), before.end(), '\n') + 1,
                       before.size() - line_start);
  } catch (const nlohmann::json::exception&) {
    return {};
  }
  return {};
}

std::vector<std::string> list_files(const std::string& directory, std::error_code& code) {
  std::vector<std::string> files;
  std::filesystem::directory_iterator entry{directory, code};
  for (; !code && entry != std::filesystem::directory_iterator{}; entry.increment(code))
    if (entry->path().extension() == ".json") files.push_back(entry->path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::string parse_definitions(const std::string& origin, const std::string& text,
                              Definitions& out) {
  simdjson::dom::parser parser;
  element root;
  if (const simdjson::error_code code = parser.parse(text).get(root); code != simdjson::SUCCESS) {
    return fmt::format("{}: this is not JSON{}: {} mend the file or export it again", origin,
                       where_it_is_wrong(text), simdjson::error_message(code));
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return fmt::format("{}: expected an object with lists like \"queues\", it is {}", origin,
                       kind_of(root));
  return Reader{origin, out}.read(object);
}

std::string read_definitions(const std::string& path, Definitions& out) {
  std::error_code code;
  std::vector<std::string> files{path};
  if (std::filesystem::is_directory(path, code)) {
    files = list_files(path, code);
    if (code) return fmt::format("load_definitions: cannot list {}: {}", path, code.message());
  }
  if (files.empty())
    return fmt::format("load_definitions: no file *.json in {}; put one there or unset the key",
                       path);
  for (const std::string& file : files) {
    std::string text;
    if (!read_file(file, text))
      return fmt::format("load_definitions: cannot read {}: {}; correct the path or unset the key",
                         file, text);
    if (std::string error = parse_definitions(file, text, out); !error.empty()) return error;
  }
  return {};
}

}  // namespace lepus::server
