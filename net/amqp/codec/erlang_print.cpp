// Error path only: clear before fast.
#include "net/amqp/codec/erlang_print.h"

#include <algorithm>

namespace lepus::amqp {
namespace {

constexpr std::size_t octets_max = 255;
constexpr std::size_t payload_shown_max = 16;

/// The letter behind the backslash of a control character or quote, 0 if it has none.
char escape_letter(char character) {
  switch (character) {
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\x1b':
      return 'e';
    case '"':
      return '"';
    case '\\':
      return '\\';
    default:
      return 0;
  }
}

bool readable(char character) {
  return (character >= 0x20 && character < 0x7f) || escape_letter(character) != 0;
}

}  // namespace

std::string print_octets(core::Bytes bytes) {
  std::string text = "<<";
  for (const std::uint8_t octet : bytes.first(std::min(bytes.size(), octets_max))) {
    if (text.size() > 2) text += ',';
    text += std::to_string(octet);
  }
  return text + ">>";
}

std::string print_payload(core::Bytes payload) {
  std::string shown{core::as_text(payload.first(std::min(payload.size(), payload_shown_max)))};
  if (payload.size() > payload_shown_max) shown += "...";
  if (shown.empty() || !std::all_of(shown.begin(), shown.end(), readable))
    return print_octets(core::as_bytes(shown));
  std::string text = "<<\"";
  for (const char character : shown) {
    const char letter = escape_letter(character);
    if (letter != 0) text += '\\';
    text += letter != 0 ? letter : character;
  }
  return text + "\">>";
}

}  // namespace lepus::amqp
