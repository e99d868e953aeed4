// See address_range.h.
#include "net/stream/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/base/assert.h"

namespace lepus::net {
namespace {

constexpr unsigned bits_max = 128;
constexpr unsigned v4_offset = 96;  ///< Bits before those of an IPv4 address.

unsigned bit(const std::array<std::uint8_t, 16>& bits, unsigned index) {
  return bits[index / 8] >> (7 - index % 8) & 1U;
}

std::vector<AddressRange> parse_all(std::span<const std::string_view> texts) {
  std::vector<AddressRange> ranges;
  for (const std::string_view text : texts) {
    const auto range = AddressRange::parse(text);
    CHECK(range);
    ranges.push_back(*range);
  }
  return ranges;
}

}  // namespace

std::optional<AddressRange::Bits> AddressRange::bits_of(std::string_view address) {
  const std::string text{address};
  Bits bits{};
  if (inet_pton(AF_INET6, text.c_str(), bits.data()) == 1) return bits;
  bits[10] = bits[11] = 0xff;
  if (inet_pton(AF_INET, text.c_str(), bits.data() + 12) == 1) return bits;
  return {};
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::string_view address = text.substr(0, text.find('/'));
  const auto bits = bits_of(address);
  if (!bits) return {};
  const unsigned offset = address.find(':') == std::string_view::npos ? v4_offset : 0;
  unsigned size = bits_max - offset;
  if (address.size() < text.size()) {
    const std::string_view number = text.substr(address.size() + 1);
    const char* const end = number.data() + number.size();
    const auto result = std::from_chars(number.data(), end, size);
    if (result.ec != std::errc{} || result.ptr != end || size > bits_max - offset) return {};
  }
  AddressRange range;
  range.bits_ = *bits;
  range.prefix_ = offset + size;
  range.text_ = text;
  for (unsigned index = range.prefix_; index < bits_max; ++index)
    if (bit(range.bits_, index) != 0) return {};
  return range;
}

bool AddressRange::contains(std::string_view address) const {
  const auto bits = bits_of(address);
  if (!bits) return false;
  for (unsigned index = 0; index < prefix_; ++index)
    if (bit(*bits, index) != bit(bits_, index)) return false;
  return true;
}

bool is_in_any(std::span<const AddressRange> ranges, std::string_view address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.contains(address); });
}

std::vector<AddressRange> private_ranges() {
  static constexpr std::array<std::string_view, 9> texts = {
      "127.0.0.0/8",    "::1",           "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
      "169.254.0.0/16", "100.64.0.0/10", "fc00::/7",   "fe80::/10"};
  return parse_all(texts);
}

std::vector<AddressRange> all_ranges() {
  static constexpr std::array<std::string_view, 2> texts = {"0.0.0.0/0", "::/0"};
  return parse_all(texts);
}

}  // namespace lepus::net
