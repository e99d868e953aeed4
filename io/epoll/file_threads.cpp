// One call of the kernel for each operation; interrupted ones are made again.
#include "io/epoll/file_threads.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/limits/epoll.h"
#include "io/kernel_disk.h"
#include "io/os.h"

namespace lepus::io {
namespace {

/// Its result, or -errno.
template <class Call>
std::int32_t result_of(Call&& call) {
  while (true) {
    const auto result = call();
    if (result >= 0) return static_cast<std::int32_t>(result);
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

FileThreads::~FileThreads() {
  CHECK(under_way_ == 0);
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void FileThreads::start(Op& op) {
  CHECK(is_of_file(op.kind));
  Job job;
  job.op = &op;
  if (op.kind == OpKind::write || op.kind == OpKind::read) {
    CHECK(op.iov_count > 0 && op.iov_count <= core::limits::iov_max);
    CHECK(op.offset <= INT64_MAX);
    job.pieces.assign(op.iov, op.iov + op.iov_count);
  } else if (op.kind == OpKind::open_file || op.kind == OpKind::unlink) {
    CHECK(op.path != nullptr);
    job.path = op.path;
  }
  if (threads_.empty())
    for (std::size_t i = 0; i < core::limits::file_threads; ++i)
      threads_.emplace_back([this] { run(); });
  ++under_way_;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void FileThreads::collect(std::vector<Completion>& completed) {
  if (under_way_ == 0) return;
  const std::lock_guard lock(mutex_);
  CHECK(done_.size() <= under_way_);
  under_way_ -= done_.size();
  completed.insert(completed.end(), done_.begin(), done_.end());
  done_.clear();
}

void FileThreads::run() {
  name_thread("files");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Completion completion;
    completion.op = job.op;
    completion.result = carry_out(job);
    lock.lock();
    done_.push_back(completion);
    (void)eventfd_write(event_fd_, 1);
  }
}

/// The op is in flight, so nobody changes it.
std::int32_t FileThreads::carry_out(const Job& job) {
  const Op& op = *job.op;
  const auto offset = static_cast<off_t>(op.offset);
  const auto count = static_cast<int>(job.pieces.size());
  switch (op.kind) {
    case OpKind::write:
      return result_of([&] { return ::pwritev(op.fd, job.pieces.data(), count, offset); });
    case OpKind::read:
      return result_of([&] { return ::preadv(op.fd, job.pieces.data(), count, offset); });
    case OpKind::sync:
      return result_of([&] { return ::fdatasync(op.fd); });
    case OpKind::open_file:
      return result_of(
          [&] { return ::open(job.path.c_str(), open_flags(op.mode), file_permissions); });
    case OpKind::allocate:
      return result_of(
          [&] { return ::fallocate(op.fd, 0, offset, static_cast<off_t>(op.length)); });
    case OpKind::unlink:
      return result_of([&] { return ::unlink(job.path.c_str()); });
    case OpKind::accept:
    case OpKind::recv:
    case OpKind::send:
    case OpKind::shutdown_write:
    case OpKind::close:
    case OpKind::cancel:
    case OpKind::wake:
    case OpKind::poll:
    case OpKind::poll_hang_up:
      break;
  }
  CHECK(false);
  return 0;
}

}  // namespace lepus::io
