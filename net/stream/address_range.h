// Ranges of IP addresses as operators write them: "10.0.0.0/8", "192.0.2.7", "fc00::/7".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::net {

class AddressRange {
 public:
  /// Nothing: `text` is no address, the number behind the slash is too large, or bits behind the
  /// prefix are set (10.0.0.1/8), as when an address was meant.
  static std::optional<AddressRange> parse(std::string_view text);

  /// `address` is numeric; anything else is in no range.
  bool contains(std::string_view address) const;
  const std::string& text() const { return text_; }
  bool operator==(const AddressRange&) const = default;

 private:
  using Bits = std::array<std::uint8_t, 16>;  ///< IPv4 as ::ffff:a.b.c.d

  static std::optional<Bits> bits_of(std::string_view address);

  Bits bits_{};
  unsigned prefix_ = 0;
  std::string text_;
};

bool is_in_any(std::span<const AddressRange> ranges, std::string_view address);

/// Loopback, private and link-local addresses, and those that providers share.
std::vector<AddressRange> private_ranges();
/// Every address there is.
std::vector<AddressRange> all_ranges();

}  // namespace lepus::net
