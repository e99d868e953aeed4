// What a device does that computes checksums, the slow way: it completes those of frames that leave
// and looks at those of frames that come.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/bypass/frame.h"

namespace lepus::net::bypass {

/// The Internet checksum, not complemented.
inline unsigned checksum(const std::uint8_t* bytes, std::size_t size, unsigned sum = 0) {
  for (std::size_t i = 0; i + 1 < size; i += 2)
    sum += static_cast<unsigned>(bytes[i] << 8 | bytes[i + 1]);
  if (size % 2 != 0) sum += static_cast<unsigned>(bytes[size - 1] << 8);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

inline void put_sum(std::uint8_t* field, unsigned sum) {
  field[0] = static_cast<std::uint8_t>(~sum >> 8);
  field[1] = static_cast<std::uint8_t>(~sum);
}

/// The packet ends where it says, not where the frame does.
inline std::size_t packet_size(const std::uint8_t* packet, bool is_v6) {
  const std::size_t at = is_v6 ? 4 : 2;
  return static_cast<std::size_t>(packet[at] << 8 | packet[at + 1]) + (is_v6 ? 40 : 0);
}

inline void complete_sums(Frame& frame) {
  const SumsToMake& wanted = frame.to_make;
  std::uint8_t* const packet = frame.data + wanted.link_size;
  if (wanted.ip) put_sum(packet + 10, checksum(packet, wanted.ip_size));
  if (!wanted.tcp) return;
  std::uint8_t* const segment = packet + wanted.ip_size;
  const std::size_t size = packet_size(packet, wanted.is_v6) - wanted.ip_size;
  put_sum(segment + 16, checksum(segment, size));
}

/// Of frames without a tag.
inline void look_at_sums(Frame& frame) {
  const std::uint8_t* const packet = frame.data + 14;
  const bool is_v6 = frame.data[12] == 0x86 && frame.data[13] == 0xdd;
  const bool is_v4 = frame.data[12] == 0x08 && frame.data[13] == 0x00;
  if (frame.size < 54 || !(is_v4 || is_v6)) return;
  const std::size_t ip_size = is_v6 ? 40 : 20;
  const std::size_t size = packet_size(packet, is_v6);
  if (size < ip_size || size > frame.size - 14) return;
  const auto state = [](unsigned sum) { return sum == 0xffff ? SumState::good : SumState::bad; };
  if (is_v4) frame.ip_sum = state(checksum(packet, ip_size));
  if (packet[is_v6 ? 6 : 9] != 6) return;
  const unsigned pseudo = checksum(packet + (is_v6 ? 8 : 12), is_v6 ? 32 : 8) + 6 +
                          static_cast<unsigned>(size - ip_size);
  frame.tcp_sum = state(checksum(packet + ip_size, size - ip_size, pseudo));
}

}  // namespace lepus::net::bypass
