// The checks, in RabbitMQ's order.
#include "core/session/publish/publish_checks.h"

#include "core/limits.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {

namespace {

AmqpError bad_expiration(std::string_view text, std::string_view why) {
  return {ReplyCode::precondition_failed,
          "invalid expiration '" + std::string{text} + "': " + std::string{why}};
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

}  // namespace

Result<std::uint64_t> parse_expiration(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::size_t index = negative || text.starts_with('+') ? 1 : 0;
  const std::size_t first_digit = index;
  std::uint64_t value = 0;
  bool overflow = false;
  for (; index < text.size() && is_digit(text[index]); ++index) {
    value = value * 10 + static_cast<std::uint64_t>(text[index] - '0');
    if (value > UINT64_MAX / 20) overflow = true;
    if (overflow) value = UINT64_MAX / 20;
  }
  if (index == first_digit) return bad_expiration(text, "no_integer");
  if (index < text.size())
    return bad_expiration(text, "{leftover_string,\"" + std::string{text.substr(index)} + "\"}");
  const std::string number{text.substr(text.starts_with('+') ? 1 : 0)};
  if (negative && value > 0) return bad_expiration(text, "{value_negative," + number + "}");
  if (value > limits::expiry_ms_max)
    return bad_expiration(text, "{value_too_large," + number + "}");
  return value;
}

std::optional<AmqpError> check_properties(const PropertiesView& view, std::string_view user) {
  if (view.has(Property::user_id) && view.user_id != user) {
    return AmqpError{ReplyCode::precondition_failed,
                     "user_id property set to '" + std::string{view.user_id} +
                         "' but authenticated user was '" + std::string{user} + "'"};
  }
  if (view.has(Property::expiration)) {
    auto parsed = parse_expiration(view.expiration);
    if (!parsed.ok()) return parsed.error();
  }
  if (view.has(Property::delivery_mode) && view.delivery_mode != 1 && view.delivery_mode != 2) {
    return AmqpError{ReplyCode::precondition_failed, "invalid message: {delivery_mode_unknown," +
                                                         std::to_string(view.delivery_mode) + "}"};
  }
  return std::nullopt;
}

std::optional<AmqpError> read_cc_keys(const PropertiesView& view, std::vector<std::string>& keys) {
  if (view.headers.empty()) return std::nullopt;
  for (const char* name : {"CC", "BCC"}) {
    const auto value = view.header_table().find(name);
    if (!value || value->is_void()) continue;
    const auto refuse = [&](std::string_view type) {
      return AmqpError{ReplyCode::precondition_failed,
                       "invalid message: {unacceptable_type_in_header,\"" + std::string{name} +
                           "\"," + std::string{type} + "}"};
    };
    if (!value->is_array()) return refuse(value->type_name());
    for (const FieldValue& key : value->array()) {
      if (!key.is_string()) return refuse(key.type_name());
      keys.emplace_back(key.text());
    }
  }
  return std::nullopt;
}

bool has_bcc(const PropertiesView& view) {
  return !view.headers.empty() && view.header_table().find("BCC").has_value();
}

std::vector<std::uint8_t> without_bcc(const PropertiesView& view) {
  if (!has_bcc(view)) return encode_properties(view);
  FieldTableWriter headers;
  for (const FieldEntry& entry : view.header_table())
    if (entry.name != "BCC") headers.value(entry.name, entry.value);
  const std::string kept = headers.take();
  PropertiesView changed = view;
  changed.headers = as_bytes(kept);
  return encode_properties(changed);
}

}  // namespace lepus::core
