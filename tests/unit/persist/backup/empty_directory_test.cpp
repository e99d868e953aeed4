// Where a backup may be written, and restored.
#include "persist/backup/empty_directory.h"

#include <gtest/gtest.h>

#include "tests/unit/persist/memory_disk.h"

namespace lepus::persist {
namespace {

TEST(CheckIsEmpty, NamesWhatIsThere) {
  MemoryDisk disk;
  disk.files["here/thing"] = {1};
  EXPECT_EQ(check_is_empty(disk, "here"),
            "here is not empty (thing is in it): name a directory that is new or empty");
  EXPECT_EQ(check_is_empty(disk, "nowhere"), "");
}

}  // namespace
}  // namespace lepus::persist
