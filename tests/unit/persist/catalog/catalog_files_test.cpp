// Files that the catalog cannot use, and what it says about them; older schemas.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "persist/catalog/catalog.h"
#include "persist/catalog/catalog_schema.h"
#include "tests/unit/persist/catalog/catalog_home.h"

namespace lepus::persist::test {
namespace {

class BadCatalogTest : public CatalogTest {
 protected:
  /// A catalog with some content.
  void make() {
    restart();
    add_vhost("/");
    for (int at = 0; at < 300; ++at) {
      const std::string name = "q" + std::to_string(at);
      must(queue(name));
      must(bind("amq.topic", name, name));
    }
    commit();
    catalog_.reset();
  }
  void overwrite(long offset, std::string_view bytes) const {
    std::FILE* file = std::fopen(path_.c_str(), "r+b");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(std::fseek(file, offset, SEEK_SET), 0);
    ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    ASSERT_EQ(std::fclose(file), 0);
  }
  void expect_trouble(std::string_view reason, std::string_view advice) {
    const std::string error = trouble();
    EXPECT_EQ(error.find("catalog " + path_ + ": "), 0U) << error;
    EXPECT_NE(error.find(reason), std::string::npos) << error;
    EXPECT_NE(error.find(advice), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
  static constexpr std::string_view backup =
      "; put a backup in its place, or move it away to start without definitions";
};

TEST_F(BadCatalogTest, NoDatabase) {
  make();
  overwrite(0, "this is a text file");
  expect_trouble("file is not a database", backup);
}

TEST_F(BadCatalogTest, DamagedPages) {
  make();
  const auto size = static_cast<long>(std::filesystem::file_size(path_));
  ASSERT_GT(size, 10 * 4096);
  for (long page = 2; page * 4096 < size; page += 2) overwrite(page * 4096, std::string(512, 'x'));
  expect_trouble("", backup);
}

TEST_F(BadCatalogTest, Truncated) {
  make();
  std::filesystem::resize_file(path_, 3 * 4096);
  expect_trouble("", backup);
}

TEST_F(BadCatalogTest, NotAFile) {
  std::filesystem::create_directory(path_);
  expect_trouble("unable to open database file",
                 "; let the broker's user read and write it and its directory");
}

TEST_F(BadCatalogTest, OfANewerVersion) {
  make();
  ASSERT_EQ(edit("PRAGMA user_version = 99"), "");
  const std::string error = trouble();
  EXPECT_EQ(error,
            "catalog " + path_ + ": its schema version is 99, this lepus knows versions up to " +
                std::to_string(catalog_steps().size()) +
                "; start the newer lepus that wrote it, or put back the backup made before the "
                "upgrade");
  ASSERT_EQ(edit(("PRAGMA user_version = " + std::to_string(catalog_steps().size())).c_str()), "");
  EXPECT_EQ(trouble(), "");
}

TEST_F(BadCatalogTest, OfAnotherProgram) {
  ASSERT_EQ(edit("CREATE TABLE recipes (name TEXT)"), "");
  expect_trouble("this is a database of another program", backup);
  std::int64_t count = 0;
  Database other;
  ASSERT_EQ(other.open(path_), "");
  ASSERT_EQ(other.read_number("SELECT count(*) FROM sqlite_schema", count), "");
  EXPECT_EQ(count, 1) << "it was changed all the same";
}

/// Edits that SQLite accepts and the broker cannot.
TEST_F(BadCatalogTest, EditedByHand) {
  struct Edit {
    const char* statements;
    const char* reason;
  };
  for (const Edit& bad : {
           Edit{"UPDATE exchanges SET type = 'round' WHERE name = 'amq.topic'",
                "exchange 'amq.topic' (id 5): 'round' is no type"},
           Edit{"UPDATE queues SET home = -1 WHERE name = 'q7'", "there is no shard -1"},
           Edit{"UPDATE queues SET arguments = x'01' WHERE name = 'q7'", "its arguments: "},
           Edit{"UPDATE queues SET arguments = x'09782d657870697265734900000000'"
                " WHERE name = 'q7'",
                "queue 'q7'"},
           Edit{"UPDATE queues SET name = '' WHERE name = 'q7'", "its name is empty"},
           Edit{"UPDATE queues SET name = printf('%.*c', 256, 'x') WHERE name = 'q7'",
                "its name has 256 bytes, more than 255"},
           Edit{"UPDATE exchanges SET name = printf('%.*c', 300, 'x') WHERE name = 'amq.topic'",
                "its name has 300 bytes, more than 255"},
           Edit{"UPDATE exchanges SET alternate = printf('%.*c', 300, 'x')"
                " WHERE name = 'amq.topic'",
                "the name of its alternate exchange has 300 bytes, more than 255"},
           Edit{"UPDATE bindings SET routing_key = printf('%.*c', 256, 'x') WHERE id = 3",
                "binding 3: its routing key has 256 bytes, more than 255"},
           Edit{"UPDATE vhosts SET name = ''", "the name of vhost 1 is empty"},
           Edit{"UPDATE vhosts SET name = printf('%.*c', 256, 'x')",
                "the name of vhost 1 has 256 bytes, more than 255"},
           Edit{"UPDATE queues SET vhost = 77 WHERE name = 'q7'",
                "row 16 of table queues refers to what is not there"},
           Edit{"DELETE FROM queues WHERE name = 'q7'",
                "of table bindings refers to what is not there"},
           Edit{"UPDATE bindings SET source = 2 WHERE id = 1", "binding 1: its ends do not fit"},
           Edit{"INSERT INTO bindings SELECT NULL, source, queue, exchange, routing_key, arguments"
                " FROM bindings WHERE id = 9",
                "is there twice"},
           Edit{"UPDATE bindings SET source = 6, arguments ="
                " x'07782d6d617463685300000003666f6f' WHERE id = 4",
                "binding 4: "},
           Edit{"DELETE FROM meta WHERE name = 'store'; INSERT INTO meta VALUES ('store', -4)",
                "table meta holds a negative number"},
           Edit{"DROP TABLE meta", "no such table: meta"},
       }) {
    SCOPED_TRACE(bad.statements);
    std::filesystem::remove(path_);
    make();
    ASSERT_EQ(trouble(), "");
    ASSERT_EQ(edit(bad.statements), "");
    expect_trouble(bad.reason, "; ");
  }
}

TEST_F(BadCatalogTest, FromTwoVhosts) {
  make();
  restart();
  add_vhost("other");
  commit();
  catalog_.reset();
  ASSERT_EQ(edit("UPDATE bindings SET source = (SELECT exchanges.id FROM exchanges JOIN vhosts"
                 " ON vhosts.id = vhost WHERE exchanges.name = 'amq.topic'"
                 " AND vhosts.name = 'other') WHERE id = 4"),
            "");
  expect_trouble("binding 4: its ends do not fit", backup);
}

// ---- Versions of the schema ---------------------------------------------------------------------

constexpr const char* first_step = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('old');";
constexpr const char* second_step = "ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT 'new';";
constexpr const char* third_step = "UPDATE t SET b = b || '!';";
constexpr const char* broken_step = "UPDATE t SET missing = 1;";

class SchemaTest : public CatalogTest {
 protected:
  std::string upgrade(std::vector<const char*> steps) {
    Database database;
    std::string error = database.open(path_);
    if (error.empty()) error = check_schema(database, steps);
    return error.empty() ? upgrade_schema(database, steps) : error;
  }
  std::string read(std::string_view select) {
    Database database;
    std::string text;
    EXPECT_EQ(database.open(path_), "");
    EXPECT_EQ(database.read_text(select, text), "");
    return text;
  }
};

TEST_F(SchemaTest, OlderOnesAreUpgradedStepByStep) {
  ASSERT_EQ(upgrade({first_step}), "");
  EXPECT_EQ(read("PRAGMA user_version"), "1");
  ASSERT_EQ(upgrade({first_step, second_step, third_step}), "");
  EXPECT_EQ(read("PRAGMA user_version"), "3");
  EXPECT_EQ(read("SELECT a || b FROM t"), "oldnew!");
  ASSERT_EQ(upgrade({first_step, second_step, third_step}), "");
  EXPECT_EQ(read("SELECT a || b FROM t"), "oldnew!");
}

TEST_F(SchemaTest, AFailedUpgradeChangesNothing) {
  ASSERT_EQ(upgrade({first_step}), "");
  const std::string error = upgrade({first_step, second_step, broken_step});
  EXPECT_NE(error.find("no such column: missing"), std::string::npos) << error;
  EXPECT_EQ(read("PRAGMA user_version"), "1");
  EXPECT_EQ(read("SELECT count(*) FROM pragma_table_info('t')"), "1");
  ASSERT_EQ(upgrade({first_step, second_step}), "");
  EXPECT_EQ(read("SELECT a || b FROM t"), "oldnew");
}

}  // namespace
}  // namespace lepus::persist::test
