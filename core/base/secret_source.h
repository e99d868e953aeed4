// Numbers that nobody can guess who has seen others of them: SipHash-2-4 (J. Aumasson and D.
// Bernstein, public domain) of a counter, with a key that comes from the system's generator. For
// addresses that are a permission by themselves; everything else takes core/base/random.h.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace lepus::core {

class SecretSource {
 public:
  using Key = std::array<std::uint64_t, 2>;

  explicit SecretSource(const Key& key) : key_(key) {}

  std::uint64_t next() { return hash(key_, counter_++); }
  /// SipHash-2-4 of the eight bytes of `number`, lowest first.
  static std::uint64_t hash(const Key& key, std::uint64_t number) {
    State v{key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
            key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL};
    constexpr std::uint64_t size_block = std::uint64_t{8} << 56;
    for (const std::uint64_t block : {number, size_block}) {
      v[3] ^= block;
      mix(v, 2);
      v[0] ^= block;
    }
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
  }

 private:
  using State = std::array<std::uint64_t, 4>;
  static void mix(State& v, int rounds) {
    for (; rounds > 0; --rounds) {
      v[0] += v[1];
      v[1] = std::rotl(v[1], 13) ^ v[0];
      v[0] = std::rotl(v[0], 32);
      v[2] += v[3];
      v[3] = std::rotl(v[3], 16) ^ v[2];
      v[0] += v[3];
      v[3] = std::rotl(v[3], 21) ^ v[0];
      v[2] += v[1];
      v[1] = std::rotl(v[1], 17) ^ v[2];
      v[2] = std::rotl(v[2], 32);
    }
  }

  Key key_;
  std::uint64_t counter_ = 0;
};

}  // namespace lepus::core
