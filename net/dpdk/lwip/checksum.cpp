// The sum of the Internet checksum (RFC 1071), 32 bytes a step: 32-bit words into 64-bit sums, so
// that no step depends on a carry of the one before.
#include <cstdint>
#include <cstring>

#include "net/dpdk/lwip/arch/cc.h"

namespace {

std::uint64_t load_word(const std::uint8_t* cursor) {
  std::uint32_t word;
  std::memcpy(&word, cursor, sizeof word);
  return word;
}

/// What is left behind the last full step: fewer than 32 bytes.
std::uint64_t sum_tail(const std::uint8_t* cursor, int size) {
  std::uint64_t sum = 0;
  for (; size >= 4; size -= 4, cursor += 4) sum += load_word(cursor);
  std::uint32_t last = 0;
  if (size > 0) std::memcpy(&last, cursor, static_cast<std::size_t>(size));
  return sum + last;
}

}  // namespace

extern "C" unsigned short lepus_checksum(const void* bytes, int size) {
  const auto* cursor = static_cast<const std::uint8_t*>(bytes);
  std::uint64_t even = 0;
  std::uint64_t odd = 0;
  for (; size >= 32; size -= 32, cursor += 32) {
    even +=
        load_word(cursor) + load_word(cursor + 8) + load_word(cursor + 16) + load_word(cursor + 24);
    odd += load_word(cursor + 4) + load_word(cursor + 12) + load_word(cursor + 20) +
           load_word(cursor + 28);
  }
  std::uint64_t sum = even + odd + sum_tail(cursor, size);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<unsigned short>(sum);
}
