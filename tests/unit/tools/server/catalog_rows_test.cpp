// Odd values in every column of the catalog: a start is refused with a text or goes all the way.
#include <gtest/gtest.h>

#include "tests/fuzz/catalog_world.h"

namespace lepus::persist {
namespace {

const std::vector<std::string>& odd_numbers() {
  static const std::vector<std::string> all{"NULL",
                                            "0",
                                            "1",
                                            "-1",
                                            "2",
                                            "7",
                                            "65534",
                                            "65535",
                                            "4294967295",
                                            "4294967296",
                                            "4611686018427387904",
                                            "4611686018427387905",
                                            "9223372036854775807",
                                            "-9223372036854775808"};
  return all;
}

const std::vector<std::string>& odd_texts() {
  static const std::vector<std::string> all{
      "NULL",
      "''",
      "'x'",
      "'/'",
      "'amq.topic'",
      "'direct'",
      "'x-delayed-message'",
      "'['",
      "'[]'",
      "'{}'",
      "'null'",
      "'7'",
      "'\"x\"'",
      "'{\"max-connections\":-1,\"max-queues\":9223372036854775808}'",
      "'{\"max-channels\":1e400,\"max-length\":\"x\"}'",
      "'{\"pattern\":1,\"apply-to\":[],\"priority\":\"x\",\"definition\":3}'",
      "'{\"default_queue_type\":\"none\",\"tags\":{},\"metadata\":7}'",
      "'operator_policy'",
      "'vhost-limits'",
      "'('",
      "'(?=x'",
      "CAST(x'ff00fe' AS TEXT)",
      "replace(printf('%256c', 'x'), ' ', 'y')",
      "replace(printf('%9999c', ' '), ' ', '[')"};
  return all;
}

const std::vector<std::string>& odd_bytes() {
  static const std::vector<std::string> all{
      "NULL", "x''", "x'00'", "x'ff'", "x'0178'", "x'017856'", "x'0178530000ffff61'",
      // x-max-priority = 0, x-delayed-type = 7
      "x'0e782d6d61782d7072696f726974796200'", "x'0e782d64656c617965642d747970656207'"};
  return all;
}

const std::vector<std::string>& odd_values(const std::string& type) {
  if (type == "INTEGER") return odd_numbers();
  return type == "BLOB" ? odd_bytes() : odd_texts();
}

class CatalogRowsTest : public ::testing::Test {
 protected:
  void start() {
    const std::string error = world.start();
    if (error.empty()) {
      ++started;
      return;
    }
    ++refused;
    EXPECT_EQ(error.find("catalog"), 0u) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }

  CatalogWorld world;
  int started = 0;
  int refused = 0;
};

TEST_F(CatalogRowsTest, OddValuesInEveryColumn) {
  ASSERT_TRUE(world.change({}));
  ASSERT_EQ(world.start(), "");
  for (const CatalogWorld::Column& column : world.columns()) {
    for (const std::string& value : odd_values(column.type)) {
      SCOPED_TRACE(column.table + "." + column.name + " = " + value);
      if (world.change({{column.table, column.name, value}})) start();
      // One row at a time: where all would be equal, SQLite knows that already.
      const std::string key = column.table == "meta" ? "name" : "rowid";
      for (int row = 0; row < 3; ++row) {
        const std::string where = key + " = (SELECT " + key + " FROM " + column.table +
                                  " ORDER BY " + key + " LIMIT 1 OFFSET " + std::to_string(row) +
                                  ")";
        if (world.change({{column.table, column.name, value, where}})) start();
      }
    }
  }
  EXPECT_GT(started, 100);
  EXPECT_GT(refused, 100);
}

TEST_F(CatalogRowsTest, RowsThatAreGone) {
  for (const char* table : {"meta", "vhosts", "exchanges", "queues", "stores", "bindings", "users",
                            "vhost_properties", "permissions", "policies", "parameters"}) {
    SCOPED_TRACE(table);
    ASSERT_TRUE(world.edit(std::string("PRAGMA foreign_keys = OFF; DELETE FROM ") + table));
    start();
  }
  for (int id = 1; id <= 20; ++id) {
    SCOPED_TRACE(id);
    ASSERT_TRUE(world.edit("PRAGMA foreign_keys = OFF; DELETE FROM exchanges WHERE id = " +
                           std::to_string(id)));
    start();
  }
  EXPECT_GT(started, 0);
  EXPECT_GT(refused, 0);
}

/// SQLite does not see to it that keys are unique when somebody made the tables anew.
TEST_F(CatalogRowsTest, TablesWithoutTheirKeys) {
  for (const char* table :
       {"meta", "vhosts", "exchanges", "queues", "stores", "bindings", "users", "vhost_properties",
        "permissions", "topic_permissions", "policies", "parameters", "global_parameters"}) {
    SCOPED_TRACE(table);
    const std::string name = table;
    ASSERT_TRUE(
        world.edit("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; "
                   "DROP VIEW binding_list; DROP VIEW operator_policies; "
                   "CREATE TABLE other AS SELECT * FROM " +
                   name + "; DROP TABLE " + name + "; ALTER TABLE other RENAME TO " + name +
                   "; INSERT INTO " + name + " SELECT * FROM " + name));
    EXPECT_NE(world.start(), "");
  }
}

}  // namespace
}  // namespace lepus::persist
