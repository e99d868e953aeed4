// Ops on files through the simulated driver: the same as through the real ring
// (uring_file_test.cpp), and crashes while they are under way.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/sim/sim_driver.h"

namespace lepus::io {
namespace {

constexpr OpenMode created{.write = true, .create = true};
constexpr std::uint64_t op_seed_count = 200;

SimFaults slow() {
  SimFaults faults;
  faults.delay_ns_max = core::nanos_per_ms;
  return faults;
}

/// A process: a driver, a loop and ops that note their results.
struct Process {
  explicit Process(SimWorld& the_world)
      : world(the_world), driver(the_world), loop(driver, {IdleMode::sleep, 0}) {
    for (Op& op : ops) op.bind<&Process::on_done>(this);
  }
  void on_done(Op& op, const Completion& completion) {
    results.push_back(completion.result);
    last = &op;
  }
  /// Turns until all ops came back or `turns_max` are over.
  void run(std::size_t turns_max = 1000) {
    while (loop.ops_in_flight() > 0 && turns_max-- > 0) {
      loop.run_turn();
      (void)world.next_runnable(world.now() + core::nanos_per_s);
    }
  }
  std::int32_t run_one(OpKind kind) {
    ops[0].kind = kind;
    loop.submit(ops[0]);
    run();
    CHECK(!ops[0].in_flight);
    return results.back();
  }
  int open(const std::string& path, const OpenMode& mode) {
    ops[0].path = path.c_str();
    ops[0].mode = mode;
    return run_one(OpKind::open_file);
  }
  std::int32_t transfer(OpKind kind, std::vector<iovec> pieces, std::uint64_t offset) {
    ops[0].iov = pieces.data();
    ops[0].iov_count = static_cast<std::uint32_t>(pieces.size());
    ops[0].offset = offset;
    return run_one(kind);
  }
  void crash() {
    driver.abandon();
    loop.abandon();
    for (const Op& op : ops) CHECK(!op.in_flight);
    CHECK(driver.pending_count() == 0);
    CHECK(loop.ops_in_flight() == 0);
  }

  SimWorld& world;
  SimDriver driver;
  Loop loop;
  std::array<Op, 4> ops;
  std::vector<std::int32_t> results;
  Op* last = nullptr;
};

TEST(SimFileOps, OpenWriteSyncReadClose) {
  SimWorld world(1, slow());
  Process process(world);
  EXPECT_EQ(process.open("x", {.write = true}), -ENOENT);
  EXPECT_EQ(process.open("missing/x", created), -ENOENT);
  const int fd = process.open("x", created);
  ASSERT_TRUE(world.disk().owns(fd));
  process.ops[0].fd = fd;
  std::string first = "abc";
  std::string second = "defgh";
  EXPECT_EQ(process.transfer(OpKind::write, {{first.data(), 3}}, 2), 3);
  EXPECT_EQ(process.transfer(OpKind::write, {{second.data(), 5}, {first.data(), 3}}, 5), 8);
  EXPECT_TRUE(world.disk().find("x")->has_dirty());
  EXPECT_EQ(process.run_one(OpKind::sync), 0);
  EXPECT_FALSE(world.disk().find("x")->has_dirty());

  std::string left(4, '?');
  std::string right(20, '?');
  EXPECT_EQ(process.transfer(OpKind::read, {{left.data(), 4}, {right.data(), 20}}, 6), 7);
  EXPECT_EQ(left + right.substr(0, 4), "efghabc?");
  EXPECT_EQ(process.transfer(OpKind::read, {{left.data(), 4}}, 13), 0);
  process.ops[0].offset = 0;
  process.ops[0].length = 65536;
  EXPECT_EQ(process.run_one(OpKind::allocate), 0);
  EXPECT_EQ(world.disk().size(fd), 65536);
  world.disk().set_capacity(70'000);
  process.ops[0].offset = 60'000;
  process.ops[0].length = 10'001;
  EXPECT_EQ(process.run_one(OpKind::allocate), -ENOSPC);
  EXPECT_EQ(process.run_one(OpKind::close), 0);
  EXPECT_EQ(world.disk().open_count(), 0U);
  EXPECT_EQ(process.transfer(OpKind::write, {{first.data(), 3}}, 0), -EBADF);
  EXPECT_EQ(process.transfer(OpKind::read, {{first.data(), 3}}, 0), -EBADF);
  EXPECT_EQ(process.run_one(OpKind::sync), -EBADF);
}

TEST(SimFileOps, UnlinksAFileThatIsOpen) {
  SimWorld world(1, slow());
  Process process(world);
  process.ops[0].fd = process.open("x", created);
  std::string text = "abc";
  EXPECT_EQ(process.transfer(OpKind::write, {{text.data(), 3}}, 0), 3);
  process.ops[0].path = "x";
  EXPECT_EQ(process.run_one(OpKind::unlink), 0);
  EXPECT_EQ(world.disk().find("x"), nullptr);
  EXPECT_EQ(process.transfer(OpKind::read, {{text.data(), 3}}, 0), 3);
  EXPECT_EQ(process.run_one(OpKind::close), 0);
  EXPECT_EQ(process.run_one(OpKind::unlink), -ENOENT);
}

TEST(SimFileOps, AnUnlinkUnderWayInACrashIsDoneOrNot) {
  std::size_t gone = 0;
  for (std::uint64_t seed = 1; seed <= op_seed_count; ++seed) {
    SimWorld world(seed, slow());
    Process process(world);
    process.ops[0].fd = process.open("x", created);
    process.run_one(OpKind::close);
    process.ops[0].kind = OpKind::unlink;
    process.ops[0].path = "x";
    process.loop.submit(process.ops[0]);
    process.run(1);
    process.crash();
    if (world.disk().find("x") == nullptr) ++gone;
  }
  EXPECT_GT(gone, op_seed_count / 4);
  EXPECT_LT(gone, op_seed_count);
}

TEST(SimFileOps, DirectOpsMustBeAligned) {
  SimWorld world(1, slow());
  Process process(world);
  process.ops[0].fd = process.open("x", {.write = true, .create = true, .direct = true});
  struct alignas(4096) Block {
    std::array<std::uint8_t, 8192> bytes{};
  };
  auto block = std::make_unique<Block>();
  std::uint8_t* at = block->bytes.data();
  EXPECT_EQ(process.transfer(OpKind::write, {{at, 4096}, {at + 4096, 4096}}, 4096), 8192);
  EXPECT_EQ(process.transfer(OpKind::write, {{at, 4096}}, 512), -EINVAL);
  EXPECT_EQ(process.transfer(OpKind::write, {{at, 4096}, {at + 512, 4096}}, 0), -EINVAL);
  EXPECT_EQ(process.transfer(OpKind::write, {{at, 4096}, {at, 512}}, 0), -EINVAL);
  EXPECT_EQ(process.transfer(OpKind::read, {{at + 8, 4096}}, 0), -EINVAL);
  EXPECT_EQ(world.disk().size(process.ops[0].fd), 12288);
}

TEST(SimFileOps, ShortWritesAndReadsAreToldAsTheyHappened) {
  std::set<std::int32_t> written;
  std::set<std::int32_t> read;
  for (std::uint64_t seed = 1; seed <= op_seed_count; ++seed) {
    SimWorld world(seed, slow());
    world.disk().set_faults({.short_write = 50, .short_read = 50});
    Process process(world);
    const OpenMode mode{.write = true, .create = true, .direct = seed % 2 == 0};
    process.ops[0].fd = process.open("x", mode);
    struct alignas(4096) Block {
      std::array<std::uint8_t, 16384> bytes{};
    };
    auto block = std::make_unique<Block>();
    block->bytes.fill(7);
    std::uint8_t* at = block->bytes.data();
    const std::int32_t size = process.transfer(OpKind::write, {{at, 4096}, {at + 4096, 12288}}, 0);
    EXPECT_EQ(world.disk().size(process.ops[0].fd), size);
    EXPECT_EQ(mode.direct ? size % 4096 : 0, 0);
    written.insert(size);
    block->bytes.fill(0);
    const std::int32_t part = process.transfer(OpKind::read, {{at, 8192}, {at + 8192, 8192}}, 0);
    EXPECT_GT(part, 0);
    EXPECT_LE(part, size);
    EXPECT_EQ(std::count(block->bytes.begin(), block->bytes.end(), 7), part);
    read.insert(part);
  }
  EXPECT_GT(written.size(), 20U);
  EXPECT_GT(read.size(), 20U);
  EXPECT_TRUE(written.contains(16384));
  EXPECT_TRUE(read.contains(16384));
}

TEST(SimFileOps, AWriteTakesEffectWhenItCompletes) {
  SimWorld world(3, slow());
  Process process(world);
  const int fd = process.open("x", created);
  std::string text = "abc";
  iovec piece{text.data(), text.size()};
  Op& op = process.ops[1];
  op.kind = OpKind::write;
  op.fd = fd;
  op.iov = &piece;
  op.iov_count = 1;
  process.loop.submit(op);
  process.run(1);
  // The array is the driver's no longer than this turn; the bytes are until the op came back.
  piece = {};
  ASSERT_EQ(process.driver.pending_count(), 1U);
  EXPECT_EQ(world.disk().size(fd), 0);
  process.run();
  EXPECT_EQ(process.results.back(), 3);
  EXPECT_EQ(core::as_text(world.disk().find("x")->cache()), "abc");
}

TEST(SimFileOpsDeathTest, BytesOfAWriteUnderWayMustNotChange) {
  SimWorld world(3, slow());
  Process process(world);
  std::string text = "abc";
  const iovec piece{text.data(), text.size()};
  Op& op = process.ops[1];
  op.kind = OpKind::write;
  op.fd = process.open("x", created);
  op.iov = &piece;
  op.iov_count = 1;
  process.loop.submit(op);
  process.run(1);
  text = "abd";
  EXPECT_DEATH(process.run(), "unsent");
  text = "abc";
  process.run();
}

TEST(SimFileOps, ACancelDoesNotStopTheDisk) {
  SimWorld world(3, slow());
  Process process(world);
  const int fd = process.open("x", created);
  Op& sync = process.ops[1];
  sync.kind = OpKind::sync;
  sync.fd = fd;
  process.loop.submit(sync);
  process.run(1);
  ASSERT_TRUE(sync.in_flight);
  Op& cancel = process.ops[2];
  cancel.kind = OpKind::cancel;
  cancel.target = &sync;
  process.loop.submit(cancel);
  process.results.clear();
  process.run();
  std::sort(process.results.begin(), process.results.end());
  // Or it was done before.
  EXPECT_TRUE(process.results == (std::vector<std::int32_t>{-EALREADY, 0}) ||
              process.results == (std::vector<std::int32_t>{-ENOENT, 0}));
}

TEST(SimFileOps, ACrashLeavesPartsOfWhatWasUnderWay) {
  constexpr std::size_t size = 8 * sim_sector_size;
  std::set<std::string> killed;
  std::set<std::string> cut;
  std::size_t allocated = 0;
  std::size_t opened = 0;
  for (std::uint64_t seed = 1; seed <= op_seed_count; ++seed) {
    SimWorld world(seed, slow());
    const std::string before(size, 'a');
    const std::string after(size, 'b');
    auto process = std::make_unique<Process>(world);
    const int fd = process->open("x", created);
    EXPECT_EQ(world.disk().write(fd, 0, core::as_bytes(before)), 0);
    EXPECT_EQ(world.disk().sync(fd), 0);
    const iovec piece{const_cast<char*>(after.data()), size};
    process->ops[0].kind = OpKind::write;
    process->ops[0].fd = fd;
    process->ops[0].offset = 0;
    process->ops[0].iov = &piece;
    process->ops[0].iov_count = 1;
    process->ops[1].kind = OpKind::allocate;
    process->ops[1].fd = fd;
    process->ops[1].length = size * 2;
    process->ops[2].kind = OpKind::open_file;
    process->ops[2].path = "y";
    process->ops[2].mode = created;
    process->ops[3].kind = OpKind::sync;
    process->ops[3].fd = fd;
    for (Op& op : process->ops) process->loop.submit(op);
    process->run(1 + seed % 3);
    process->crash();
    process.reset();
    if (seed % 2 == 0) {
      world.disk().kill();
    } else {
      world.disk().power_cut(world.random());
    }
    const SimFile* file = world.disk().find("x");
    ASSERT_NE(file, nullptr);
    const std::string text(core::as_text(file->cache().first(size)));
    (seed % 2 == 0 ? killed : cut).insert(text);
    if (file->size() > size) ++allocated;
    if (world.disk().find("y") != nullptr) ++opened;
    // The next process finds a working disk.
    Process next(world);
    next.ops[0].fd = next.open("x", {.write = true});
    std::string text_read(size, '?');
    EXPECT_EQ(next.transfer(OpKind::read, {{text_read.data(), size}}, 0), size);
    EXPECT_EQ(text_read, text);
  }
  for (const auto* seen : {&killed, &cut}) {
    EXPECT_TRUE(seen->contains(std::string(size, 'a')));
    EXPECT_TRUE(seen->contains(std::string(size, 'b')));
    EXPECT_GT(seen->size(), 10U);
  }
  EXPECT_GT(allocated, op_seed_count / 8);
  EXPECT_LT(allocated, op_seed_count);
  EXPECT_GT(opened, op_seed_count / 8);
  EXPECT_LT(opened, op_seed_count);
}

TEST(SimFileOps, ACrashForgetsWhatTheLoopHolds) {
  SimWorld world(1, SimFaults{});
  Process process(world);
  const int listener = world.network().listen(5672);
  const auto client = world.network().connect(5672);
  process.ops[0].kind = OpKind::accept;
  process.ops[0].fd = listener;
  process.ops[1].kind = OpKind::sync;
  process.ops[1].fd = process.open("x", created);
  process.ops[0].kind = OpKind::accept;
  process.loop.submit(process.ops[0]);
  process.loop.submit(process.ops[1]);
  process.results.clear();
  process.run(1);
  // Done by the driver, not yet handed over; and one that was not even started.
  ASSERT_TRUE(process.ops[1].in_flight);
  process.ops[2].kind = OpKind::sync;
  process.ops[2].fd = process.ops[1].fd;
  process.loop.submit(process.ops[2]);
  process.crash();
  EXPECT_TRUE(process.results.empty());
  world.network().kill();
  EXPECT_EQ(world.network().open_count(), 0U);
  EXPECT_TRUE(client->at_end() || client->is_reset());
  EXPECT_EQ(world.network().connect(5672), nullptr);
}

TEST(SimFileOps, TheWorldEndsFaultsOfTheDisk) {
  SimWorld world(1, slow());
  world.disk().set_faults({.sync_error = 1000});
  Process process(world);
  process.ops[0].fd = process.open("x", created);
  EXPECT_EQ(process.run_one(OpKind::sync), -EIO);
  world.end_faults();
  EXPECT_EQ(process.run_one(OpKind::sync), 0);
}

}  // namespace
}  // namespace lepus::io
