// The list of a backup's files: written and read again; anything else is refused with a reason.
#include "persist/backup/backup_list.h"

#include <gtest/gtest.h>

#include "tests/unit/persist/memory_disk.h"

namespace lepus::persist {
namespace {

class BackupListTest : public ::testing::Test {
 protected:
  static BackupList sample() {
    BackupList list{7, 1'700'000'000'000, "1.2.3", 4096, {}};
    list.journals.push_back({0, 7, "", {{3, 1, 65536, 65536}, {4, 0, 65536, 8192}}});
    list.journals.push_back({1, 7, "", {}});
    return list;
  }
  std::string read(std::string_view text) {
    disk_.files["b/backup.json"] = {text.begin(), text.end()};
    BackupList list;
    return read_backup_list(disk_, "b", list);
  }
  std::string text() {
    const std::vector<std::uint8_t>& bytes = disk_.files["b/backup.json"];
    return {bytes.begin(), bytes.end()};
  }
  /// The text of the sample with something else in place of a part of it.
  std::string changed(const std::string& part, const std::string& other) {
    disk_.files.clear();
    EXPECT_EQ(write_backup_list(disk_, "b", sample()), "");
    std::string changed = text();
    EXPECT_NE(changed.find(part), std::string::npos);
    return changed.replace(changed.find(part), part.size(), other);
  }

  MemoryDisk disk_;
};

TEST_F(BackupListTest, WhatWasWrittenIsRead) {
  ASSERT_EQ(write_backup_list(disk_, "b", sample()), "");
  BackupList list;
  ASSERT_EQ(read_backup_list(disk_, "b", list), "");
  EXPECT_EQ(list.store, 7U);
  EXPECT_EQ(list.created_ms, 1'700'000'000'000U);
  EXPECT_EQ(list.version, "1.2.3");
  EXPECT_EQ(list.unreadable_bytes, 4096U);
  ASSERT_EQ(list.journals.size(), 2U);
  ASSERT_EQ(list.journals[0].segments.size(), 2U);
  EXPECT_EQ(list.journals[0].segments[1].number, 4U);
  EXPECT_EQ(list.journals[0].segments[1].bytes, 8192U);
  EXPECT_EQ(list.journals[1].shard, 1U);
  EXPECT_TRUE(list.journals[1].segments.empty());
}

TEST_F(BackupListTest, ADirectoryWithoutAListIsNoBackup) {
  BackupList list;
  EXPECT_EQ(read_backup_list(disk_, "b", list),
            "b is no finished backup: there is no backup.json in it");
}

TEST_F(BackupListTest, WhatWasChangedIsRefused) {
  EXPECT_NE(read("").find("b/backup.json"), std::string::npos);
  EXPECT_NE(read("{").find("changed or cut off"), std::string::npos);
  EXPECT_NE(read("[]").find("does not say its format"), std::string::npos);
  EXPECT_NE(read("{\"format\":\"1\"}").find("does not say its format"), std::string::npos);
  EXPECT_NE(read(changed("\"format\": 1", "\"format\": 2")).find("later version"),
            std::string::npos);
  for (const auto& [part, other] : {std::pair{"\"store\": 7", "\"store\": -7"},
                                    std::pair{"\"shard\": 1", "\"shard\": 5000000000"},
                                    std::pair{"\"shard\": 1", "\"shard\": 1.5"},
                                    std::pair{"\"bytes\": 8192", "\"bytes\": 8191"},
                                    std::pair{"\"bytes\": 8192", "\"bytes\": 131072"},
                                    std::pair{"\"segments\": []", "\"segments\": {}"},
                                    std::pair{"\"lepus_version\": \"1.2.3\"", "\"v\": 3"}})
    EXPECT_NE(read(changed(part, other)).find("not the list of a backup"), std::string::npos)
        << other;
  EXPECT_EQ(disk_.open_count, 0);
}

TEST_F(BackupListTest, AWriteThatFailsIsTold) {
  disk_.write_error = -ENOSPC;
  EXPECT_EQ(write_backup_list(disk_, "b", sample()),
            "cannot write b/backup.json: No space left on device");
}

}  // namespace
}  // namespace lepus::persist
