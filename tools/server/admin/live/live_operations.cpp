// What the verbs have in common, and the table of them.
#include "tools/server/admin/live/live_operations.h"

#include <fmt/format.h>

#include "core/base/utf8.h"
#include "core/message/properties.h"
#include "tools/server/admin/live/browse_operation.h"
#include "tools/server/admin/live/log_operation.h"
#include "tools/server/admin/live/trace_operation.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

std::string_view option_of(const AdminRequest& request, std::string_view name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string_view{} : std::string_view{found->second};
}

std::optional<std::uint32_t> read_count(const AdminRequest& request, std::uint32_t preset,
                                        std::uint32_t max, std::string& error) {
  if (!request.has("count")) return preset;
  const auto count = parse_number(option_of(request, "count"));
  if (count && *count > 0 && *count <= max) return static_cast<std::uint32_t>(*count);
  error =
      fmt::format("count '{}': expected a number from 1 to {}", option_of(request, "count"), max);
  return std::nullopt;
}

std::optional<bool> read_base64(const AdminRequest& request, std::string& error) {
  const std::string_view encoding = option_of(request, "encoding");
  if (!request.has("encoding") || encoding == "auto") return false;
  if (encoding == "base64") return true;
  error = fmt::format("encoding '{}': expected auto or base64", encoding);
  return std::nullopt;
}

void write_content(const ShownContent& content, JsonWriter& json) {
  core::PropertiesView view;
  json.key("properties");
  json.begin_object();
  if (core::decode_properties(core::as_bytes(content.properties), view)) {
    write_properties(view, json);
    if (view.has(core::Property::headers)) {
      json.key("headers");
      write_plain_table(view.header_table(), json);
    }
  }
  json.end_object();
  const bool is_text = !content.is_base64 && core::is_utf8(content.body);
  json.key("payload");
  json.text(is_text ? std::string{content.body} : encode_base64(core::as_bytes(content.body)));
  json.field("payload_encoding", is_text ? "string" : "base64");
}

OperationMaker find_live_operation(std::string_view verb) {
  if (verb == "browse") return make_operation<BrowseOperation>;
  if (verb == "log_lines") return make_operation<LogOperation>;
  if (verb == "trace_messages") return make_operation<TraceOperation>;
  return nullptr;
}

}  // namespace lepus::server
