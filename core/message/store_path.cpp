// The path, in bytes. Bytes that are none mean no path.
#include "core/message/store_path.h"

#include <vector>

#include "core/message/message_rewrite.h"
#include "core/message/properties.h"

namespace lepus::core {

namespace {

constexpr std::uint8_t flag_dead_letter = 1;

Bytes path_bytes(const Message& message) {
  PropertiesView view;
  Bytes rest;
  if (!decode_leading_properties(message.properties(), view, rest)) return {};
  return rest;
}

}  // namespace

StorePath path_of(const Message& message) {
  StorePath path;
  ByteReader in{path_bytes(message)};
  path.is_dead_letter = (in.u8() & flag_dead_letter) != 0;
  while (in.left() >= sizeof(std::uint64_t)) path.passed.push_back(ExchangeId{in.u64()});
  return path;
}

Bytes plain_properties(const Message& message) {
  const Bytes all = message.properties();
  return all.first(all.size() - path_bytes(message).size());
}

MessageRef with_path(const Message& message, const StorePath& path, MemoryAccount& account) {
  const Bytes plain = message.properties();
  std::vector<std::uint8_t> properties(plain.size() + 1 +
                                       sizeof(std::uint64_t) * path.passed.size());
  std::uint8_t* cursor = store_bytes(properties.data(), plain);
  cursor = store_u8(cursor, path.is_dead_letter ? flag_dead_letter : std::uint8_t{0});
  for (const ExchangeId id : path.passed) cursor = store_u64(cursor, id.value);
  CHECK(cursor == properties.data() + properties.size());
  Message::Parts parts;
  parts.exchange = message.exchange();
  parts.routing_key = message.routing_key();
  parts.properties = properties;
  parts.ttl_ms = message.ttl_ms();
  return rewrite(message, parts, account);
}

}  // namespace lepus::core
