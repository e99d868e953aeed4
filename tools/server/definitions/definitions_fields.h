// The fields of one element of a definitions file. The first thing that is wrong is remembered with
// the path to it; what is read after that is of no use.
//
//   Fields fields{object, "definitions.json: queues[3]"};
//   name = fields.name("name");
//   if (!fields.ok()) return fields.error();
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "persist/catalog/definition_rows.h"

namespace lepus::server {

class Fields {
 public:
  /// `path` is where the element is; which one it is comes from the element itself.
  Fields(simdjson::dom::object object, std::string path);

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  const std::string& path() const { return path_; }
  bool has(std::string_view field) const;

  /// A string that must be there.
  std::string text(std::string_view field);
  /// The same for what clients know it by: 1 to 255 bytes.
  std::string name(std::string_view field);
  /// The same of any size, but not empty.
  std::string some_text(std::string_view field);
  /// The same as name(), also empty.
  std::string short_text(std::string_view field);
  /// True or false; `preset` when it is not there.
  bool flag(std::string_view field, bool preset);
  /// The inside of a field table; empty when the field is not there.
  std::string table(std::string_view field);
  /// The value of a column, as persist/catalog/definition_rows.h says.
  std::string column_text(const persist::DefinitionColumn& column);

  /// JSON of the object without that field.
  std::string without(std::string_view field) const;

  /// "PATH.FIELD: TEXT ('q' in '/')"
  void refuse(std::string_view field, std::string_view text);

 private:
  bool find(std::string_view field, simdjson::dom::element& out) const;
  std::string which() const;

  simdjson::dom::object object_;
  std::string path_;
  std::string error_;
};

/// Which element it is, for people: "'q' in '/'", "'x' to 'q' in '/'"; empty when it says nothing
/// of itself. Names are cut where they are very long.
std::string element_name(simdjson::dom::object object);

/// What a JSON value is, for messages: "a number".
std::string_view kind_of(simdjson::dom::element value);

}  // namespace lepus::server
