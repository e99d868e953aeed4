// Both versions of the header; see proxy_header.h.
#include "net/stream/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "core/limits.h"

namespace lepus::net {
namespace {

using namespace std::string_view_literals;
using State = ProxyHeader::State;

constexpr std::string_view v1_start = "PROXY "sv;
constexpr std::size_t v1_size_max = 107;  ///< With the end of the line.
constexpr std::string_view v2_signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t v2_fixed_size = 16;

ProxyHeader invalid(std::string_view error) {
  ProxyHeader header;
  header.state = State::invalid;
  header.error = error;
  return header;
}

ProxyHeader complete(std::size_t size) {
  ProxyHeader header;
  header.state = State::complete;
  header.size = size;
  return header;
}

/// In the one form that a number of the kernel's has here, too.
std::string address_text(int family, const void* bits) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bits, text.data(), text.size());
  return text.data();
}

// ---- Version 1 ----

std::string_view take_word(std::string_view& line) {
  const std::size_t size = line.find(' ');
  const std::string_view word = line.substr(0, size);
  line.remove_prefix(size == std::string_view::npos ? line.size() : size + 1);
  return word;
}

std::optional<std::string> read_address(int family, std::string_view word) {
  std::array<std::uint8_t, 16> bits{};
  if (inet_pton(family, std::string{word}.c_str(), bits.data()) != 1) return {};
  return address_text(family, bits.data());
}

std::optional<std::uint16_t> read_port(std::string_view word) {
  std::uint16_t port = 0;
  const char* const end = word.data() + word.size();
  const auto result = std::from_chars(word.data(), end, port);
  if (word.empty() || result.ec != std::errc{} || result.ptr != end) return {};
  if (word.size() > 1 && word[0] == '0') return {};
  return port;
}

ProxyHeader read_v1_line(std::string_view line, std::size_t size) {
  ProxyHeader header = complete(size);
  const std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") return header;
  if (protocol != "TCP4" && protocol != "TCP6")
    return invalid("the protocol is not TCP4, TCP6 or UNKNOWN");
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  const auto source = read_address(family, take_word(line));
  const auto destination = read_address(family, take_word(line));
  if (!source || !destination) return invalid("an address is wrong");
  const auto source_port = read_port(take_word(line));
  const bool is_last = line.find(' ') == std::string_view::npos;
  const auto destination_port = read_port(take_word(line));
  if (!source_port || !destination_port || !is_last) return invalid("a port is wrong");
  header.has_ends = true;
  header.source = {*source, *source_port};
  header.destination = {*destination, *destination_port};
  return header;
}

ProxyHeader read_v1(std::string_view text) {
  const std::size_t end = text.substr(0, v1_size_max).find("\r\n");
  if (end == std::string_view::npos)
    return text.size() < v1_size_max ? ProxyHeader{} : invalid("the line is too long");
  return read_v1_line(text.substr(v1_start.size(), end - v1_start.size()), end + 2);
}

// ---- Version 2 ----

enum class Command : std::uint8_t { local = 0, proxy = 1 };
/// Address family and transport of a stream.
enum class Family : std::uint8_t {
  unspecified = 0x00,
  tcp4 = 0x11,
  tcp6 = 0x21,
  local_path = 0x31
};

ProxyHeader read_ends(int family, core::Bytes addresses, std::size_t size) {
  const std::size_t address_size = family == AF_INET ? 4 : 16;
  if (addresses.size() < 2 * address_size + 4) return invalid("the addresses are cut short");
  const std::uint8_t* const ports = addresses.data() + 2 * address_size;
  ProxyHeader header = complete(size);
  header.has_ends = true;
  header.source = {address_text(family, addresses.data()), core::load_u16(ports)};
  header.destination = {address_text(family, addresses.data() + address_size),
                        core::load_u16(ports + 2)};
  return header;
}

ProxyHeader read_v2(core::Bytes bytes) {
  constexpr std::uint8_t version = 2;
  if (bytes.size() > 12 && bytes[12] >> 4 != version) return invalid("the version is not 2");
  if (bytes.size() < v2_fixed_size) return {};
  const std::size_t length = core::load_u16(bytes.data() + 14);
  const std::size_t size = v2_fixed_size + length;
  if (size > core::limits::proxy_header_max) return invalid("it is too long");
  if (bytes.size() < size) return {};
  const auto command = static_cast<Command>(bytes[12] & 0x0f);
  if (command == Command::local) return complete(size);
  if (command != Command::proxy) return invalid("the command is not LOCAL or PROXY");
  const core::Bytes addresses = bytes.subspan(v2_fixed_size, length);
  switch (static_cast<Family>(bytes[13])) {
    case Family::unspecified:
    case Family::local_path:  // The path is of no use here: the client is on the proxy's machine.
      return complete(size);
    case Family::tcp4:
      return read_ends(AF_INET, addresses, size);
    case Family::tcp6:
      return read_ends(AF_INET6, addresses, size);
  }
  return invalid("the addresses are not those of a stream");
}

bool may_begin_with(std::string_view text, std::string_view start) {
  const std::size_t size = std::min(text.size(), start.size());
  return text.substr(0, size) == start.substr(0, size);
}

}  // namespace

ProxyHeader read_proxy_header(core::Bytes bytes) {
  const std::string_view text = core::as_text(bytes);
  if (text.starts_with(v1_start)) return read_v1(text);
  if (text.starts_with(v2_signature)) return read_v2(bytes);
  if (may_begin_with(text, v1_start) || may_begin_with(text, v2_signature)) return {};
  return invalid("the connection does not begin with one");
}

}  // namespace lepus::net
