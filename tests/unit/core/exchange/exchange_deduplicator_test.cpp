// Ids within their window, and what they take of memory.
#include "core/exchange/deduplicator.h"

#include <gtest/gtest.h>

#include <string>

#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "core/message/properties.h"

namespace lepus::core {
namespace {

class DeduplicatorTest : public ::testing::Test {
 protected:
  MessageRef message(std::string_view id) {
    FieldTableWriter headers;
    headers.text("x-deduplication-header", id);
    const std::string table = headers.take();
    PropertiesView view;
    view.set(Property::headers);
    view.headers = as_bytes(table);
    const std::vector<std::uint8_t> properties = encode_properties(view);
    return Message::create({"", "", properties, 0, false}, account_);
  }
  static Deduplication rules(std::uint64_t cache_size) {
    Deduplication made;
    made.is_on = true;
    made.cache_size = cache_size;
    return made;
  }

  MemoryAccount account_;
};

TEST_F(DeduplicatorTest, RemembersTheLastIds) {
  Deduplicator seen{rules(2), account_};
  for (const char* id : {"a", "b", "a", "c"}) seen.remember(*message(id), 0);
  EXPECT_TRUE(seen.is_duplicate(*message("a"), 0)) << "it came again after b";
  EXPECT_FALSE(seen.is_duplicate(*message("b"), 0));
  EXPECT_TRUE(seen.is_duplicate(*message("c"), 0));
}

TEST_F(DeduplicatorTest, TheAccountHasWhatIsRemembered) {
  {
    Deduplicator seen{rules(100), account_};
    const std::string id(200, 'x');
    for (int i = 0; i < 100; ++i) seen.remember(*message(id + std::to_string(i)), 0);
    const std::uint64_t full = account_.index_bytes;
    EXPECT_GT(full, 100 * id.size());
    for (int i = 0; i < 1000; ++i) seen.remember(*message(id + std::to_string(i)), 0);
    EXPECT_LE(account_.index_bytes, full + 100 * 100) << "as many ids, and places in the order";
  }
  EXPECT_EQ(account_.index_bytes, 0U);
}

TEST_F(DeduplicatorTest, ACacheWithoutEndIsBounded) {
  Deduplicator seen{rules(UINT64_MAX / 4), account_};
  const std::string id(50'000, 'x');
  const std::uint64_t count = 2 * limits::deduplication_bytes_max / id.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    seen.remember(*message(id + std::to_string(i)), 0);
    ASSERT_LE(account_.index_bytes, limits::deduplication_bytes_max);
  }
  EXPECT_FALSE(seen.is_duplicate(*message(id + "0"), 0));
  EXPECT_TRUE(seen.is_duplicate(*message(id + std::to_string(count - 1)), 0));
}

}  // namespace
}  // namespace lepus::core
