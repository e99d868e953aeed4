// A catalog that another program has locked is as if nothing had been recorded, and goes on; what
// it remembers of queues and journals.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "core/topology/topology_undo.h"
#include "tests/unit/persist/catalog/catalog_home.h"

namespace lepus::persist::test {
namespace {

using Fault = Catalog::Fault;
using Ends = std::map<std::uint32_t, std::uint64_t>;

class CatalogTroubleTest : public CatalogTest {
 protected:
  CatalogTroubleTest() {
    restart();
    add_vhost("/");
    commit();
    catalog_->stop_waiting();
  }
  /// As the control thread does it.
  void record(const TopologyRequest& request) {
    for (const core::TopologyChange& change : core::decide(*master_, request, &ids_).changes) {
      core::append_undo(*master_, change, undo_);
      master_->apply(change);
      catalog_->record(change);
    }
  }
  void roll_back() {
    std::reverse(undo_.begin(), undo_.end());
    for (const core::TopologyChange& change : undo_) master_->apply(change);
    catalog_->roll_back(undo_);
    undo_.clear();
    EXPECT_FALSE(catalog_->has_changes());
  }
  /// What is in the file is what the master has.
  void expect_same() {
    const std::string before = describe(*master_);
    restart();
    EXPECT_EQ(describe(*master_), before);
  }

  std::vector<core::TopologyChange> undo_;
};

/// Another program in the middle of writing.
class Writer {
 public:
  explicit Writer(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~Writer() { sqlite3_close(database_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

 private:
  sqlite3* database_ = nullptr;
};

TEST_F(CatalogTroubleTest, LockedByAnother) {
  const std::string before = describe(*master_);
  {
    const Writer other{path_};
    for (int i = 0; i < 3; ++i) {
      record(queue("q"));
      record(bind("amq.topic", "q", "k"));
      const std::string error = catalog_->commit();
      EXPECT_NE(error.find("another program has it locked"), std::string::npos) << error;
      EXPECT_EQ(catalog_->fault(), Fault::busy);
      roll_back();
      EXPECT_EQ(describe(*master_), before);
    }
  }
  record(queue("q"));
  record(bind("amq.topic", "q", "k"));
  EXPECT_EQ(catalog_->commit(), "");
  undo_.clear();
  expect_same();
}

TEST_F(CatalogTroubleTest, WhatWasThereIsLeftAsItWas) {
  record(queue("old"));
  record(bind("amq.topic", "old", "k"));
  EXPECT_EQ(catalog_->commit(), "");
  undo_.clear();
  {
    const Writer other{path_};
    TopologyRequest removal = queue("");
    removal.kind = Kind::delete_queue;
    removal.queue = find_queue("old")->id;
    record(removal);
    EXPECT_NE(catalog_->commit(), "");
    roll_back();
  }
  EXPECT_NE(find_queue("old"), nullptr);
  // The filter knows it again, so that its removal is kept.
  TopologyRequest removal = queue("");
  removal.kind = Kind::delete_queue;
  removal.queue = find_queue("old")->id;
  record(removal);
  EXPECT_EQ(catalog_->commit(), "");
  undo_.clear();
  expect_same();
}

/// Files of this process cannot grow beyond this size.
class FileSizeMax {
 public:
  explicit FileSizeMax(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit tight{bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  }
  ~FileSizeMax() { EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before_), 0); }
  FileSizeMax(const FileSizeMax&) = delete;
  FileSizeMax& operator=(const FileSizeMax&) = delete;

 private:
  rlimit before_{};
};

TEST_F(CatalogTroubleTest, ADiskThatFailsInTheCommitLeavesADoubtUntilOneWorks) {
  record(queue("old"));
  EXPECT_EQ(catalog_->commit(), "");
  undo_.clear();
  {
    const FileSizeMax limit{1 << 16};
    for (int i = 0; i < 500; ++i) record(queue("lost" + std::to_string(i)));
    EXPECT_NE(catalog_->commit(), "");
    EXPECT_EQ(catalog_->fault(), Fault::in_doubt);
    roll_back();
  }
  {
    const Writer other{path_};
    record(queue("locked out"));
    EXPECT_NE(catalog_->commit(), "");
    EXPECT_EQ(catalog_->fault(), Fault::in_doubt) << "a lock settles nothing";
    roll_back();
  }
  catalog_->touch();
  EXPECT_TRUE(catalog_->has_changes());
  EXPECT_EQ(catalog_->commit(), "");
  expect_same();
  EXPECT_NE(find_queue("old"), nullptr);
  {
    catalog_->stop_waiting();
    const Writer other{path_};
    record(queue("q"));
    EXPECT_NE(catalog_->commit(), "");
    EXPECT_EQ(catalog_->fault(), Fault::busy) << "settled";
    roll_back();
  }
  record(queue("q"));
  EXPECT_EQ(catalog_->commit(), "");
  undo_.clear();
  expect_same();
}

TEST_F(CatalogTroubleTest, TheNewestQueueThatEverWas) {
  EXPECT_EQ(catalog_->newest_queue(), 0U);
  record(queue("a"));
  record(queue("b"));
  EXPECT_EQ(catalog_->commit(), "");
  const std::uint64_t newest = find_queue("b")->id.value;
  EXPECT_EQ(catalog_->newest_queue(), newest);
  TopologyRequest removal = queue("");
  removal.kind = Kind::delete_queue;
  removal.queue = find_queue("b")->id;
  record(removal);
  EXPECT_EQ(catalog_->commit(), "");
  restart();
  EXPECT_EQ(catalog_->newest_queue(), newest);
}

TEST_F(CatalogTroubleTest, HowFarTheJournalsCame) {
  const auto ends_of = [this] {
    Ends ends;
    EXPECT_EQ(catalog_->load_journal_ends(ends), "");
    return ends;
  };
  EXPECT_TRUE(ends_of().empty());
  EXPECT_EQ(catalog_->save_journal_ends({{0, 7}, {1, 0}, {12, 3}}), "");
  EXPECT_EQ(ends_of(), (Ends{{0, 7}, {1, 0}, {12, 3}}));
  restart();
  EXPECT_EQ(ends_of(), (Ends{{0, 7}, {1, 0}, {12, 3}}));
  EXPECT_EQ(catalog_->save_journal_ends({{0, 8}}), "");
  EXPECT_EQ(ends_of(), (Ends{{0, 8}}));
  {
    catalog_->stop_waiting();
    const Writer other{path_};
    EXPECT_NE(catalog_->save_journal_ends({{0, 9}}), "");
    EXPECT_EQ(catalog_->fault(), Fault::busy);
    catalog_->roll_back({});
  }
  EXPECT_EQ(ends_of(), (Ends{{0, 8}}));
}

}  // namespace
}  // namespace lepus::persist::test
