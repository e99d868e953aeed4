// Copies around the table instead of decoding and encoding everything: it is done once a delivery.
#include "core/message/header_splice.h"

#include <array>
#include <string>

#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/message/properties.h"

namespace lepus::core {

namespace {

constexpr std::size_t length_size = 4;
constexpr std::size_t flags_size = 2;

void append(std::vector<std::uint8_t>& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_length(std::vector<std::uint8_t>& out, std::size_t length) {
  for (unsigned shift = 32; shift > 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(length >> (shift - 8)));
}

std::string without(const FieldTable& table, std::string_view name) {
  FieldTableWriter writer;
  for (const FieldEntry& entry : table)
    if (entry.name != name) writer.value(entry.name, entry.value);
  return writer.take();
}

/// Where the headers begin, or would: behind the flags, content-type and content-encoding.
std::size_t headers_offset(const PropertiesView& view) {
  std::size_t offset = flags_size;
  if (view.has(Property::content_type)) offset += 1 + view.content_type.size();
  if (view.has(Property::content_encoding)) offset += 1 + view.content_encoding.size();
  return offset;
}

}  // namespace

void splice_header(Bytes properties, std::string_view name, std::int64_t value,
                   std::vector<std::uint8_t>& out) {
  CHECK(!name.empty());
  constexpr std::array<std::uint8_t, flags_size> no_flags{};
  PropertiesView view;
  Bytes behind;
  // What was read from a disk may be no properties: then there are none.
  if (!decode_leading_properties(properties, view, behind)) {
    view = {};
    behind = {};
    properties = no_flags;
  }
  properties = properties.first(properties.size() - behind.size());
  Bytes headers = view.headers;
  std::string rest;
  if (view.header_table().find(name)) {
    rest = without(view.header_table(), name);
    headers = as_bytes(rest);
  }
  FieldTableWriter added;
  added.int64(name, value);
  const std::size_t begin = headers_offset(view);
  const std::size_t end =
      view.has(Property::headers) ? begin + length_size + view.headers.size() : begin;
  CHECK(begin <= end);
  CHECK(end <= properties.size());
  view.set(Property::headers);
  out.clear();
  out.push_back(static_cast<std::uint8_t>(view.flags >> 8));
  out.push_back(static_cast<std::uint8_t>(view.flags));
  append(out, properties.subspan(flags_size, begin - flags_size));
  append_length(out, headers.size() + added.bytes().size());
  append(out, headers);
  append(out, added.bytes());
  append(out, properties.subspan(end));
}

}  // namespace lepus::core
