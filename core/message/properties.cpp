// One pass over the properties, driven by the flags. The reader fails for good at the first value
// that is cut short, so the shape is checked once at the end.
#include "core/message/properties.h"

#include <charconv>
#include <initializer_list>

#include "core/base/assert.h"

namespace lepus::core {
namespace {

// The lowest bit says that more flags follow, which class basic never needs; the next one has no
// meaning.
constexpr std::uint16_t flags_unused = 3;

constexpr std::uint16_t flags_of(std::initializer_list<Property> properties) {
  std::uint16_t flags = 0;
  for (const Property property : properties) flags |= static_cast<std::uint16_t>(property);
  return flags;
}

// Rare ones: most messages have none of a group and skip it with one test.
constexpr std::uint16_t flags_middle = flags_of(
    {Property::correlation_id, Property::reply_to, Property::expiration, Property::message_id});
constexpr std::uint16_t flags_last =
    flags_of({Property::timestamp, Property::type, Property::user_id, Property::app_id,
              Property::cluster_id});

enum class Shape : std::uint8_t { good, unknown_flags, too_short, too_long };

/// Everything but the content of the headers table. Too long: the rest is left in `in`.
[[gnu::always_inline]] inline Shape read_all(ByteReader& in, PropertiesView& out) {
  const std::uint16_t flags = in.u16();
  const auto has = [flags](Property property) { return (flags & flags_of({property})) != 0; };
  out.flags = flags;
  if ((flags & flags_unused) != 0) [[unlikely]]
    return Shape::unknown_flags;
  if (has(Property::content_type)) out.content_type = in.shortstr();
  if (has(Property::content_encoding)) out.content_encoding = in.shortstr();
  if (has(Property::headers)) out.headers = in.longstr();
  if (has(Property::delivery_mode)) out.delivery_mode = in.u8();
  if (has(Property::priority)) out.priority = in.u8();
  if ((flags & flags_middle) != 0) {
    if (has(Property::correlation_id)) out.correlation_id = in.shortstr();
    if (has(Property::reply_to)) out.reply_to = in.shortstr();
    if (has(Property::expiration)) out.expiration = in.shortstr();
    if (has(Property::message_id)) out.message_id = in.shortstr();
  }
  if ((flags & flags_last) != 0) {
    if (has(Property::timestamp)) out.timestamp_s = in.u64();
    if (has(Property::type)) out.type = in.shortstr();
    if (has(Property::user_id)) out.user_id = in.shortstr();
    if (has(Property::app_id)) out.app_id = in.shortstr();
    if (has(Property::cluster_id)) out.cluster_id = in.shortstr();
  }
  if (!in.ok()) [[unlikely]]
    return Shape::too_short;
  return in.at_end() ? Shape::good : Shape::too_long;
}

std::string describe(Bytes bytes) {
  PropertiesView view;
  ByteReader in{bytes};
  const Shape shape = read_all(in, view);
  const std::string flags = std::to_string(view.flags);
  switch (shape) {
    case Shape::unknown_flags:
      return "property flags " + flags + " have unknown bits set";
    case Shape::too_short:
      return "content header ends inside the properties that its flags " + flags + " announce";
    case Shape::too_long:
      return "content header goes on behind the properties that its flags " + flags + " announce";
    case Shape::good:
      break;
  }
  const FieldTableFault fault = FieldTable::validate(view.headers);
  CHECK(fault);
  return fault.text();
}

}  // namespace

bool decode_properties(Bytes bytes, PropertiesView& out) {
  ByteReader in{bytes};
  if (read_all(in, out) != Shape::good) [[unlikely]]
    return false;
  return out.headers.empty() || !FieldTable::validate(out.headers);
}

bool decode_leading_properties(Bytes bytes, PropertiesView& out, Bytes& rest) {
  ByteReader in{bytes};
  const Shape shape = read_all(in, out);
  if (shape != Shape::good && shape != Shape::too_long) return false;
  rest = bytes.last(in.left());
  return out.headers.empty() || !FieldTable::validate(out.headers);
}

AmqpError properties_error(Bytes bytes) {
  constexpr std::uint16_t class_basic = 60;
  constexpr std::uint16_t method_publish = 40;
  return {.code = ReplyCode::syntax_error,
          .detail = describe(bytes),
          .class_id = class_basic,
          .method_id = method_publish};
}

Result<PropertiesView> parse_properties(Bytes bytes) {
  PropertiesView view;
  if (!decode_properties(bytes, view)) return properties_error(bytes);
  return view;
}

std::size_t encoded_size(const PropertiesView& properties) {
  std::size_t size = sizeof properties.flags;
  const auto add = [&](Property property, std::size_t value_size) {
    if (properties.has(property)) size += value_size;
  };
  const auto add_text = [&](Property property, std::string_view value) {
    add(property, 1 + value.size());
  };
  add_text(Property::content_type, properties.content_type);
  add_text(Property::content_encoding, properties.content_encoding);
  add(Property::headers, sizeof(std::uint32_t) + properties.headers.size());
  add(Property::delivery_mode, sizeof properties.delivery_mode);
  add(Property::priority, sizeof properties.priority);
  add_text(Property::correlation_id, properties.correlation_id);
  add_text(Property::reply_to, properties.reply_to);
  add_text(Property::expiration, properties.expiration);
  add_text(Property::message_id, properties.message_id);
  add(Property::timestamp, sizeof properties.timestamp_s);
  add_text(Property::type, properties.type);
  add_text(Property::user_id, properties.user_id);
  add_text(Property::app_id, properties.app_id);
  add_text(Property::cluster_id, properties.cluster_id);
  return size;
}

std::uint8_t* encode_properties(std::uint8_t* cursor, const PropertiesView& properties) {
  CHECK((properties.flags & flags_unused) == 0);
  const auto put_text = [&](Property property, std::string_view value) {
    if (properties.has(property)) cursor = store_shortstr(cursor, value);
  };
  cursor = store_u16(cursor, properties.flags);
  put_text(Property::content_type, properties.content_type);
  put_text(Property::content_encoding, properties.content_encoding);
  if (properties.has(Property::headers)) {
    cursor = store_u32(cursor, static_cast<std::uint32_t>(properties.headers.size()));
    cursor = store_bytes(cursor, properties.headers);
  }
  if (properties.has(Property::delivery_mode)) cursor = store_u8(cursor, properties.delivery_mode);
  if (properties.has(Property::priority)) cursor = store_u8(cursor, properties.priority);
  put_text(Property::correlation_id, properties.correlation_id);
  put_text(Property::reply_to, properties.reply_to);
  put_text(Property::expiration, properties.expiration);
  put_text(Property::message_id, properties.message_id);
  if (properties.has(Property::timestamp)) cursor = store_u64(cursor, properties.timestamp_s);
  put_text(Property::type, properties.type);
  put_text(Property::user_id, properties.user_id);
  put_text(Property::app_id, properties.app_id);
  put_text(Property::cluster_id, properties.cluster_id);
  return cursor;
}

std::vector<std::uint8_t> encode_properties(const PropertiesView& properties) {
  std::vector<std::uint8_t> bytes(encoded_size(properties));
  const std::uint8_t* end = encode_properties(bytes.data(), properties);
  CHECK(end == bytes.data() + bytes.size());
  return bytes;
}

std::vector<std::string_view> cc_keys(const PropertiesView& view) {
  std::vector<std::string_view> keys;
  const auto cc = view.headers.empty() ? std::nullopt : view.header_table().find("CC");
  if (!cc || !cc->is_array()) return keys;
  for (const FieldValue& key : cc->array())
    if (key.is_string()) keys.push_back(key.text());
  return keys;
}

std::uint64_t valid_expiration_ms(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t value = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace lepus::core
