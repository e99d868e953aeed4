// One broker for a directory, and nobody else looks in.
#include "tools/server/data_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/io/temporary_directory.h"

namespace lepus::server {
namespace {

using Directory = io::TemporaryDirectory;

void make_file(const std::string& path, unsigned mode) {
  std::ofstream{path} << "x";
  ASSERT_EQ(chmod(path.c_str(), mode), 0);
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777;
}

TEST(DataDir, OneAtATime) {
  const Directory directory;
  const std::string path = directory / "data";
  {
    DataDir first;
    EXPECT_EQ(first.open(path), "");
    DataDir second;
    const std::string error = second.open(path);
    EXPECT_NE(error.find("another lepus (pid " + std::to_string(getpid())), std::string::npos)
        << error;
    // The file is not what holds it.
    std::filesystem::remove(path + "/lock");
    DataDir third;
    EXPECT_NE(third.open(path).find("another lepus"), std::string::npos);
  }
  DataDir next;
  EXPECT_EQ(next.open(path), "");
}

TEST(DataDir, WhatWasOpenIsClosedAndSaid) {
  const Directory directory;
  const std::string path = directory / "data";
  std::filesystem::create_directories(path + "/journal/shard-0");
  for (const char* one : {"", "/journal", "/journal/shard-0"}) chmod((path + one).c_str(), 0755);
  for (const char* name : {"/catalog.sqlite", "/catalog.sqlite-wal", "/catalog.sqlite-shm",
                           "/journal/shard-0/000000.seg"})
    make_file(path + name, 0664);
  {
    DataDir data_dir;
    EXPECT_EQ(data_dir.open(path), "");
    ASSERT_EQ(data_dir.warnings().size(), 1U);
    EXPECT_NE(data_dir.warnings()[0].find("repaired"), std::string::npos);
  }
  for (const char* one : {"", "/journal", "/journal/shard-0"})
    EXPECT_EQ(mode_of(path + one), 0750U) << one;
  for (const char* name : {"/catalog.sqlite", "/catalog.sqlite-wal", "/catalog.sqlite-shm",
                           "/journal/shard-0/000000.seg"})
    EXPECT_EQ(mode_of(path + name), 0640U) << name;
  DataDir again;
  EXPECT_EQ(again.open(path), "");
  EXPECT_TRUE(again.warnings().empty());
}

TEST(DataDir, ADirectoryThatIsNotOnlyItsOwnIsLeftAlone) {
  const Directory directory;
  for (const unsigned mode : {0755U, 01777U}) {
    const std::string path = directory / std::to_string(mode);
    std::filesystem::create_directory(path);
    chmod(path.c_str(), mode);
    make_file(path + "/catalog.sqlite", 0644);
    if (mode == 0755U) make_file(path + "/somebody-elses", 0644);
    DataDir data_dir;
    EXPECT_EQ(data_dir.open(path), "");
    EXPECT_EQ(mode_of(path), mode);
    EXPECT_EQ(mode_of(path + "/catalog.sqlite"), 0640U);
    ASSERT_EQ(data_dir.warnings().size(), 2U);
    EXPECT_NE(data_dir.warnings()[1].find("can look into"), std::string::npos);
  }
}

}  // namespace
}  // namespace lepus::server
