// One op for all that is done with the file.
#include "persist/journal/compaction/piece_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "persist/journal/format.h"

namespace lepus::persist {

PieceReader::PieceReader(io::Loop& loop, io::Disk& disk, Client& client)
    : loop_(loop), disk_(disk), client_(client) {}

PieceReader::~PieceReader() {
  if (fd_ >= 0) disk_.close(fd_);
}

void PieceReader::open(std::string path, std::uint64_t size, bool is_direct) {
  CHECK(phase_ == Phase::idle);
  CHECK(fd_ < 0);
  path_ = std::move(path);
  size_ = size;
  op_.kind = io::OpKind::open_file;
  op_.path = path_.c_str();
  op_.mode = {.direct = is_direct};
  op_.bind<&PieceReader::on_open>(this);
  phase_ = Phase::opening;
  loop_.submit(op_);
}

void PieceReader::on_open(io::Op&, const io::Completion& completion) {
  CHECK(phase_ == Phase::opening);
  if (completion.result < 0) {
    phase_ = Phase::idle;
    return client_.on_read_failed(std::strerror(-completion.result));
  }
  fd_ = completion.result;
  phase_ = Phase::open;
}

void PieceReader::read(std::uint64_t offset, std::uint64_t size_min) {
  CHECK(phase_ == Phase::open);
  CHECK(offset < size_);
  begin_ = block_of(offset);
  const std::uint64_t size = std::min(round_up(size_min, block_size), size_ - begin_);
  if (!buffer_ || capacity_ < size) {
    capacity_ = round_up(size, block_size);
    buffer_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(block_size, capacity_)));
    CHECK(buffer_);
  }
  iov_ = {buffer_.get(), static_cast<std::size_t>(size)};
  op_.kind = io::OpKind::read;
  op_.fd = fd_;
  op_.offset = begin_;
  op_.iov = &iov_;
  op_.iov_count = 1;
  op_.bind<&PieceReader::on_read>(this);
  phase_ = Phase::reading;
  loop_.submit(op_);
}

void PieceReader::on_read(io::Op&, const io::Completion& completion) {
  CHECK(phase_ == Phase::reading);
  phase_ = Phase::open;
  if (completion.result < 0) return client_.on_read_failed(std::strerror(-completion.result));
  const auto size = static_cast<std::uint64_t>(completion.result) / block_size * block_size;
  if (size == 0) return client_.on_read_failed("the file ends too early");
  client_.on_piece({buffer_.get(), static_cast<std::size_t>(size)});
}

void PieceReader::close() {
  CHECK(phase_ == Phase::open);
  op_.kind = io::OpKind::close;
  op_.fd = std::exchange(fd_, -1);
  op_.bind<&PieceReader::on_close>(this);
  phase_ = Phase::closing;
  loop_.submit(op_);
}

void PieceReader::on_close(io::Op&, const io::Completion&) {
  CHECK(phase_ == Phase::closing);
  phase_ = Phase::idle;
}

}  // namespace lepus::persist
