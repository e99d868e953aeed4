// Headers of proxies, whole, cut and wrong.
#include "net/stream/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/limits.h"

namespace lepus::net {
namespace {

using namespace std::string_literals;
using State = ProxyHeader::State;

ProxyHeader read(std::string_view bytes) { return read_proxy_header(core::as_bytes(bytes)); }

std::string v2(std::uint8_t command, std::uint8_t family, const std::string& rest) {
  std::string header = "\r\n\r\n\0\r\nQUIT\n"s;
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(rest.size() >> 8);
  header += static_cast<char>(rest.size() & 0xff);
  return header + rest;
}

const std::string tcp4_ends = "\xc0\x00\x02\x01\xc6\x33\x64\x01\xc8\x22\x16\x28"s;
const std::string tcp6_ends = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\1" +
                              "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\2" +
                              "\xc8\x22\x16\x28"s;

std::string ends_of(const ProxyHeader& header) {
  if (!header.has_ends) return "none";
  io::PeerName name;
  name.remote = header.source;
  name.local = header.destination;
  return name.text();
}

TEST(ProxyHeader, SaysForWhom) {
  const std::string v4 = "192.0.2.1:51234 -> 198.51.100.1:5672";
  const std::string v6 = "[2001:db8::1]:51234 -> [2001:db8::2]:5672";
  EXPECT_EQ(ends_of(read("PROXY TCP4 192.0.2.1 198.51.100.1 51234 5672\r\n")), v4);
  EXPECT_EQ(ends_of(read("PROXY TCP6 2001:db8:0::1 2001:db8::2 51234 5672\r\n")), v6);
  EXPECT_EQ(ends_of(read(v2(0x21, 0x11, tcp4_ends))), v4);
  EXPECT_EQ(ends_of(read(v2(0x21, 0x21, tcp6_ends))), v6);
  EXPECT_EQ(ends_of(read(v2(0x21, 0x11, tcp4_ends + "\x04\x00\x01x"s))), v4) << "more is skipped";
}

TEST(ProxyHeader, OrDoesNotSay) {
  for (const std::string& header :
       {"PROXY UNKNOWN\r\n"s, "PROXY UNKNOWN ffff::1 whatever\r\n"s, v2(0x20, 0x00, ""),
        v2(0x20, 0x11, tcp4_ends), v2(0x21, 0x00, ""), v2(0x21, 0x31, std::string(216, 'p'))}) {
    const ProxyHeader result = read(header);
    EXPECT_EQ(result.state, State::complete) << header;
    EXPECT_EQ(result.size, header.size());
    EXPECT_FALSE(result.has_ends);
  }
}

TEST(ProxyHeader, InPiecesAndBeforeTheClientsBytes) {
  for (const std::string& header : {"PROXY TCP4 192.0.2.1 198.51.100.1 51234 5672\r\n"s,
                                    v2(0x21, 0x11, tcp4_ends), v2(0x20, 0x00, "")}) {
    for (std::size_t size = 0; size < header.size(); ++size)
      EXPECT_EQ(read(header.substr(0, size)).state, State::incomplete) << size;
    EXPECT_EQ(read(header + "AMQP").size, header.size());
  }
}

TEST(ProxyHeader, WrongOnes) {
  for (const std::string& header :
       {"AMQP\0\0\x09\x01"s,
        "PROXX"s,
        "\r\n\r\nx"s,
        "PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n"s,
        "PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n"s,
        "PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n"s,
        "PROXY TCP4 ::1 ::1 1 1\r\n"s,
        "PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n"s,
        "PROXY TCP4 1.1.1 1.1.1.1 1 1\r\n"s,
        "PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n"s,
        "PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n"s,
        "PROXY TCP4 1.1.1.1 1.1.1.1 +1 1\r\n"s,
        "PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n"s,
        "PROXY \r\n"s,
        "PROXY "s + std::string(101, 'x'),
        v2(0x11, 0x11, tcp4_ends),
        v2(0x22, 0x11, tcp4_ends),
        v2(0x21, 0x12, tcp4_ends),
        v2(0x21, 0x11, tcp4_ends.substr(1)),
        v2(0x21, 0x21, tcp4_ends),
        v2(0x21, 0x41, tcp6_ends),
        v2(0x21, 0x11, std::string(core::limits::proxy_header_max, 'x'))}) {
    const ProxyHeader result = read(header);
    EXPECT_EQ(result.state, State::invalid) << header;
    EXPECT_FALSE(result.error.empty());
  }
}

}  // namespace
}  // namespace lepus::net
