// The names of bindings. The expected hashes are Erlang's: base64url of
// <<(erlang:phash2(Table, 1 bsl 32)):32>>.
#include "tools/server/http_api/binding_key.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"

namespace lepus::server {
namespace {

using core::FieldTable;
using core::FieldTableWriter;

std::string hashed(FieldTableWriter& table) { return hash_arguments(FieldTable{table.bytes()}); }

TEST(BindingKey, IsTheRoutingKeyWhereThereAreNoArguments) {
  EXPECT_EQ(binding_properties_key("", ""), "~");
  EXPECT_EQ(binding_properties_key("a b/c~d", ""), "a+b%2Fc%7Ed");
}

TEST(BindingKey, HasErlangsHashOfTheArguments) {
  FieldTableWriter two;
  two.text("a", "b");
  two.int64("x", 1);
  EXPECT_EQ(hashed(two), "WW7G-Q");
  EXPECT_EQ(binding_properties_key("k", core::as_text(two.bytes())), "k~WW7G-Q");
  FieldTableWriter unsorted;
  unsorted.int64("x", 1);
  unsorted.text("a", "b");
  EXPECT_EQ(hashed(unsorted), "WW7G-Q");
}

TEST(BindingKey, OfEachTypeOfValue) {
  FieldTableWriter boolean;
  boolean.boolean("a", true);
  EXPECT_EQ(hashed(boolean), "a2lJKQ");
  FieldTableWriter numbers;
  numbers.int64("n", -5);
  numbers.int64("z", 1'000'000'000'000);
  EXPECT_EQ(hashed(numbers), "beQ9bw");
  FieldTableWriter negative;
  negative.int64("n", -1'000'000'000'000);
  EXPECT_EQ(hashed(negative), "vp4SFg");
  FieldTableWriter nothing;
  nothing.nothing("v");
  EXPECT_EQ(hashed(nothing), "wLtq5A");
  FieldTableWriter empty;
  empty.begin_table("e");
  empty.end();
  EXPECT_EQ(hashed(empty), "lo3H9g");
  const std::string floating{"\1fd\x3f\xf8\0\0\0\0\0\0", 11};
  EXPECT_EQ(hash_arguments(FieldTable{core::as_bytes(floating)}), "fF0G0A");
}

TEST(BindingKey, OfTablesAndArrays) {
  FieldTableWriter table;
  table.begin_table("t");
  table.text("k", "a long text of more than twelve bytes");
  table.end();
  table.begin_array("u");
  table.int64({}, 1);
  table.text({}, "");
  table.end();
  EXPECT_EQ(hashed(table), "V42MgQ");
}

}  // namespace
}  // namespace lepus::server
