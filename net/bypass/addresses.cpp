// Parsing and printing, by the C library.
#include "net/bypass/addresses.h"

#include <arpa/inet.h>

#include <charconv>

namespace lepus::net::bypass {
namespace {

std::optional<unsigned> parse_number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

}  // namespace

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  (void)inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

std::string to_text(const Endpoint& endpoint) {
  const std::string address = to_text(endpoint.address);
  return (endpoint.address.is_v6 ? "[" + address + "]:" : address + ":") +
         std::to_string(endpoint.port);
}

io::Endpoint to_endpoint(const Endpoint& endpoint) {
  return {to_text(endpoint.address), endpoint.port};
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string copy(text);
  Address address;
  address.is_v6 = text.find(':') != std::string_view::npos;
  const int family = address.is_v6 ? AF_INET6 : AF_INET;
  if (inet_pton(family, copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const auto prefix = parse_number(text.substr(slash + 1), address->is_v6 ? 128 : 32);
  if (!prefix) return std::nullopt;
  return Network{*address, static_cast<std::uint8_t>(*prefix)};
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = parse_number(text.substr(colon + 1), 0xffff);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  if (!port || !address || address->is_v6 != has_brackets) return std::nullopt;
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

}  // namespace lepus::net::bypass
