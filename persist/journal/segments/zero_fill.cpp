// All pieces of a write are the same memory.
#include "persist/journal/segments/zero_fill.h"

#include <algorithm>
#include <cstring>

#include "core/base/assert.h"
#include "core/limits.h"
#include "persist/journal/format.h"

namespace lepus::persist {

void ZeroFill::start(std::uint64_t size) {
  CHECK(size > 0);
  CHECK(size % block_size == 0);
  size_ = size;
  filled_ = 0;
  if (zeros_) return;
  zeros_.reset(
      static_cast<std::uint8_t*>(std::aligned_alloc(block_size, core::limits::fill_write_size)));
  CHECK(zeros_ != nullptr);
  std::memset(zeros_.get(), 0, core::limits::fill_write_size);
}

void ZeroFill::set_write(io::Op& op) {
  CHECK(zeros_ != nullptr);
  CHECK(!is_done());
  const std::uint64_t left = size_ - filled_;
  std::uint32_t count = 0;
  for (std::uint64_t planned = 0; planned < left && count < iov_.size(); ++count) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(core::limits::fill_write_size, left - planned));
    iov_[count] = {zeros_.get(), size};
    planned += size;
  }
  op.kind = io::OpKind::write;
  op.offset = filled_;
  op.iov = iov_.data();
  op.iov_count = count;
}

void ZeroFill::on_written(std::uint64_t bytes) {
  CHECK(bytes <= size_ - filled_);
  filled_ += bytes / block_size * block_size;
}

}  // namespace lepus::persist
