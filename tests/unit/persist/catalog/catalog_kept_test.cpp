// Definitions that the catalog keeps as they came: rows are found again in their order, replaced by
// key, and part of the same transaction as the topology.
#include <string>

#include "persist/catalog/catalog_schema.h"
#include "tests/unit/persist/catalog/catalog_home.h"

namespace lepus::persist::test {
namespace {

KeptRow user(std::string name, std::string hash = "hash") {
  return {{std::move(name), std::move(hash), "rabbit_password_hashing_sha256", "[]", "{}"}};
}
KeptRow policy(std::string name, std::string priority = "0") {
  return {{"/", std::move(name), "^a", "queues", "{\"max-length\":1}", std::move(priority)}};
}

class CatalogKeptTest : public CatalogTest {
 protected:
  KeptDefinitions load() {
    KeptDefinitions kept;
    EXPECT_EQ(catalog_->load_kept(kept), "");
    return kept;
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
  KeptDefinitions given;
  for (std::size_t index = 0; index < kept_kind_count; ++index) {
    const auto kind = static_cast<KeptKind>(index);
    for (const char* key : {"z", "a", "it's \xc3\xa4"}) {
      KeptRow row;
      for (const KeptColumn& column : kept_table(kind).columns)
        row.values.push_back(column.form == KeptForm::number ? "-7" : std::string{key} + " 1.0");
      EXPECT_TRUE(given.put(kind, row));
      catalog_->keep(kind, row);
    }
  }
  commit();
  restart();
  EXPECT_EQ(load().rows, given.rows);
  EXPECT_EQ(read("SELECT sum(priority) FROM policies"), "-21");
}

TEST_F(CatalogKeptTest, AKeyIsReplacedWhereItStands) {
  restart();
  KeptDefinitions given;
  for (const KeptRow& row : {user("a"), user("b"), user("a", "new")}) {
    EXPECT_TRUE(given.put(KeptKind::users, row));
    catalog_->keep(KeptKind::users, row);
  }
  catalog_->keep(KeptKind::policies, policy("p", "3"));
  catalog_->keep(KeptKind::policies, policy("p", "4"));
  commit();
  restart();
  const KeptDefinitions found = load();
  EXPECT_EQ(found.of(KeptKind::users), (std::vector{user("a", "new"), user("b")}));
  EXPECT_EQ(found.of(KeptKind::users), given.of(KeptKind::users));
  EXPECT_EQ(found.of(KeptKind::policies), std::vector{policy("p", "4")});
}

TEST_F(CatalogKeptTest, PutSaysWhetherSomethingChanged) {
  KeptDefinitions kept;
  EXPECT_TRUE(kept.put(KeptKind::users, user("a")));
  EXPECT_FALSE(kept.put(KeptKind::users, user("a")));
  EXPECT_TRUE(kept.put(KeptKind::users, user("a", "new")));
  EXPECT_TRUE(kept.put(KeptKind::permissions, {{"a", "/", ".*", ".*", ".*"}}));
  EXPECT_TRUE(kept.put(KeptKind::permissions, {{"a", "other", ".*", ".*", ".*"}}));
  EXPECT_EQ(kept.of(KeptKind::permissions).size(), 2U);
}

TEST_F(CatalogKeptTest, IsOneTransactionWithTheTopology) {
  restart();
  catalog_->keep(KeptKind::users, user("a"));
  EXPECT_TRUE(catalog_->has_changes());
  add_vhost("/");
  must(queue("q"));
  restart();  // Nothing was committed.
  EXPECT_TRUE(load().of(KeptKind::users).empty());
  EXPECT_EQ(describe(*master_), "");
  catalog_->keep(KeptKind::users, user("a"));
  add_vhost("/");
  commit();
  restart();
  EXPECT_EQ(load().of(KeptKind::users).size(), 1U);
  EXPECT_NE(master_->find_vhost("/"), nullptr);
}

TEST_F(CatalogKeptTest, ABadValueShowsAtCommit) {
  restart();
  catalog_->keep(KeptKind::policies, policy("p", "seven"));
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
  catalog_->keep(KeptKind::users, user("a"));
  commit();
  restart();
  EXPECT_EQ(load().of(KeptKind::users).size(), 1U);
}

}  // namespace
}  // namespace lepus::persist::test
