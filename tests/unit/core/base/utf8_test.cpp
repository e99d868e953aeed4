// UTF-8: the edges of each length, and every broken form.
#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/net/amqp/hex.h"

namespace lepus::core {
namespace {

bool accepts(std::string_view hex) { return is_utf8(core::as_text(amqp::from_hex(hex))); }

TEST(Utf8, AcceptsAsciiOfEveryLength) {
  for (std::size_t size = 0; size < 40; ++size) EXPECT_TRUE(is_utf8(std::string(size, 'a')));
}

TEST(Utf8, FindsABadByteAtEveryPlace) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\xff';
      EXPECT_FALSE(is_utf8(text)) << size << " " << at;
    }
  }
}

TEST(Utf8, AcceptsFirstAndLastOfEachLength) {
  for (const char* hex : {"c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbf", "f0908080",
                          "f48fbfbf", "61c3a962e282ac63f09f9880"}) {
    EXPECT_TRUE(accepts(hex)) << hex;
  }
}

TEST(Utf8, RefusesOverlongSurrogatesTooLargeAndTruncated) {
  for (const char* hex :
       {"80",     "bf",       "c080",     "c1bf",     "e08080",   "e09fbf", "eda080",
        "edbfbf", "f0808080", "f08fbfbf", "f4908080", "f5808080", "ff",     "c2",
        "e0a0",   "f09080",   "c261",     "e0a061",   "f0908061", "c3a9c3"}) {
    EXPECT_FALSE(accepts(hex)) << hex;
  }
}

}  // namespace
}  // namespace lepus::core
