// The catalog on a disk that loses what was not synced: random transactions, killed or cut off from
// power in the middle of any call, again and again. What was committed is there, what was not is
// not, and what was under way is there as a whole or not at all.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>

#include "core/base/random.h"
#include "persist/catalog/catalog.h"
#include "tests/unit/persist/catalog/sim_vfs.h"

namespace lepus::persist::test {
namespace {

constexpr const char* path = "/data/catalog.sqlite";
using Names = std::set<std::string>;

/// One data directory, and the processes that use it one after the other.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed), disk_(seed), vfs_(disk_) {
    EXPECT_EQ(disk_.make_directory("/data"), 0);
  }

  SimVfs& vfs() { return vfs_; }
  io::SimDisk& disk() { return disk_; }
  std::size_t crash_count() const { return crash_count_; }
  std::size_t commit_count() const { return commit_count_; }

  /// Returns what is wrong with what the last process found, or nothing.
  std::string play(int processes) {
    for (int i = 0; i < processes; ++i) {
      if (random_.chance(85)) vfs_.die_after(1 + random_.below(1500));
      if (std::string wrong = run_process(); !wrong.empty()) return wrong;
      crash();
    }
    return run_process();
  }
  /// The disk makes mistakes of its own from now on.
  void draw_faults() {
    io::SimDiskFaults faults;
    faults.write_error = static_cast<unsigned>(random_.below(4));
    faults.sync_error = static_cast<unsigned>(random_.below(20));
    disk_.set_faults(faults);
    has_faults_ = true;
  }

 private:
  std::string run_process() {
    catalog_ = std::make_unique<Catalog>();
    core::StoredDefinitions stored;
    std::string error = catalog_->open({path, 4711});
    if (error.empty()) error = catalog_->load(stored);
    if (!error.empty()) return vfs_.is_dead() || has_faults_ ? "" : "it does not open: " + error;
    last_id_ = stored.last_id;
    const Names found = names_of(stored);
    if (found != committed_ && found != in_doubt_) return describe(found);
    committed_ = in_doubt_ = found;
    for (std::uint64_t left = random_.below(400); left > 0 && !is_ended(); --left) transact();
    return {};
  }
  bool is_ended() const { return vfs_.is_dead() || committed_ != in_doubt_; }

  Names names_of(const core::StoredDefinitions& stored) {
    Names names;
    ids_.clear();
    for (const core::TopologyChange& change : stored.changes) {
      const auto* added = std::get_if<core::VhostAdded>(&change);
      if (added == nullptr) continue;
      names.insert(added->name);
      ids_[added->name] = added->id;
    }
    return names;
  }

  void transact() {
    Names next = committed_;
    for (std::uint64_t left = 1 + random_.below(8); left > 0; --left) change(next);
    in_doubt_ = next;
    const std::string error = catalog_->has_changes() ? catalog_->commit() : std::string{};
    if (!error.empty()) return;
    committed_ = next;
    ++commit_count_;
  }
  void change(Names& next) {
    const std::string name =
        std::to_string(random_.below(40)) + std::string(random_.below(240), 'x');
    const auto there = next.lower_bound(name.substr(0, name.find('x')) + "x");
    if (random_.chance(40) && there != next.end()) {
      catalog_->record(core::VhostRemoved{ids_.at(*there)});
      ids_.erase(*there);
      next.erase(there);
    } else if (!next.contains(name)) {
      const core::VhostId id{static_cast<std::uint32_t>(++last_id_)};
      catalog_->record(core::VhostAdded{id, name});
      ids_[name] = id;
      next.insert(name);
    }
  }

  /// SQLite first: nothing of a dead process reaches the disk.
  void crash() {
    vfs_.die_after(0);
    catalog_.reset();
    if (random_.chance(70)) {
      disk_.power_cut(random_);
    } else {
      disk_.kill();
    }
    vfs_.live_on();
    ++crash_count_;
  }

  std::string describe(const Names& found) const {
    for (const std::string& name : committed_)
      if (!found.contains(name) && !in_doubt_.contains(name)) return "extra removal";
    std::size_t missing = 0;
    for (const std::string& name : committed_) missing += found.contains(name) ? 0 : 1;
    return std::to_string(missing) + " of " + std::to_string(committed_.size()) + " are missing, " +
           std::to_string(found.size()) + " are there";
  }

  core::Random random_;
  io::SimDisk disk_;
  SimVfs vfs_;
  std::unique_ptr<Catalog> catalog_;
  Names committed_;
  Names in_doubt_;  ///< What the transaction under way makes of it; equal when there is none.
  std::map<std::string, core::VhostId> ids_;
  std::uint64_t last_id_ = 0;
  std::size_t crash_count_ = 0;
  std::size_t commit_count_ = 0;
  bool has_faults_ = false;
};

TEST(CatalogCrash, LosesNothingThatWasCommitted) {
  std::size_t crashes = 0, commits = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    History history(seed);
    ASSERT_EQ(history.play(12), "") << "seed " << seed;
    crashes += history.crash_count();
    commits += history.commit_count();
  }
  EXPECT_GT(crashes, 50U);
  EXPECT_GT(commits, 500U);
}

/// A write or a sync that fails makes the commit fail, or changes nothing.
TEST(CatalogCrash, LosesNothingOnADiskThatFails) {
  std::size_t commits = 0;
  for (std::uint64_t seed = 1000; seed <= 1004; ++seed) {
    History history(seed);
    ASSERT_EQ(history.play(2), "") << "seed " << seed;
    history.draw_faults();
    ASSERT_EQ(history.play(12), "") << "seed " << seed;
    commits += history.commit_count();
  }
  EXPECT_GT(commits, 100U);
}

/// Planted: this test sees it when nothing is synced.
TEST(CatalogCrash, NoticesAMissingSync) {
  std::size_t noticed = 0;
  for (std::uint64_t seed = 2000; seed < 2010; ++seed) {
    History history(seed);
    history.vfs().forget_syncs();
    if (!history.play(12).empty()) ++noticed;
    EXPECT_GT(history.vfs().sync_count(), 0U);
  }
  EXPECT_GT(noticed, 5U);
}

}  // namespace
}  // namespace lepus::persist::test
