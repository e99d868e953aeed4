// Elements come in the order of their ids, bindings in the order in which they were made: importing
// the file into an empty broker gives the same order again.
#include "tools/server/definitions/definitions_write.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "core/base/utf8.h"
#include "tools/server/definitions/definitions_table.h"

namespace lepus::server {

namespace {

using Json = nlohmann::ordered_json;
using persist::DefinitionKind;

/// RabbitMQ 3.10 writes the definition of an operator policy as a list of pairs, and reads only an
/// object.
void mend_operator_policy(Json& parameter) {
  if (parameter["component"] != "operator_policy" || !parameter["value"].is_object()) return;
  Json& value = parameter["value"];
  if (!value.contains("definition") || !value["definition"].is_array()) return;
  Json object = Json::object();
  for (const Json& pair : value["definition"]) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) return;
    object[pair[0].get<std::string>()] = pair[1];
  }
  value["definition"] = std::move(object);
}

class Writer {
 public:
  explicit Writer(const ExportInput& input) : input_(input) {}

  std::string write(std::string& text);

 private:
  struct Named {
    std::uint32_t vhost;
    std::string name;
  };

  void on(const core::VhostAdded& added);
  void on(const core::ExchangeAdded& added);
  void on(const core::QueueAdded& added);
  void on(const core::BindingAdded& added);
  // Users and what they may do are written from their rows.
  void on(const core::VhostSettingsPut&) {}
  void on(const core::VhostLimitsPut&) {}
  void on(const core::PolicyPut&) {}
  void on(const core::PolicyRemoved&) {}
  void on(const core::UserPut&) {}
  void on(const core::PermissionPut&) {}
  void on(const core::TopicPermissionPut&) {}
  void on(const core::ParameterPut&) {}
  template <class Change>
  void on(const Change&) {
    constexpr bool catalog_holds_additions_only = false;
    CHECK(catalog_holds_additions_only);
  }
  Json column_list(DefinitionKind kind);
  Json column_value(const persist::DefinitionColumn& column, const std::string& value,
                    std::string_view title);
  std::string text(std::string_view label, std::string_view text);
  Json arguments(std::string_view table, const std::string& title);
  void refuse(std::string text) {
    if (error_.empty()) error_ = std::move(text);
  }

  const ExportInput& input_;
  std::string error_;
  std::unordered_map<std::uint32_t, std::string> vhosts_;
  std::unordered_map<std::uint64_t, Named> exchanges_;
  std::unordered_map<std::uint64_t, Named> queues_;
  Json vhost_list_ = Json::array();
  Json exchange_list_ = Json::array();
  Json queue_list_ = Json::array();
  Json binding_list_ = Json::array();
};

std::string Writer::write(std::string& out) {
  for (const core::TopologyChange& change : input_.stored.changes)
    std::visit([this](const auto& what) { on(what); }, change);
  Json root = Json::object();
  root["rabbit_version"] = text("product.version", input_.version);
  root["rabbitmq_version"] = root["rabbit_version"];
  root["product_name"] = text("product.name", input_.product);
  root["product_version"] = root["rabbit_version"];
  root["rabbitmq_definition_format"] = "cluster";
  root["original_cluster_name"] = text("cluster_name", input_.cluster_name);
  root["explanation"] = fmt::format("Definitions of the node '{}'", input_.cluster_name);
  root["users"] = column_list(DefinitionKind::users);
  root["vhosts"] = std::move(vhost_list_);
  for (const DefinitionKind kind :
       {DefinitionKind::permissions, DefinitionKind::topic_permissions, DefinitionKind::parameters,
        DefinitionKind::global_parameters, DefinitionKind::policies})
    root[std::string{persist::definition_table(kind).section}] = column_list(kind);
  root["queues"] = std::move(queue_list_);
  root["exchanges"] = std::move(exchange_list_);
  root["bindings"] = std::move(binding_list_);
  if (!error_.empty()) return error_;
  out = root.dump(2) + "\n";
  return {};
}

std::string Writer::text(std::string_view label, std::string_view text) {
  if (!core::is_utf8(text))
    refuse(fmt::format("{}: its bytes are no UTF-8 text, JSON cannot hold them", label));
  return std::string{text};
}

Json Writer::arguments(std::string_view table, const std::string& title) {
  Json json;
  const std::string error = write_table(core::FieldTable{core::as_bytes(table)}, json);
  if (!error.empty()) refuse(fmt::format("{}: arguments{}", title, error));
  return json;
}

void Writer::on(const core::VhostAdded& added) {
  Json vhost = Json::object();
  vhost["name"] = text("a virtual host", added.name);
  for (const persist::DefinitionRow& row :
       input_.stored_rows.of(DefinitionKind::vhost_properties)) {
    if (row.values[0] != added.name) continue;
    const Json more =
        column_value(persist::definition_table(DefinitionKind::vhost_properties).columns[1],
                     row.values[1], added.name);
    if (more.is_object())
      vhost.update(more);
    else
      refuse(fmt::format("table vhost_properties: '{}' is no object", added.name));
  }
  vhosts_[added.id.value] = added.name;
  vhost_list_.push_back(std::move(vhost));
}

void Writer::on(const core::ExchangeAdded& added) {
  const core::ExchangeSpec& exchange = added.exchange;
  exchanges_[exchange.id.value] = {exchange.vhost.value, exchange.name};
  if (exchange.name.empty() || exchange.name.starts_with("amq.")) return;
  const std::string title = fmt::format("exchange '{}'", exchange.name);
  exchange_list_.push_back({{"name", text(title, exchange.name)},
                            {"vhost", vhosts_.at(exchange.vhost.value)},
                            {"type", core::exchange_type_name(exchange.type)},
                            {"durable", exchange.durable},
                            {"auto_delete", exchange.auto_delete},
                            {"internal", exchange.internal},
                            {"arguments", arguments(exchange.arguments, title)}});
}

void Writer::on(const core::QueueAdded& added) {
  const core::QueueSpec& queue = added.queue;
  if (queue.store_of) return;  // It comes with its exchange.
  queues_[queue.id.value] = {queue.vhost.value, queue.name};
  const std::string title = fmt::format("queue '{}'", queue.name);
  queue_list_.push_back({{"name", text(title, queue.name)},
                         {"vhost", vhosts_.at(queue.vhost.value)},
                         {"type", core::queue_type_name(queue.parsed->queue_type)},
                         {"durable", queue.durable},
                         {"auto_delete", queue.auto_delete},
                         {"arguments", arguments(queue.arguments, title)}});
}

void Writer::on(const core::BindingAdded& added) {
  const core::BindingSpec& binding = added.binding;
  const Named& source = exchanges_.at(binding.source.value);
  const Named& target =
      binding.queue ? queues_.at(binding.queue.value) : exchanges_.at(binding.exchange.value);
  const std::string title = fmt::format("binding from '{}' to '{}'", source.name, target.name);
  binding_list_.push_back({{"source", text(title, source.name)},
                           {"vhost", vhosts_.at(source.vhost)},
                           {"destination", text(title, target.name)},
                           {"destination_type", binding.queue ? "queue" : "exchange"},
                           {"routing_key", text(title, binding.key)},
                           {"arguments", arguments(binding.arguments, title)}});
}

Json Writer::column_value(const persist::DefinitionColumn& column, const std::string& value,
                          std::string_view title) {
  if (column.form == persist::ColumnForm::text) return text(title, value);
  Json parsed = Json::parse(value, nullptr, false);
  if (parsed.is_discarded())
    refuse(fmt::format("catalog, {}, column {}: '{}' is not JSON; correct it with sqlite3", title,
                       column.name, value));
  return parsed;
}

Json Writer::column_list(DefinitionKind kind) {
  const persist::DefinitionTable& table = persist::definition_table(kind);
  Json list = Json::array();
  for (const persist::DefinitionRow& row : input_.stored_rows.of(kind)) {
    Json json = Json::object();
    if (kind == DefinitionKind::global_parameters &&
        row.values[0] == core::definitions_hash_parameter)
      continue;  // It is about the file that was imported here.
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      json[std::string{table.columns[i].field}] =
          column_value(table.columns[i], row.values[i], table.title);
    if (kind == DefinitionKind::parameters) mend_operator_policy(json);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

std::string write_definitions(const ExportInput& input, std::string& text) {
  return Writer{input}.write(text);
}

}  // namespace lepus::server
