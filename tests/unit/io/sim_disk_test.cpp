// What a crash of the simulated disk keeps and loses. Each promise is tried with many seeds: what
// must hold holds in all of them, what may happen is seen in some.
#include "io/sim/sim_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lepus::io {
namespace {

constexpr std::uint64_t seed_count = 400;
constexpr std::size_t sector_count = 16;
constexpr std::size_t file_size = sector_count * sim_sector_size;
constexpr OpenMode create_mode{.write = true, .create = true};
constexpr OpenMode dsync_mode{.write = true, .create = true, .dsync = true};
constexpr OpenMode direct_mode{.write = true, .direct = true};

/// One letter per sector.
std::string lettered(char letter, std::size_t count = sector_count) {
  return std::string(count * sim_sector_size, letter);
}

/// "aabb?": what each sector holds; ? is a mix.
std::string letters_of(core::Bytes bytes) {
  std::string letters;
  for (std::size_t at = 0; at < bytes.size(); at += sim_sector_size) {
    const auto sector = bytes.subspan(at, std::min(sim_sector_size, bytes.size() - at));
    const bool is_pure = std::all_of(sector.begin(), sector.end(),
                                     [&](std::uint8_t byte) { return byte == sector[0]; });
    letters.push_back(is_pure ? static_cast<char>(sector[0]) : '?');
  }
  return letters;
}

struct Scene {
  explicit Scene(std::uint64_t seed) : disk(seed), random(seed ^ 0xABCD) {
    CHECK(disk.make_directory("/data") == 0);
  }
  /// A durable file of old content.
  int old_file(const OpenMode& mode = create_mode) {
    const int fd = disk.open("/data/x", mode);
    CHECK(fd >= 0);
    CHECK(disk.write(fd, 0, core::as_bytes(lettered('a'))) == 0);
    CHECK(disk.sync(fd) == 0);
    return fd;
  }
  std::uint64_t start_write(int fd, std::uint64_t offset, const std::string& text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    return disk.start_write(fd, offset, {&piece, 1});
  }
  std::string letters() const { return letters_of(disk.find("/data/x")->cache()); }
  std::string durable_letters() const { return letters_of(disk.find("/data/x")->durable()); }

  SimDisk disk;
  core::Random random;
};

/// All letters after a crash, over the seeds: which strings came out.
template <class Prepare>
std::set<std::string> outcomes(Prepare&& prepare) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    Scene scene(seed);
    prepare(scene);
    if (scene.disk.find("/data/x") != nullptr) seen.insert(scene.letters());
  }
  return seen;
}

bool only(const std::set<std::string>& seen, const std::string& letters) {
  return std::all_of(seen.begin(), seen.end(), [&](const std::string& outcome) {
    return outcome.find_first_not_of(letters) == std::string::npos;
  });
}

bool is_first_part(const std::string& outcome) {
  return std::is_sorted(outcome.begin(), outcome.end(), std::greater<>());
}

TEST(SimDisk, APowerCutKeepsOrLosesEachSectorThatWasNotSynced) {
  const auto seen = outcomes([](Scene& scene) {
    const int fd = scene.old_file();
    EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b'))), 0);
    EXPECT_EQ(scene.letters(), std::string(sector_count, 'b'));
    EXPECT_EQ(scene.durable_letters(), std::string(sector_count, 'a'));
    scene.disk.power_cut(scene.random);
    EXPECT_EQ(scene.letters(), scene.durable_letters());
  });
  EXPECT_TRUE(only(seen, "ab"));
  EXPECT_TRUE(seen.contains(std::string(sector_count, 'a')));
  EXPECT_TRUE(seen.contains(std::string(sector_count, 'b')));
  EXPECT_GT(seen.size(), 50U);
}

TEST(SimDisk, WhatWasSyncedStays) {
  for (const bool again : {false, true}) {
    const auto seen = outcomes([again](Scene& scene) {
      const int fd = scene.old_file();
      // A second write to some sectors is not covered, the first one is.
      const std::string text = lettered('b', again ? 2 : 0);
      EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(text)), 0);
      scene.disk.power_cut(scene.random);
    });
    EXPECT_TRUE(only(seen, again ? "ab" : "a"));
    for (const std::string& outcome : seen) EXPECT_EQ(outcome.substr(2), std::string(14, 'a'));
    EXPECT_EQ(seen.size(), again ? 4U : 1U);
  }
}

TEST(SimDisk, ADsyncWriteMakesItsOwnSectorsDurable) {
  const auto seen = outcomes([](Scene& scene) {
    const int plain = scene.old_file();
    const int fd = scene.disk.open("/data/x", dsync_mode);
    EXPECT_EQ(scene.disk.write(plain, 0, core::as_bytes(lettered('b', 4))), 0);
    // Ends within a sector, which is written as a whole.
    const std::string text = lettered('c', 2).substr(0, 1000);
    EXPECT_EQ(scene.disk.write(fd, 2 * sim_sector_size, core::as_bytes(text)), 0);
    scene.disk.power_cut(scene.random);
  });
  for (const std::string& outcome : seen) {
    EXPECT_EQ(outcome.substr(2), "c?" + std::string(12, 'a'));
    EXPECT_EQ(outcome.substr(0, 2).find_first_not_of("ab"), std::string::npos);
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(SimDisk, ASyncCoversWhatWasWrittenBeforeItBegan) {
  const auto seen = outcomes([](Scene& scene) {
    const int fd = scene.old_file();
    EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b', 8))), 0);
    const std::uint64_t ticket = scene.disk.start_sync(fd);
    EXPECT_EQ(scene.disk.write(fd, 4 * sim_sector_size, core::as_bytes(lettered('c', 8))), 0);
    EXPECT_EQ(scene.disk.finish_sync(ticket), 0);
    scene.disk.power_cut(scene.random);
  });
  for (const std::string& outcome : seen) {
    EXPECT_EQ(outcome.substr(0, 4), "bbbb");
    EXPECT_EQ(outcome.substr(4, 4).find_first_not_of("bc"), std::string::npos);
    EXPECT_EQ(outcome.substr(8, 4).find_first_not_of("ac"), std::string::npos);
  }
  EXPECT_TRUE(seen.contains("bbbbbbbbaaaaaaaa"));
}

TEST(SimDisk, ASyncThatEndsLateTakesNothingBack) {
  Scene scene(1);
  const int fd = scene.old_file();
  EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b'))), 0);
  const std::uint64_t early = scene.disk.start_sync(fd);
  EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('c', sector_count + 2))), 0);
  EXPECT_EQ(scene.disk.sync(fd), 0);
  EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('d', 1))), 0);
  EXPECT_EQ(scene.disk.finish_sync(early), 0);
  EXPECT_EQ(scene.durable_letters(), std::string(sector_count + 2, 'c'));
  EXPECT_EQ(scene.disk.sync(fd), 0);
  EXPECT_EQ(scene.durable_letters(), "d" + std::string(sector_count + 1, 'c'));
}

TEST(SimDisk, SizesChangeForGoodWithASync) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    Scene scene(seed);
    const int fd = scene.old_file();
    EXPECT_EQ(scene.disk.write(fd, file_size, core::as_bytes(lettered('b', 4))), 0);
    scene.disk.power_cut(scene.random);
    const std::string letters = scene.letters();
    sizes.insert(letters.size());
    // Space that is there without its bytes is zero.
    EXPECT_EQ(letters.find_first_not_of(std::string("ab\0", 3)), std::string::npos);
    const int again = scene.disk.open("/data/x", create_mode);
    EXPECT_EQ(scene.disk.truncate(again, 1000), 0);
    scene.disk.power_cut(scene.random);
    sizes.insert(scene.letters().size());
    const int last = scene.disk.open("/data/x", create_mode);
    EXPECT_EQ(scene.disk.truncate(last, 512), 0);
    EXPECT_EQ(scene.disk.truncate(last, 4096), 0);
    EXPECT_EQ(scene.disk.sync(last), 0);
    scene.disk.power_cut(scene.random);
    EXPECT_EQ(scene.letters(), "a" + std::string(7, '\0'));
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{2, sector_count, sector_count + 4}));
}

TEST(SimDisk, AKilledProcessLeavesTheCacheAndNoDescriptors) {
  const auto seen = outcomes([](Scene& scene) {
    const int fd = scene.old_file();
    EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b'))), 0);
    scene.disk.kill();
    EXPECT_EQ(scene.letters(), std::string(sector_count, 'b'));
    EXPECT_EQ(scene.disk.open_count(), 0U);
    EXPECT_EQ(scene.disk.size(fd), -EBADF);
    // Nothing has become durable by it.
    scene.disk.power_cut(scene.random);
  });
  EXPECT_TRUE(seen.contains(std::string(sector_count, 'a')));
  EXPECT_GT(seen.size(), 50U);
}

TEST(SimDisk, AWriteUnderWayIsDoneInPartWhenTheProcessIsKilled) {
  for (const OpenMode& mode : {create_mode, dsync_mode}) {
    std::size_t prefixes = 0;
    const auto seen = outcomes([&](Scene& scene) {
      const int fd = scene.old_file(mode);
      scene.start_write(fd, 0, lettered('b'));
      EXPECT_EQ(scene.letters(), std::string(sector_count, 'a'));
      scene.disk.kill();
      if (is_first_part(scene.letters())) ++prefixes;
    });
    EXPECT_TRUE(only(seen, "ab"));
    EXPECT_TRUE(seen.contains(std::string(sector_count, 'a')));
    EXPECT_TRUE(seen.contains(std::string(sector_count, 'b')));
    EXPECT_GT(prefixes, seed_count / 2);
    EXPECT_LT(prefixes, seed_count);
    EXPECT_GT(seen.size(), 50U);
  }
}

TEST(SimDisk, APowerCutTearsAtMostOneSectorOfAWriteUnderWay) {
  std::size_t torn = 0;
  const auto seen = outcomes([&torn](Scene& scene) {
    const int fd = scene.old_file(dsync_mode);
    // Not at the start of a sector, nor at the end of one.
    scene.start_write(fd, 100, lettered('b').substr(0, 5000));
    scene.disk.power_cut(scene.random);
    const core::Bytes bytes = scene.disk.find("/data/x")->durable();
    EXPECT_EQ(std::count(bytes.begin(), bytes.begin() + 100, 'a'), 100);
    EXPECT_EQ(std::count(bytes.begin() + 5100, bytes.end(), 'a'), 8192 - 5100);
    // Whole sectors but for one, and that one new bytes first.
    std::size_t mixed = 0;
    for (std::size_t at = 512; at < 4608; at += 512) {
      const std::string_view sector = core::as_text(bytes.subspan(at, 512));
      EXPECT_TRUE(std::is_sorted(sector.begin(), sector.end(), std::greater<>()));
      if (sector.front() != sector.back()) ++mixed;
    }
    EXPECT_LE(mixed, 1U);
    torn += mixed;
  });
  EXPECT_GT(torn, seed_count / 10);
  EXPECT_GT(seen.size(), 20U);
}

TEST(SimDisk, AFailedSyncLeavesBytesThatAreCleanAndNotDurable) {
  std::set<std::string> durable;
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    Scene scene(seed);
    const int fd = scene.old_file();
    EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b'))), 0);
    scene.disk.set_faults({.sync_error = 1000});
    EXPECT_EQ(scene.disk.sync(fd), -EIO);
    scene.disk.set_faults({});
    const std::string written = scene.durable_letters();
    durable.insert(written);
    // As if nothing had happened, for the next sync too ...
    EXPECT_EQ(scene.disk.sync(fd), 0);
    EXPECT_EQ(scene.letters(), std::string(sector_count, 'b'));
    EXPECT_EQ(scene.durable_letters(), written);
    // ... except for who asks the disk.
    struct alignas(4096) Block {
      std::array<std::uint8_t, file_size> bytes{};
    };
    auto block = std::make_unique<Block>();
    const int direct = scene.disk.open("/data/x", direct_mode);
    EXPECT_EQ(scene.disk.read(direct, 0, block->bytes.data(), file_size), 8192);
    EXPECT_EQ(letters_of(block->bytes), written);
    // Written again, it counts again.
    EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b', 8))), 0);
    EXPECT_EQ(scene.disk.sync(fd), 0);
    scene.disk.power_cut(scene.random);
    EXPECT_EQ(scene.letters(), std::string(8, 'b') + written.substr(8));
  }
  EXPECT_TRUE(only(durable, "ab"));
  EXPECT_TRUE(durable.contains(std::string(sector_count, 'a')));
  EXPECT_GT(durable.size(), 50U);
}

TEST(SimDisk, NamesAreDurableAsPromised) {
  std::size_t kept = 0;
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    Scene scene(seed);
    SimDisk& disk = scene.disk;
    EXPECT_GE(disk.open("/data/blocking", create_mode), 0);
    EXPECT_GE(disk.open("/data/removed", create_mode), 0);
    EXPECT_EQ(disk.remove("/data/removed"), 0);
    const int synced = disk.open_without_sync("/data/synced", create_mode);
    EXPECT_EQ(disk.sync(synced), 0);
    EXPECT_GE(disk.open_without_sync("/data/other", create_mode), 0);
    disk.kill();
    EXPECT_NE(disk.find("/data/other"), nullptr);
    disk.power_cut(scene.random);
    EXPECT_NE(disk.find("/data/blocking"), nullptr);
    EXPECT_NE(disk.find("/data/synced"), nullptr);
    EXPECT_EQ(disk.find("/data/removed"), nullptr);
    if (disk.find("/data/other") != nullptr) ++kept;
    // What survived once is durable.
    const bool was_there = disk.find("/data/other") != nullptr;
    disk.power_cut(scene.random);
    EXPECT_EQ(disk.find("/data/other") != nullptr, was_there);

    EXPECT_GE(disk.open_without_sync("/data/late", create_mode), 0);
    EXPECT_EQ(disk.remove("/data/synced"), 0);
    disk.power_cut(scene.random);
    EXPECT_NE(disk.find("/data/late"), nullptr);
  }
  EXPECT_GT(kept, seed_count / 4);
  EXPECT_LT(kept, seed_count * 3 / 4);
}

TEST(SimDisk, ARemovedFileThatWasOpenIsGoneWithThePower) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Scene scene(seed);
    const int fd = scene.old_file();
    EXPECT_EQ(scene.disk.remove("/data/x"), 0);
    scene.start_write(fd, 0, lettered('b'));
    EXPECT_EQ(scene.disk.size(fd), static_cast<std::int64_t>(file_size));
    scene.disk.power_cut(scene.random);
    EXPECT_EQ(scene.disk.find("/data/x"), nullptr);
  }
}

TEST(SimDisk, AFullDiskLetsNothingGrow) {
  Scene scene(1);
  SimDisk& disk = scene.disk;
  const int fd = scene.old_file();
  disk.set_capacity(file_size + 1000);
  EXPECT_EQ(disk.used(), file_size);
  EXPECT_EQ(disk.free_bytes("/data"), 1000);
  const int other = disk.open("/data/y", create_mode);
  EXPECT_EQ(disk.fill(other, 1001), -ENOSPC);
  EXPECT_EQ(disk.allocate(other, 1001), -ENOSPC);
  EXPECT_EQ(disk.truncate(other, 1001), -ENOSPC);
  EXPECT_EQ(disk.size(other), 0);
  // As much as there is room for.
  EXPECT_EQ(disk.finish_write(scene.start_write(other, 0, std::string(600, 'y'))), 600);
  EXPECT_EQ(disk.finish_write(scene.start_write(other, 600, std::string(600, 'y'))), 400);
  EXPECT_EQ(disk.finish_write(scene.start_write(other, 1000, std::string(600, 'y'))), -ENOSPC);
  EXPECT_EQ(disk.write(other, 900, core::as_bytes(std::string(101, 'y'))), -ENOSPC);
  // Space that is there can be used.
  EXPECT_EQ(disk.write(fd, 0, core::as_bytes(lettered('b'))), 0);
  EXPECT_EQ(disk.sync(fd), 0);
  EXPECT_EQ(disk.remove("/data/y"), 0);
  EXPECT_EQ(disk.free_bytes("/data"), 1000);
  EXPECT_EQ(disk.write(fd, file_size, core::as_bytes(std::string(1000, 'b'))), 0);
  disk.set_capacity(10);
  EXPECT_EQ(disk.free_bytes("/data"), 0);
  EXPECT_EQ(disk.allocate(fd, file_size), 0);
}

TEST(SimDisk, AFailedWriteIsDoneInPart) {
  for (const OpenMode& mode : {create_mode, dsync_mode}) {
    const auto seen = outcomes([&mode](Scene& scene) {
      const int fd = scene.old_file(mode);
      scene.disk.set_faults({.write_error = 1000, .read_error = 1000});
      EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b'))), -EIO);
      EXPECT_EQ(scene.disk.finish_write(scene.start_write(fd, 0, lettered('b'))), -EIO);
      std::uint8_t byte = 0;
      EXPECT_EQ(scene.disk.read(fd, 0, &byte, 1), -EIO);
      scene.disk.set_faults({});
      scene.disk.power_cut(scene.random);
    });
    EXPECT_TRUE(only(seen, "ab"));
    EXPECT_GT(seen.size(), 50U);
  }
}

TEST(SimDisk, RotTurnsOneBitOnTheDisk) {
  std::set<std::int64_t> places;
  for (std::uint64_t seed = 1; seed <= seed_count; ++seed) {
    Scene scene(seed);
    const int fd = scene.old_file();
    EXPECT_EQ(scene.disk.write(fd, 0, core::as_bytes(lettered('b', 1))), 0);
    const std::int64_t place = scene.disk.flip_bit("/data/x", 500, 24);
    ASSERT_GE(place, 500);
    ASSERT_LT(place, 524);
    places.insert(place);
    const auto index = static_cast<std::size_t>(place);
    const SimFile& file = *scene.disk.find("/data/x");
    EXPECT_EQ(std::count(file.durable().begin(), file.durable().end(), 'a'), 8191);
    EXPECT_EQ(std::popcount(static_cast<unsigned>(file.durable()[index] ^ 'a')), 1);
    // A reader sees it, unless newer bytes wait in the cache.
    EXPECT_EQ(file.cache()[index], index < 512 ? std::uint8_t{'b'} : file.durable()[index]);
    EXPECT_EQ(scene.disk.flip_bit("/data/x", file_size, 10), -1);
    EXPECT_EQ(scene.disk.flip_bit("/data/none", 0, 10), -1);
  }
  EXPECT_EQ(places.size(), 24U);
}

TEST(SimDisk, TheSameSeedIsTheSameDisk) {
  const auto run = [](std::uint64_t seed) {
    Scene scene(seed);
    scene.disk.set_faults(SimDiskFaults::draw(scene.random));
    std::string log;
    for (int round = 0; round < 20; ++round) {
      const int fd = scene.disk.open("/data/x", create_mode);
      for (int i = 0; i < 10; ++i) {
        const std::string text(1 + scene.random.below(5000), static_cast<char>('a' + i));
        const std::uint64_t offset = scene.random.below(20'000);
        log += std::to_string(scene.disk.write(fd, offset, core::as_bytes(text))) + " ";
        if (i % 4 == 0) log += std::to_string(scene.disk.sync(fd)) + " ";
      }
      scene.start_write(fd, 0, lettered('z'));
      if (round % 3 == 0) scene.disk.kill();
      if (round % 3 == 1) scene.disk.power_cut(scene.random);
      log += core::as_text(scene.disk.find("/data/x")->cache());
      log += core::as_text(scene.disk.find("/data/x")->durable());
    }
    return log;
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

}  // namespace
}  // namespace lepus::io
