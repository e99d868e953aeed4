// An answer that is not all that was wanted is completed with plain reads, which know what is to be
// done about each error.
#include "io/uring/async_file_reads.h"

#include <cerrno>
#include <cstring>

namespace lepus::io {

std::unique_ptr<AsyncFileReads> AsyncFileReads::create(Disk& disk) {
  auto created = std::make_unique<AsyncFileReads>(Key{}, disk);
  if (io_uring_queue_init(depth_max, &created->ring_, 0) < 0) return nullptr;
  created->has_ring_ = true;
  return created;
}

AsyncFileReads::~AsyncFileReads() {
  forget_all();
  if (has_ring_) io_uring_queue_exit(&ring_);
}

void AsyncFileReads::on_start(std::size_t slot) {
  CHECK(answers_[slot].is_there);
  const Read& read = read_of(slot);
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  CHECK(entry != nullptr);
  io_uring_prep_read(entry, read.fd, read.at, static_cast<unsigned>(read.size), read.offset);
  io_uring_sqe_set_data64(entry, slot);
  answers_[slot].is_there = false;
  submit();
}

void AsyncFileReads::submit() {
  int code;
  do {
    code = io_uring_submit(&ring_);
  } while (code == -EINTR || code == -EAGAIN || code == -EBUSY);
  CHECK(code >= 0);
}

void AsyncFileReads::wait_for(std::size_t slot) {
  while (!answers_[slot].is_there) take_answer();
}

void AsyncFileReads::take_answer() {
  io_uring_cqe* completion = nullptr;
  const int code = io_uring_wait_cqe(&ring_, &completion);
  if (code == -EINTR || code == -EAGAIN) return;
  CHECK(code == 0);
  Answer& answer = answers_.at(io_uring_cqe_get_data64(completion));
  CHECK(!answer.is_there);
  answer = {true, completion->res};
  io_uring_cqe_seen(&ring_, completion);
}

std::int64_t AsyncFileReads::finish(std::size_t slot) {
  wait_for(slot);
  const Read& read = read_of(slot);
  const std::int32_t result = answers_[slot].result;
  if (result == static_cast<std::int64_t>(read.size)) return result;
  return disk_.read(read.fd, read.offset, read.at, read.size);
}

}  // namespace lepus::io
