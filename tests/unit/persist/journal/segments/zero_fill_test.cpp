// Which writes fill a file, and where they go on.
#include "persist/journal/segments/zero_fill.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "persist/journal/format.h"

namespace lepus::persist {
namespace {

std::uint64_t size_of(const io::Op& op) {
  std::uint64_t size = 0;
  for (std::uint32_t i = 0; i < op.iov_count; ++i) size += op.iov[i].iov_len;
  return size;
}

TEST(ZeroFill, CoversTheFileOnce) {
  constexpr std::uint64_t size = 19 * core::limits::fill_write_size + 3 * block_size;
  ZeroFill fill;
  io::Op op;
  fill.start(size);
  std::uint64_t end = 0;
  while (!fill.is_done()) {
    fill.set_write(op);
    EXPECT_EQ(op.kind, io::OpKind::write);
    EXPECT_EQ(op.offset, end);
    const auto* bytes = static_cast<const std::uint8_t*>(op.iov[0].iov_base);
    EXPECT_EQ(bytes[0], 0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes) % block_size, 0U);
    end += size_of(op);
    fill.on_written(size_of(op));
  }
  EXPECT_EQ(end, size);
}

TEST(ZeroFill, AShortWriteGoesOnAtItsBlock) {
  ZeroFill fill;
  io::Op op;
  fill.start(4 * block_size);
  fill.set_write(op);
  fill.on_written(2 * block_size + 100);
  fill.set_write(op);
  EXPECT_EQ(op.offset, 2 * block_size);
  EXPECT_EQ(size_of(op), 2 * block_size);
  fill.on_written(100);
  EXPECT_FALSE(fill.is_done());
  fill.release();
  fill.start(4 * block_size);
  fill.set_write(op);
  EXPECT_EQ(op.offset, 0U) << "another file";
}

}  // namespace
}  // namespace lepus::persist
