// Definitions that the catalog keeps as they came: rows are found again in their order, replaced by
// key, and part of the same transaction as the topology.
#include <string>

#include "persist/catalog/catalog_schema.h"
#include "tests/unit/persist/catalog/catalog_home.h"

namespace lepus::persist::test {
namespace {

DefinitionRow user(std::string name, std::string hash = "hash") {
  return {{std::move(name), std::move(hash), "rabbit_password_hashing_sha256", "[]", "{}"}};
}
DefinitionRow policy(std::string name, std::string priority = "0") {
  return {{"/", std::move(name), "^a", "queues", "{\"max-length\":1}", std::move(priority)}};
}

class CatalogKeptTest : public CatalogTest {
 protected:
  StoredDefinitions load() {
    StoredDefinitions stored_rows;
    EXPECT_EQ(catalog_->load_rows(stored_rows), "");
    return stored_rows;
  }
  std::string read(std::string_view select) {
    Database database;
    std::string text;
    EXPECT_EQ(database.open(path_), "");
    EXPECT_EQ(database.read_text(select, text), "");
    return text;
  }
};

TEST_F(CatalogKeptTest, EveryKindComesBackInItsOrder) {
  restart();
  StoredDefinitions given;
  for (std::size_t index = 0; index < definition_kind_count; ++index) {
    const auto kind = static_cast<DefinitionKind>(index);
    for (const char* key : {"z", "a", "it's \xc3\xa4"}) {
      DefinitionRow row;
      for (const DefinitionColumn& column : definition_table(kind).columns)
        row.values.push_back(column.form == ColumnForm::number ? "-7" : std::string{key} + " 1.0");
      EXPECT_TRUE(given.put(kind, row));
      catalog_->upsert(kind, row);
    }
  }
  commit();
  restart();
  EXPECT_EQ(load().rows, given.rows);
  EXPECT_EQ(read("SELECT sum(priority) FROM policies"), "-21");
}

TEST_F(CatalogKeptTest, AKeyIsReplacedWhereItStands) {
  restart();
  StoredDefinitions given;
  for (const DefinitionRow& row : {user("a"), user("b"), user("a", "new")}) {
    EXPECT_TRUE(given.put(DefinitionKind::users, row));
    catalog_->upsert(DefinitionKind::users, row);
  }
  catalog_->upsert(DefinitionKind::policies, policy("p", "3"));
  catalog_->upsert(DefinitionKind::policies, policy("p", "4"));
  commit();
  restart();
  const StoredDefinitions found = load();
  EXPECT_EQ(found.of(DefinitionKind::users), (std::vector{user("a", "new"), user("b")}));
  EXPECT_EQ(found.of(DefinitionKind::users), given.of(DefinitionKind::users));
  EXPECT_EQ(found.of(DefinitionKind::policies), std::vector{policy("p", "4")});
}

TEST_F(CatalogKeptTest, PutSaysWhetherSomethingChanged) {
  StoredDefinitions stored_rows;
  EXPECT_TRUE(stored_rows.put(DefinitionKind::users, user("a")));
  EXPECT_FALSE(stored_rows.put(DefinitionKind::users, user("a")));
  EXPECT_TRUE(stored_rows.put(DefinitionKind::users, user("a", "new")));
  EXPECT_TRUE(stored_rows.put(DefinitionKind::permissions, {{"a", "/", ".*", ".*", ".*"}}));
  EXPECT_TRUE(stored_rows.put(DefinitionKind::permissions, {{"a", "other", ".*", ".*", ".*"}}));
  EXPECT_EQ(stored_rows.of(DefinitionKind::permissions).size(), 2U);
}

TEST_F(CatalogKeptTest, IsOneTransactionWithTheTopology) {
  restart();
  catalog_->upsert(DefinitionKind::users, user("a"));
  EXPECT_TRUE(catalog_->has_changes());
  add_vhost("/");
  must(queue("q"));
  restart();  // Nothing was committed.
  EXPECT_TRUE(load().of(DefinitionKind::users).empty());
  EXPECT_EQ(describe(*master_), "");
  catalog_->upsert(DefinitionKind::users, user("a"));
  add_vhost("/");
  commit();
  restart();
  EXPECT_EQ(load().of(DefinitionKind::users).size(), 1U);
  EXPECT_NE(master_->find_vhost("/"), nullptr);
}

TEST_F(CatalogKeptTest, ABadValueShowsAtCommit) {
  restart();
  catalog_->upsert(DefinitionKind::policies, policy("p", "seven"));
  EXPECT_TRUE(catalog_->has_changes());
  const std::string error = catalog_->commit();
  EXPECT_NE(error.find("cannot store TEXT value in INTEGER column"), std::string::npos) << error;
}

TEST_F(CatalogKeptTest, AFirstVersionIsUpgraded) {
  {
    Database database;
    ASSERT_EQ(database.open(path_), "");
    ASSERT_EQ(upgrade_schema(database, catalog_steps().first(1)), "");
    ASSERT_EQ(database.run("INSERT INTO vhosts VALUES (1, 'old')"), "");
  }
  restart();
  EXPECT_NE(master_->find_vhost("old"), nullptr);
  catalog_->upsert(DefinitionKind::users, user("a"));
  commit();
  restart();
  EXPECT_EQ(load().of(DefinitionKind::users).size(), 1U);
}

}  // namespace
}  // namespace lepus::persist::test
