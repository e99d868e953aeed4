// Reads are counted, whichever way they go; waiting for recovery tells how far it is.
#include "tools/server/service/watched_disk.h"

#include <gtest/gtest.h>

#include <string>

#include "io/kernel_disk.h"
#include "tests/unit/io/temporary_directory.h"
#include "tools/server/service/start_progress.h"

namespace lepus::server {
namespace {

TEST(WatchedDisk, CountsReadsAndReadsAhead) {
  io::TemporaryDirectory directory;
  io::KernelDisk kernel;
  WatchedDisk disk(kernel);
  const int fd = disk.open(directory / "x", {.write = true, .create = true});
  ASSERT_GE(fd, 0);
  const std::string text(10'000, 'x');
  ASSERT_EQ(disk.write(fd, 0, core::as_bytes(text)), 0);
  EXPECT_EQ(disk.bytes_read(), 0U);
  std::string back(10'000, '\0');
  auto* cursor = reinterpret_cast<std::uint8_t*>(back.data());
  EXPECT_EQ(disk.read(fd, 9'000, cursor, 5'000), 1'000);
  EXPECT_EQ(disk.bytes_read(), 1'000U);
  {
    const auto reads = disk.read_ahead();
    reads->start({fd, 0, cursor, 4'000});
    reads->start({fd, 4'000, cursor + 4'000, 6'000});
    EXPECT_EQ(reads->finish_oldest(), 4'000);
    EXPECT_EQ(disk.bytes_read(), 5'000U);
    reads->forget_all();
    reads->start({fd, 0, cursor, 100});
    // One that nobody asks for does no harm.
  }
  EXPECT_EQ(disk.bytes_read(), 5'000U);
  EXPECT_EQ(back.substr(0, 4'000), text.substr(0, 4'000));
  disk.close(fd);
  EXPECT_EQ(bytes_below(directory / "."), 10'000U);
  EXPECT_EQ(bytes_below(directory / "missing"), 0U);
}

TEST(WatchedDisk, SaysHowFarRecoveryIs) {
  EXPECT_EQ(recovery_text(3ULL << 29, 4ULL << 30),
            "reading the journals: 1.5 GiB of at most 4.0 GiB");
  EXPECT_EQ(recovery_text(2ULL << 30, 1ULL << 30),
            "reading the journals: 2.0 GiB of at most 2.0 GiB");
}

TEST(StartProgress, ReturnsTheOutcome) {
  io::KernelDisk kernel;
  const WatchedDisk disk(kernel);
  const ServiceManager nobody;
  std::promise<std::string> promise;
  std::future<std::string> outcome = promise.get_future();
  promise.set_value("damaged");
  EXPECT_EQ(StartProgress(nobody, disk, "/nowhere").wait_for(outcome), "damaged");
}

}  // namespace
}  // namespace lepus::server
