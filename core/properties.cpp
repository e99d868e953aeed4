// One pass over the properties, driven by the flags. The reader fails for good at the first value
// that is cut short, so the shape is checked once at the end.
#include "core/properties.h"

#include "core/base/assert.h"

namespace lepus::core {
namespace {

// The lowest bit says that more flags follow, which class basic never needs; the next one has no
// meaning.
constexpr std::uint16_t flags_unused = 3;

struct TextProperty {
  Property flag;
  std::string_view PropertiesView::*member;
};

// The texts before and behind what is not a text, in the order of the wire.
constexpr TextProperty texts_first[] = {
    {Property::content_type, &PropertiesView::content_type},
    {Property::content_encoding, &PropertiesView::content_encoding},
};
constexpr TextProperty texts_middle[] = {
    {Property::correlation_id, &PropertiesView::correlation_id},
    {Property::reply_to, &PropertiesView::reply_to},
    {Property::expiration, &PropertiesView::expiration},
    {Property::message_id, &PropertiesView::message_id},
};
constexpr TextProperty texts_last[] = {
    {Property::type, &PropertiesView::type},
    {Property::user_id, &PropertiesView::user_id},
    {Property::app_id, &PropertiesView::app_id},
    {Property::cluster_id, &PropertiesView::cluster_id},
};

constexpr std::uint16_t bit(Property property) { return static_cast<std::uint16_t>(property); }

template <std::size_t count>
constexpr std::uint16_t bits(const TextProperty (&texts)[count]) {
  std::uint16_t all = 0;
  for (const TextProperty& text : texts) all |= bit(text.flag);
  return all;
}

template <std::size_t count>
inline void read_texts(ByteReader& in, PropertiesView& out, const TextProperty (&texts)[count]) {
  if ((out.flags & bits(texts)) == 0) return;
  for (const TextProperty& text : texts) {
    if (out.has(text.flag)) out.*text.member = in.shortstr();
  }
}

/// Everything but the content of the headers table.
bool read_all(ByteReader& in, PropertiesView& out) {
  out.flags = in.u16();
  if ((out.flags & flags_unused) != 0) [[unlikely]]
    return false;
  read_texts(in, out, texts_first);
  if (out.has(Property::headers)) out.headers = in.longstr();
  if (out.has(Property::delivery_mode)) out.delivery_mode = in.u8();
  if (out.has(Property::priority)) out.priority = in.u8();
  read_texts(in, out, texts_middle);
  if (out.has(Property::timestamp)) out.timestamp_s = in.u64();
  read_texts(in, out, texts_last);
  return in.ok() && in.at_end();
}

template <std::size_t count>
std::size_t texts_size(const PropertiesView& properties, const TextProperty (&texts)[count]) {
  std::size_t size = 0;
  for (const TextProperty& text : texts) {
    if (properties.has(text.flag)) size += 1 + (properties.*text.member).size();
  }
  return size;
}

template <std::size_t count>
std::uint8_t* store_texts(std::uint8_t* at, const PropertiesView& properties,
                          const TextProperty (&texts)[count]) {
  for (const TextProperty& text : texts) {
    if (properties.has(text.flag)) at = store_shortstr(at, properties.*text.member);
  }
  return at;
}

}  // namespace

bool decode_properties(Bytes bytes, PropertiesView& out) {
  ByteReader in{bytes};
  if (!read_all(in, out)) [[unlikely]]
    return false;
  return out.headers.empty() || !FieldTable::validate(out.headers);
}

AmqpError properties_error(Bytes bytes) {
  ByteReader in{bytes};
  PropertiesView view;
  std::string why;
  if (!read_all(in, view)) {
    if ((view.flags & flags_unused) != 0) {
      why = "property flags " + std::to_string(view.flags) + " have unknown bits set";
    } else if (!in.ok()) {
      why = "content header ends inside the properties that its flags " +
            std::to_string(view.flags) + " announce";
    } else {
      why = std::to_string(in.left()) + " bytes behind the last property in content header";
    }
  } else {
    const FieldTableFault fault = FieldTable::validate(view.headers);
    CHECK(fault);
    why = fault.text();
  }
  return {
      .code = ReplyCode::syntax_error, .detail = std::move(why), .class_id = 60, .method_id = 40};
}

Result<PropertiesView> parse_properties(Bytes bytes) {
  PropertiesView view;
  if (!decode_properties(bytes, view)) return properties_error(bytes);
  return view;
}

std::size_t encoded_size(const PropertiesView& properties) {
  std::size_t size = sizeof properties.flags;
  size += texts_size(properties, texts_first) + texts_size(properties, texts_middle) +
          texts_size(properties, texts_last);
  if (properties.has(Property::headers)) size += sizeof(std::uint32_t) + properties.headers.size();
  if (properties.has(Property::delivery_mode)) size += 1;
  if (properties.has(Property::priority)) size += 1;
  if (properties.has(Property::timestamp)) size += sizeof properties.timestamp_s;
  return size;
}

std::uint8_t* encode_properties(std::uint8_t* at, const PropertiesView& properties) {
  CHECK((properties.flags & flags_unused) == 0);
  at = store_u16(at, properties.flags);
  at = store_texts(at, properties, texts_first);
  if (properties.has(Property::headers)) {
    at = store_u32(at, static_cast<std::uint32_t>(properties.headers.size()));
    at = store_bytes(at, properties.headers);
  }
  if (properties.has(Property::delivery_mode)) at = store_u8(at, properties.delivery_mode);
  if (properties.has(Property::priority)) at = store_u8(at, properties.priority);
  at = store_texts(at, properties, texts_middle);
  if (properties.has(Property::timestamp)) at = store_u64(at, properties.timestamp_s);
  return store_texts(at, properties, texts_last);
}

}  // namespace lepus::core
