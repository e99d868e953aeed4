// liburing 2.3 calls; everything newer is left alone.
#include "io/uring/uring_driver.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "core/limits.h"
#include "io/kernel_disk.h"
#include "io/uring/submission.h"
#include "io/uring/uring_probe.h"

namespace lepus::io {
namespace {

constexpr std::uint64_t wake_marker =
    1;  ///< user_data of a wake by another ring; no op has this address.
constexpr int buffer_group = 0;
constexpr std::size_t page_size = 4096;
/// Between two tries to submit what the kernel has no memory for.
constexpr core::Nanos submit_pause = core::nanos_per_ms;

std::size_t round_to_page(std::size_t size) {
  return (size + page_size - 1) / page_size * page_size;
}

/// By a system call, which does not block: the ring would hand it to a thread of the kernel's.
Completion shut_down(Op& op) {
  Completion completion;
  completion.op = &op;
  completion.result = ::shutdown(op.fd, SHUT_WR) == 0 ? 0 : -errno;
  return completion;
}

}  // namespace

std::unique_ptr<UringDriver> UringDriver::create(const UringConfig& config, std::string* error) {
  auto driver = std::make_unique<UringDriver>(Key{}, config);
  if (const int code = driver->set_up(); code < 0) {
    *error = explain_uring_setup(-code);
    return nullptr;
  }
  if (const int code = driver->set_up_buffers(); code < 0) {
    *error = explain_uring_buffers(-code);
    return nullptr;
  }
  return driver;
}

UringDriver::UringDriver(Key, const UringConfig& config) : config_(config) {
  CHECK(std::has_single_bit(config.submission_entries));
  CHECK(std::has_single_bit(config.completion_entries));
  CHECK(config.completion_entries >= config.submission_entries);
  CHECK(std::has_single_bit(config.buffer_count));
  CHECK(config.buffer_count <= 32768);
  CHECK(config.buffer_size > 0 && config.buffer_size <= INT32_MAX);
  handed_out_.reserve(config.buffer_count);
  deferred_.resize(config.buffer_count);
}

int UringDriver::set_up() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
  params.cq_entries = config_.completion_entries;
  const int code = io_uring_queue_init_params(config_.submission_entries, &ring_, &params);
  if (code < 0) return code;
  ring_ready_ = true;
  constexpr unsigned features =
      IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG;
  if ((params.features & features) != features) return -EINVAL;
  headers_.resize(params.sq_entries);
  return 0;
}

int UringDriver::set_up_buffers() {
  const std::size_t ring_size = round_to_page(config_.buffer_count * sizeof(io_uring_buf));
  mapped_size_ = ring_size + config_.buffer_count * config_.buffer_size;
  void* memory =
      mmap(nullptr, mapped_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -errno;
  buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
  buffers_ = static_cast<std::uint8_t*>(memory) + ring_size;

  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring_);
  registration.ring_entries = config_.buffer_count;
  registration.bgid = buffer_group;
  if (const int code = io_uring_register_buf_ring(&ring_, &registration, 0); code < 0) return code;
  io_uring_buf_ring_init(buffer_ring_);
  for (unsigned i = 0; i < config_.buffer_count; ++i) {
    handed_out_.push_back(static_cast<std::uint16_t>(i));
  }
  give_back_buffers({});
  return 0;
}

UringDriver::~UringDriver() {
  if (ring_ready_) io_uring_queue_exit(&ring_);
  if (buffer_ring_ != nullptr) munmap(buffer_ring_, mapped_size_);
}

void UringDriver::enable() {
  // io_uring_enable_rings() is declared by liburing 2.3, but its shared library does not export it.
  CHECK(syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) ==
        0);
  // Saves a look-up of the descriptor per enter. Registered per thread, hence here. Where refused,
  // the plain one works.
  (void)io_uring_register_ring_fd(&ring_);
  enabled_ = true;
}

core::Nanos UringDriver::turn(OpList& submitted, std::vector<Completion>& completed,
                              core::Nanos wait_until) {
  if (!enabled_) enable();
  give_back_buffers(completed);
  while (Op* op = submitted.pop()) {
    if (op->kind == OpKind::shutdown_write) {
      completed.push_back(shut_down(*op));
    } else {
      prepare(*op, next_sqe(completed));
    }
  }
  // Completions collected on the way, or put off, must not wait for others.
  enter(completed.empty() ? wait_until : 0);
  submit_rest_of_turn(completed);
  collect(completed);
  return monotonic_now();
}

/// What the kernel had no memory or room for. There is nothing else to do meanwhile: all that this
/// thread wants is in the queue.
void UringDriver::submit_rest_of_turn(std::vector<Completion>& completed) {
  struct Rest {
    unsigned count() const { return io_uring_sq_ready(&driver.ring_); }
    void submit() { driver.enter(0); }
    void make_room() { driver.collect(completed); }
    void pause() {
      __kernel_timespec limit{0, submit_pause};
      io_uring_cqe* cqe = nullptr;
      (void)io_uring_wait_cqe_timeout(&driver.ring_, &cqe, &limit);
    }
    UringDriver& driver;
    std::vector<Completion>& completed;
  };
  submit_rest(Rest{*this, completed});
}

int UringDriver::wake_target() const { return ring_.ring_fd; }

void UringDriver::give_back_buffers(const std::vector<Completion>& deferred) {
  if (handed_out_.empty()) return;
  const auto mark = [&](bool is_deferred) {
    for (const Completion& completion : deferred) {
      if (completion.data.empty()) continue;
      const auto offset = static_cast<std::size_t>(completion.data.data() - buffers_);
      deferred_[offset / config_.buffer_size] = is_deferred;
    }
  };
  mark(true);
  const int mask = io_uring_buf_ring_mask(config_.buffer_count);
  int offset = 0;
  std::erase_if(handed_out_, [&](std::uint16_t index) {
    if (deferred_[index]) return false;
    io_uring_buf_ring_add(buffer_ring_, buffer(index), static_cast<unsigned>(config_.buffer_size),
                          index, mask, offset++);
    return true;
  });
  io_uring_buf_ring_advance(buffer_ring_, offset);
  mark(false);
}

io_uring_sqe* UringDriver::next_sqe(std::vector<Completion>& completed) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {
    // More ops than the queue holds: start those we have. Their completions are taken at once, so
    // that the kernel never refuses because of a full completion queue.
    enter(0);
    collect(completed);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void UringDriver::prepare(const Op& op, io_uring_sqe* sqe) {
  switch (op.kind) {
    case OpKind::accept:
      if (op.once) {
        io_uring_prep_accept(sqe, op.fd, nullptr, nullptr, SOCK_CLOEXEC);
      } else {
        io_uring_prep_multishot_accept(sqe, op.fd, nullptr, nullptr, SOCK_CLOEXEC);
      }
      break;
    case OpKind::recv:
      if (op.once) {
        io_uring_prep_recv(sqe, op.fd, nullptr, 0, 0);
      } else {
        io_uring_prep_recv_multishot(sqe, op.fd, nullptr, 0, 0);
      }
      sqe->flags |= IOSQE_BUFFER_SELECT;
      sqe->buf_group = buffer_group;
      break;
    case OpKind::send:
      prepare_send(op, sqe);
      break;
    case OpKind::close:
      io_uring_prep_close(sqe, op.fd);
      break;
    case OpKind::cancel:
      io_uring_prep_cancel64(sqe, reinterpret_cast<std::uint64_t>(op.target), 0);
      break;
    case OpKind::wake:
      io_uring_prep_msg_ring(sqe, op.fd, 0, wake_marker, 0);
      break;
    case OpKind::poll:
      io_uring_prep_poll_multishot(sqe, op.fd, POLLIN);
      break;
    case OpKind::poll_hang_up:
      io_uring_prep_poll_add(sqe, op.fd, POLLRDHUP);
      break;
    case OpKind::write:
    case OpKind::read:
      prepare_transfer(op, sqe);
      break;
    case OpKind::sync:
      io_uring_prep_fsync(sqe, op.fd, IORING_FSYNC_DATASYNC);
      break;
    case OpKind::open_file:
      CHECK(op.path != nullptr);
      io_uring_prep_openat(sqe, AT_FDCWD, op.path, open_flags(op.mode), file_permissions);
      break;
    case OpKind::allocate:
      CHECK(op.length > 0);
      io_uring_prep_fallocate(sqe, op.fd, 0, static_cast<off_t>(op.offset),
                              static_cast<off_t>(op.length));
      break;
    case OpKind::unlink:
      CHECK(op.path != nullptr);
      io_uring_prep_unlinkat(sqe, AT_FDCWD, op.path, 0);
      break;
    case OpKind::shutdown_write:
      CHECK(false);  // shut_down()
  }
  io_uring_sqe_set_data64(sqe, reinterpret_cast<std::uint64_t>(&op));
}

void UringDriver::prepare_send(const Op& op, io_uring_sqe* sqe) {
  CHECK(op.iov_count > 0 && op.iov_count <= core::limits::iov_max);
  // WAITALL: the kernel goes on by itself when the socket's buffer has room again, one completion
  // for all of it.
  constexpr int flags = MSG_NOSIGNAL | MSG_WAITALL;
  if (op.iov_count == 1) {
    io_uring_prep_send(sqe, op.fd, op.iov->iov_base, op.iov->iov_len, flags);
    return;
  }
  msghdr& header = headers_[static_cast<std::size_t>(sqe - ring_.sq.sqes)];
  header = {};
  header.msg_iov = const_cast<iovec*>(op.iov);
  header.msg_iovlen = op.iov_count;
  io_uring_prep_sendmsg(sqe, op.fd, &header, flags);
}

void UringDriver::prepare_transfer(const Op& op, io_uring_sqe* sqe) {
  CHECK(op.iov_count > 0 && op.iov_count <= core::limits::iov_max);
  // All ones means "where the descriptor stands" to the kernel.
  CHECK(op.offset <= INT64_MAX);
  const bool writes = op.kind == OpKind::write;
  if (op.iov_count > 1) {
    const auto prepare_many = writes ? io_uring_prep_writev : io_uring_prep_readv;
    return prepare_many(sqe, op.fd, op.iov, op.iov_count, op.offset);
  }
  CHECK(op.iov->iov_len <= INT32_MAX);
  const auto size = static_cast<unsigned>(op.iov->iov_len);
  if (writes) return io_uring_prep_write(sqe, op.fd, op.iov->iov_base, size, op.offset);
  io_uring_prep_read(sqe, op.fd, op.iov->iov_base, size, op.offset);
}

void UringDriver::enter(core::Nanos wait_until) {
  ++enter_count_;
  int code = 0;
  const core::Nanos wait_ns =
      wait_until == 0 || wait_until == core::never ? 0 : wait_until - monotonic_now();
  if (wait_until == core::never) {
    code = io_uring_submit_and_wait(&ring_, 1);
  } else if (wait_ns <= 0) {
    code = io_uring_submit_and_get_events(&ring_);
  } else {
    __kernel_timespec limit{wait_ns / core::nanos_per_s, wait_ns % core::nanos_per_s};
    io_uring_cqe* cqe = nullptr;
    code = io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &limit, nullptr);
  }
  // Interrupted, timed out, or the kernel short of memory or room for now: what was not submitted
  // stays in the queue for submit_rest(). Anything else is our mistake.
  CHECK(code >= 0 || code == -EINTR || code == -ETIME || code == -EAGAIN || code == -EBUSY);
}

void UringDriver::collect(std::vector<Completion>& completed) {
  io_uring_cqe* cqe = nullptr;
  unsigned head = 0;
  unsigned count = 0;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    ++count;
    const std::uint64_t data = io_uring_cqe_get_data64(cqe);
    if (data == wake_marker) continue;
    Completion completion;
    completion.op = reinterpret_cast<Op*>(data);
    completion.result = cqe->res;
    completion.more = (cqe->flags & IORING_CQE_F_MORE) != 0;
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0) {
      const unsigned index = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
      CHECK(index < config_.buffer_count);
      handed_out_.push_back(static_cast<std::uint16_t>(index));
      if (cqe->res > 0) completion.data = {buffer(index), static_cast<std::size_t>(cqe->res)};
    }
    completed.push_back(completion);
  }
  io_uring_cq_advance(&ring_, count);
}

}  // namespace lepus::io
