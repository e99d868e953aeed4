// The published test vector, and that keys and numbers matter.
#include "core/base/secret_source.h"

#include <gtest/gtest.h>

#include <set>

namespace lepus::core {
namespace {

constexpr SecretSource::Key key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

TEST(SecretSource, IsSipHash) {
  EXPECT_EQ(SecretSource::hash(key, 0x0706050403020100ULL), 0x93f5f5799a932462ULL);
}

TEST(SecretSource, NumbersAreOneForEachKeyAndCall) {
  SecretSource one{key};
  SecretSource same{key};
  SecretSource other{{key[0], key[1] + 1}};
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t number = one.next();
    EXPECT_EQ(number, same.next());
    EXPECT_TRUE(seen.insert(number).second);
    EXPECT_TRUE(seen.insert(other.next()).second);
  }
}

}  // namespace
}  // namespace lepus::core
