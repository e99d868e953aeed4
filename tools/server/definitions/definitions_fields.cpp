// Reading one field: missing and mistyped ones are told apart, as the reader has to do something
// else about each.
#include "tools/server/definitions/definitions_fields.h"

#include <fmt/format.h>

#include <utility>

#include "core/limits.h"
#include "tools/server/definitions/definitions_table.h"

namespace lepus::server {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::string_view missing = "it is missing; add it, or take the element out";

}  // namespace

std::string_view kind_of(element value) {
  switch (value.type()) {
    case element_type::STRING:
      return "a string";
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return "a number";
    case element_type::BOOL:
      return "a boolean";
    case element_type::NULL_VALUE:
      return "null";
    case element_type::ARRAY:
      return "a list";
    case element_type::OBJECT:
      return "an object";
  }
  return "something else";
}

std::string element_name(simdjson::dom::object object) {
  constexpr std::size_t shown_max = 100;
  std::string name;
  const auto add = [&](std::string_view field, std::string_view before) {
    std::string_view text;
    if (object.at_key(field).get(text) != simdjson::SUCCESS) return;
    const bool is_cut = text.size() > shown_max;
    name += fmt::format("{}{}'{}{}'", name.empty() ? "" : " ", name.empty() ? "" : before,
                        text.substr(0, shown_max), is_cut ? "..." : "");
  };
  add("component", "");
  add("user", "");
  add("name", "");
  add("source", "");
  add("destination", "to ");
  add("exchange", "for ");
  add("vhost", "in ");
  return name;
}

Fields::Fields(simdjson::dom::object object, std::string path)
    : object_(object), path_(std::move(path)) {}

bool Fields::find(std::string_view field, element& out) const {
  return object_.at_key(field).get(out) == simdjson::SUCCESS;
}

bool Fields::has(std::string_view field) const {
  element value;
  return find(field, value);
}

void Fields::refuse(std::string_view field, std::string_view text) {
  if (error_.empty()) error_ = fmt::format("{}.{}: {}{}", path_, field, text, which());
}

std::string Fields::which() const {
  const std::string name = element_name(object_);
  return name.empty() ? name : fmt::format(" ({})", name);
}

std::string Fields::text(std::string_view field) {
  element value;
  std::string_view text;
  if (!find(field, value)) {
    refuse(field, missing);
  } else if (value.get(text) != simdjson::SUCCESS) {
    refuse(field, fmt::format("expected a string, it is {}", kind_of(value)));
  }
  return std::string{text};
}

std::string Fields::short_text(std::string_view field) {
  std::string text = this->text(field);
  if (text.size() > core::limits::name_size_max)
    refuse(field, fmt::format("it has {} bytes, at most 255 are possible", text.size()));
  return text;
}

std::string Fields::some_text(std::string_view field) {
  std::string text = this->text(field);
  if (text.empty()) refuse(field, "it is empty; give it a name");
  return text;
}

std::string Fields::name(std::string_view field) {
  std::string text = short_text(field);
  if (text.empty()) refuse(field, "it is empty; give it a name");
  return text;
}

bool Fields::flag(std::string_view field, bool preset) {
  element value;
  bool flag = preset;
  if (find(field, value) && value.get(flag) != simdjson::SUCCESS)
    refuse(field, fmt::format("expected true or false, it is {}", kind_of(value)));
  return flag;
}

std::string Fields::table(std::string_view field) {
  element value;
  std::string table;
  if (!find(field, value)) return table;
  std::string error = read_table(value, field, table);
  if (!error.empty() && error_.empty()) error_ = fmt::format("{}.{}{}", path_, error, which());
  return table;
}

std::string Fields::without(std::string_view field) const {
  std::string text;
  for (const auto [key, value] : object_) {
    if (key == field) continue;
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", nlohmann::json(std::string{key}).dump(),
                        simdjson::minify(value));
  }
  return fmt::format("{{{}}}", text);
}

std::string Fields::column_text(const persist::DefinitionColumn& column) {
  element value;
  if (!find(column.field, value)) {
    if (column.preset.empty()) refuse(column.field, missing);
    return std::string{column.preset};
  }
  switch (column.form) {
    case persist::ColumnForm::text:
      return text(column.field);
    case persist::ColumnForm::number:
      if (value.type() != element_type::INT64)
        refuse(column.field, fmt::format("expected a whole number, it is {}", kind_of(value)));
      return simdjson::minify(value);
    case persist::ColumnForm::json:
      return simdjson::minify(value);
  }
  return {};
}

}  // namespace lepus::server
