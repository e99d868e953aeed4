// Ops on files through the drivers of the real kernel.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "io/kernel_disk.h"
#include "io/kernel_driver.h"
#include "io/loop.h"
#include "tests/unit/io/driver_kinds.h"
#include "tests/unit/io/temporary_directory.h"

namespace lepus::io {
namespace {

class KernelDriverFileTest : public ::testing::TestWithParam<DriverKind> {
 protected:
  void SetUp() override {
    std::string error;
    driver_ = create_driver({GetParam()}, &error);
    ASSERT_NE(driver_, nullptr) << error;
    loop_ = std::make_unique<Loop>(*driver_, IdlePolicy{IdleMode::poll, 0});
    op_.bind<&KernelDriverFileTest::on_done>(this);
    watch_.bind<&KernelDriverFileTest::on_watch>(this);
  }
  void on_done(Op&, const Completion& completion) {
    EXPECT_FALSE(completion.more);
    result_ = completion.result;
  }
  void on_watch(Timer&) { late_ = true; }

  std::int32_t run(OpKind kind) {
    op_.kind = kind;
    loop_->submit(op_);
    loop_->timers().arm(watch_, loop_->now() + 10 * core::nanos_per_s);
    while (op_.in_flight && !late_) loop_->run_turn();
    EXPECT_FALSE(late_);
    loop_->timers().cancel(watch_);
    return result_;
  }
  int open(const std::string& name, const OpenMode& mode) {
    const std::string path = directory_ / name;
    op_.path = path.c_str();
    op_.mode = mode;
    return run(OpKind::open_file);
  }
  std::int32_t transfer(OpKind kind, std::vector<iovec> pieces, std::uint64_t offset) {
    op_.iov = pieces.data();
    op_.iov_count = static_cast<std::uint32_t>(pieces.size());
    op_.offset = offset;
    return run(kind);
  }

  TemporaryDirectory directory_;
  KernelDisk disk_;
  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Loop> loop_;
  Op op_;
  Timer watch_;
  std::int32_t result_ = 0;
  bool late_ = false;
};

TEST_P(KernelDriverFileTest, OpensWithTheModeAskedFor) {
  EXPECT_EQ(open("x", {.write = true}), -ENOENT);
  const int fd = open("x", {.write = true, .create = true, .direct = true, .dsync = true});
  ASSERT_GE(fd, 0);
  const int flags = ::fcntl(fd, F_GETFL);
  EXPECT_EQ(flags & O_ACCMODE, O_RDWR);
  EXPECT_NE(flags & O_DIRECT, 0);
  EXPECT_NE(flags & O_DSYNC, 0);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  op_.fd = fd;
  EXPECT_EQ(run(OpKind::close), 0);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);

  const int reading = open("x", {});
  ASSERT_GE(reading, 0);
  EXPECT_EQ(::fcntl(reading, F_GETFL) & O_ACCMODE, O_RDONLY);
  disk_.close(reading);
}

TEST_P(KernelDriverFileTest, WritesAndReadsAtOffsets) {
  op_.fd = open("x", {.write = true, .create = true});
  ASSERT_GE(op_.fd, 0);
  std::string first = "abc";
  std::string second = "defgh";
  EXPECT_EQ(transfer(OpKind::write, {{first.data(), 3}}, 2), 3);
  EXPECT_EQ(transfer(OpKind::write, {{second.data(), 5}, {first.data(), 3}}, 5), 8);
  EXPECT_EQ(run(OpKind::sync), 0);
  EXPECT_EQ(disk_.size(op_.fd), 13);

  std::string one(13, '?');
  EXPECT_EQ(transfer(OpKind::read, {{one.data(), one.size()}}, 0), 13);
  EXPECT_EQ(one, std::string("\0\0abcdefghabc", 13));
  // Two pieces that ask for more than there is.
  std::string left(4, '?');
  std::string right(20, '?');
  EXPECT_EQ(transfer(OpKind::read, {{left.data(), 4}, {right.data(), 20}}, 6), 7);
  EXPECT_EQ(left + right.substr(0, 3), "efghabc");
  EXPECT_EQ(transfer(OpKind::read, {{left.data(), 4}}, 13), 0);
  disk_.close(op_.fd);
  EXPECT_EQ(transfer(OpKind::write, {{first.data(), 3}}, 0), -EBADF);
  EXPECT_EQ(run(OpKind::sync), -EBADF);
}

TEST_P(KernelDriverFileTest, AllocatesThenWritesDirectly) {
  op_.fd = open("x", {.write = true, .create = true, .direct = true, .dsync = true});
  ASSERT_GE(op_.fd, 0);
  op_.offset = 0;
  op_.length = 65536;
  EXPECT_EQ(run(OpKind::allocate), 0);
  struct stat found {};
  ASSERT_EQ(::fstat(op_.fd, &found), 0);
  EXPECT_EQ(found.st_size, 65536);
  EXPECT_GE(found.st_blocks * 512, 65536);
  op_.length = std::uint64_t{1} << 62;
  EXPECT_LT(run(OpKind::allocate), 0);

  struct alignas(4096) Block {
    std::array<std::uint8_t, 4096> bytes;
  };
  std::vector<Block> blocks(2);
  blocks[0].bytes.fill(1);
  blocks[1].bytes.fill(2);
  const std::vector<iovec> swapped{{blocks[1].bytes.data(), 4096}, {blocks[0].bytes.data(), 4096}};
  EXPECT_EQ(transfer(OpKind::write, swapped, 8192), 8192);
  std::vector<Block> back(2);
  EXPECT_EQ(transfer(OpKind::read, {{back.data(), 8192}}, 8192), 8192);
  EXPECT_EQ(back[0].bytes, blocks[1].bytes);
  EXPECT_EQ(back[1].bytes, blocks[0].bytes);
  EXPECT_EQ(transfer(OpKind::write, {{blocks[0].bytes.data() + 8, 4096}}, 0), -EINVAL);
  disk_.close(op_.fd);
}

TEST_P(KernelDriverFileTest, UnlinksAFileThatIsOpen) {
  op_.fd = open("x", {.write = true, .create = true});
  ASSERT_GE(op_.fd, 0);
  const std::string path = directory_ / "x";
  op_.path = path.c_str();
  EXPECT_EQ(run(OpKind::unlink), 0);
  EXPECT_EQ(::access(path.c_str(), F_OK), -1);
  std::string text = "abc";
  EXPECT_EQ(transfer(OpKind::write, {{text.data(), 3}}, 0), 3);
  disk_.close(op_.fd);
  EXPECT_EQ(run(OpKind::unlink), -ENOENT);
}

TEST_P(KernelDriverFileTest, ManyWritesInOneTurn) {
  const int fd = open("x", {.write = true, .create = true});
  ASSERT_GE(fd, 0);
  struct Piece {
    void on_done(Op&, const Completion& completion) { result = completion.result; }
    Op op;
    std::uint32_t value = 0;
    iovec place{};
    int result = -1;
  };
  std::vector<std::unique_ptr<Piece>> pieces;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    pieces.push_back(std::make_unique<Piece>());
    Piece& piece = *pieces.back();
    piece.value = i;
    piece.place = {&piece.value, sizeof piece.value};
    piece.op.kind = OpKind::write;
    piece.op.fd = fd;
    piece.op.offset = std::uint64_t{4} * i;
    piece.op.iov = &piece.place;
    piece.op.iov_count = 1;
    piece.op.bind<&Piece::on_done>(&piece);
    loop_->submit(piece.op);
  }
  loop_->timers().arm(watch_, loop_->now() + 10 * core::nanos_per_s);
  while (loop_->ops_in_flight() > 0 && !late_) loop_->run_turn();
  ASSERT_FALSE(late_);
  loop_->timers().cancel(watch_);
  std::vector<std::uint32_t> values(3000);
  EXPECT_EQ(disk_.read(fd, 0, reinterpret_cast<std::uint8_t*>(values.data()), 12'000), 12'000);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    ASSERT_EQ(pieces[i]->result, 4);
    ASSERT_EQ(values[i], i);
  }
  disk_.close(fd);
}

INSTANTIATE_TEST_SUITE_P(Kinds, KernelDriverFileTest, every_driver_kind, driver_kind_name);

}  // namespace
}  // namespace lepus::io
