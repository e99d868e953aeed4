// Properties of a message (class basic): the tail of a content header, after class, weight and body
// size.
//
//   flags:short, then one value for each bit that is set, from the highest down:
//
//     15 content-type    12 delivery-mode     9 reply-to      6 timestamp    3 app-id
//     14 content-encoding  11 priority        8 expiration    5 type         2 cluster-id
//     13 headers         10 correlation-id    7 message-id    4 user-id      1, 0 must be zero
//
// The message keeps the bytes as received; a PropertiesView is made when something in them is
// needed. It borrows the bytes. Texts are not checked for UTF-8 (RabbitMQ passes them on unchecked
// as well); the headers table is validated. To change properties, change the view (values and
// flags) and encode it: everything else keeps its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/message/field_table.h"

namespace lepus::core {

enum class Property : std::uint16_t {
  content_type = 1 << 15,
  content_encoding = 1 << 14,
  headers = 1 << 13,
  delivery_mode = 1 << 12,
  priority = 1 << 11,
  correlation_id = 1 << 10,
  reply_to = 1 << 9,
  expiration = 1 << 8,
  message_id = 1 << 7,
  timestamp = 1 << 6,
  type = 1 << 5,
  user_id = 1 << 4,
  app_id = 1 << 3,
  cluster_id = 1 << 2,
};

/// Values of properties that are absent are empty or zero; has() tells absent from empty.
struct PropertiesView {
  // Not an aggregate on purpose: GCC clears one of this size with `rep stos`, which takes longer
  // than decoding (17 ns in all instead of 5); with a constructor it writes member by member.
  PropertiesView() {}

  std::uint16_t flags = 0;
  std::uint8_t delivery_mode = 0;
  std::uint8_t priority = 0;
  std::uint64_t timestamp_s = 0;  ///< Seconds since 1970, as the publisher says.
  Bytes headers;                  ///< Inside of the table, validated: FieldTable{headers}.
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view correlation_id;
  std::string_view reply_to;
  /// A decimal number of milliseconds if the publisher is right; not checked here.
  std::string_view expiration;
  std::string_view message_id;
  std::string_view type;
  std::string_view user_id;
  std::string_view app_id;
  std::string_view cluster_id;

  bool has(Property property) const { return (flags & static_cast<std::uint16_t>(property)) != 0; }
  void set(Property property) { flags |= static_cast<std::uint16_t>(property); }
  void clear(Property property) {
    flags &= static_cast<std::uint16_t>(~static_cast<std::uint16_t>(property));
  }
  bool is_persistent() const { return delivery_mode == 2; }
  FieldTable header_table() const { return FieldTable{headers}; }
};

/// Fills `out` (must be as constructed). false: malformed, `out` is then of no use;
/// properties_error() says why.
[[nodiscard]] bool decode_properties(Bytes bytes, PropertiesView& out);

/// The same where something follows the properties: `rest`.
[[nodiscard]] bool decode_leading_properties(Bytes bytes, PropertiesView& out, Bytes& rest);

/// The error for bytes that decode_properties() refused: 502, class 60, method 40.
AmqpError properties_error(Bytes bytes);

/// Decodes, or says why not: decode_properties() and properties_error().
Result<PropertiesView> parse_properties(Bytes bytes);

/// Bytes encode_properties() will write.
std::size_t encoded_size(const PropertiesView& properties);

/// Writes the properties whose flags are set to `at`, which has room for encoded_size(); returns
/// the end.
std::uint8_t* encode_properties(std::uint8_t* cursor, const PropertiesView& properties);
/// The same, into a buffer made for it.
std::vector<std::uint8_t> encode_properties(const PropertiesView& properties);

/// Routing keys of the CC header besides the message's own; views into `view`.
std::vector<std::string_view> cc_keys(const PropertiesView& view);
/// Milliseconds of an expiration property that was checked when it was published.
std::uint64_t valid_expiration_ms(std::string_view text);

}  // namespace lepus::core
