// The sum of the Internet checksum (RFC 1071): 32-bit words into 64-bit sums, several side by side,
// so that no step depends on a carry of the one before. With AVX2 64 bytes a step, else 32.
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cstdint>
#include <cstring>

#include "net/dpdk/lwip/arch/cc.h"

namespace {

std::uint64_t load_word(const std::uint8_t* cursor) {
  std::uint32_t word;
  std::memcpy(&word, cursor, sizeof word);
  return word;
}

/// What is left behind the last full step.
std::uint64_t sum_tail(const std::uint8_t* cursor, int size) {
  std::uint64_t sum = 0;
  for (; size >= 4; size -= 4, cursor += 4) sum += load_word(cursor);
  std::uint32_t last = 0;
  if (size > 0) std::memcpy(&last, cursor, static_cast<std::size_t>(size));
  return sum + last;
}

std::uint64_t sum_words(const std::uint8_t* cursor, int size) {
  std::uint64_t even = 0;
  std::uint64_t odd = 0;
  for (; size >= 32; size -= 32, cursor += 32) {
    even +=
        load_word(cursor) + load_word(cursor + 8) + load_word(cursor + 16) + load_word(cursor + 24);
    odd += load_word(cursor + 4) + load_word(cursor + 12) + load_word(cursor + 20) +
           load_word(cursor + 28);
  }
  return even + odd + sum_tail(cursor, size);
}

#ifdef __x86_64__
/// Four words of the cursor, each in 64 bits.
__attribute__((target("avx2"), always_inline)) inline __m256i load_wide(
    const std::uint8_t* cursor) {
  return _mm256_cvtepu32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(cursor)));
}

__attribute__((target("avx2"))) std::uint64_t sum_wide(const std::uint8_t* cursor, int size) {
  __m256i sums = _mm256_setzero_si256();
  __m256i others = _mm256_setzero_si256();
  for (; size >= 64; size -= 64, cursor += 64) {
    sums = _mm256_add_epi64(sums, _mm256_add_epi64(load_wide(cursor), load_wide(cursor + 16)));
    others =
        _mm256_add_epi64(others, _mm256_add_epi64(load_wide(cursor + 32), load_wide(cursor + 48)));
  }
  alignas(32) std::uint64_t parts[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(parts), _mm256_add_epi64(sums, others));
  return parts[0] + parts[1] + parts[2] + parts[3] + sum_tail(cursor, size);
}

const bool has_wide = __builtin_cpu_supports("avx2") != 0;
#else
constexpr bool has_wide = false;
std::uint64_t sum_wide(const std::uint8_t* cursor, int size) { return sum_words(cursor, size); }
#endif

}  // namespace

extern "C" unsigned short lepus_checksum(const void* bytes, int size) {
  const auto* const cursor = static_cast<const std::uint8_t*>(bytes);
  std::uint64_t sum = has_wide && size >= 64 ? sum_wide(cursor, size) : sum_words(cursor, size);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<unsigned short>(sum);
}
