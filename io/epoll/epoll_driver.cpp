// What is put down for a descriptor is in its Watch; everything else is done at once.
#include "io/epoll/epoll_driver.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>

#include "core/limits.h"
#include "core/limits/epoll.h"

namespace lepus::io {

namespace limits = core::limits;

namespace {

void complete(Op& op, std::int64_t result, std::vector<Completion>& completed) {
  Completion completion;
  completion.op = &op;
  completion.result = static_cast<std::int32_t>(result);
  completed.push_back(completion);
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

/// A listener says that nobody is there only when it is told so: accept4() has no flag for it.
void do_not_block(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/// Takes what was sent off the front.
void advance(std::vector<iovec>& pieces, std::size_t size) {
  std::size_t whole = 0;
  while (whole < pieces.size() && size >= pieces[whole].iov_len) size -= pieces[whole++].iov_len;
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(whole));
  if (pieces.empty()) return;
  pieces[0].iov_base = static_cast<char*>(pieces[0].iov_base) + size;
  pieces[0].iov_len -= size;
}

/// Microseconds matter to timers; kernels before 5.11 and some profiles have milliseconds only.
int wait_for_events(int fd, epoll_event* events, int count, core::Nanos wait_ns) {
  const timespec limit{wait_ns / core::nanos_per_s, wait_ns % core::nanos_per_s};
  const int found = epoll_pwait2(fd, events, count, wait_ns < 0 ? nullptr : &limit, nullptr);
  if (found >= 0 || (errno != ENOSYS && errno != EPERM)) return found;
  const core::Nanos ms = (wait_ns + core::nanos_per_ms - 1) / core::nanos_per_ms;
  return epoll_wait(fd, events, count,
                    wait_ns < 0 ? -1 : static_cast<int>(std::min<core::Nanos>(ms, INT_MAX)));
}

}  // namespace

std::unique_ptr<EpollDriver> EpollDriver::create(const EpollConfig& config, std::string* error) {
  auto driver = std::make_unique<EpollDriver>(Key{}, config);
  const int code = driver->set_up();
  if (code == 0) return driver;
  *error = std::string("epoll cannot be used: ") + std::strerror(-code);
  if (code == -EMFILE || code == -ENFILE)
    *error += ". Raise the limit of open files (ulimit -n, systemd: LimitNOFILE=)";
  if (code == -ENOMEM) *error += ". Free memory, or lower the number of receive buffers";
  return nullptr;
}

EpollDriver::EpollDriver(Key, const EpollConfig& config) : config_(config) {
  CHECK(std::has_single_bit(config.buffer_count));
  CHECK(config.buffer_count <= 32768);
  CHECK(config.buffer_size > 0 && config.buffer_size <= INT32_MAX);
  deferred_.resize(config.buffer_count);
  events_.resize(limits::epoll_events_max);
}

int EpollDriver::set_up() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) return -errno;
  event_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event_fd_ < 0) return -errno;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = event_fd_;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, event_fd_, &event) != 0) return -errno;
  void* memory = mmap(nullptr, config_.buffer_count * config_.buffer_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -errno;
  buffers_ = static_cast<std::uint8_t*>(memory);
  for (unsigned i = config_.buffer_count; i > 0; --i)
    free_.push_back(static_cast<std::uint16_t>(i - 1));
  files_ = std::make_unique<FileThreads>(event_fd_);
  return 0;
}

EpollDriver::~EpollDriver() {
  CHECK(watches_.empty());
  files_.reset();
  if (buffers_ != nullptr) munmap(buffers_, config_.buffer_count * config_.buffer_size);
  if (event_fd_ >= 0) ::close(event_fd_);
  if (epoll_fd_ >= 0) ::close(epoll_fd_);
}

core::Nanos EpollDriver::turn(OpList& submitted, Completions& completed, core::Nanos wait_until) {
  give_back_buffers(completed);
  while (Op* op = submitted.pop()) start(*op, completed);
  wait(completed.empty() ? wait_until : 0);
  handle_events(completed);
  files_->collect(completed);
  return monotonic_now();
}

void EpollDriver::give_back_buffers(const Completions& deferred) {
  if (handed_out_.empty()) return;
  const auto mark = [&](bool is_deferred) {
    for (const Completion& completion : deferred) {
      if (completion.data.empty()) continue;
      const auto offset = static_cast<std::size_t>(completion.data.data() - buffers_);
      deferred_[offset / config_.buffer_size] = is_deferred;
    }
  };
  mark(true);
  std::erase_if(handed_out_, [&](std::uint16_t index) {
    if (deferred_[index]) return false;
    free_.push_back(index);
    return true;
  });
  mark(false);
  CHECK(free_.size() + handed_out_.size() == config_.buffer_count);
}

void EpollDriver::start(Op& op, Completions& completed) {
  switch (op.kind) {
    case OpKind::accept:
    case OpKind::recv:
    case OpKind::poll:
    case OpKind::poll_hang_up:
      return put_down(op, completed);
    case OpKind::send:
      return start_send(op, completed);
    case OpKind::shutdown_write:
      return complete(op, ::shutdown(op.fd, SHUT_WR) == 0 ? 0 : -errno, completed);
    case OpKind::close:
      return close(op, completed);
    case OpKind::cancel:
      return cancel(op, completed);
    case OpKind::wake:
      return complete(op, eventfd_write(op.fd, 1) == 0 ? 0 : -errno, completed);
    case OpKind::write:
    case OpKind::read:
    case OpKind::sync:
    case OpKind::open_file:
    case OpKind::allocate:
    case OpKind::unlink:
      return files_->start(op);
  }
}

void EpollDriver::put_down(Op& op, Completions& completed) {
  Watch& watch = watches_[op.fd];
  Op*& place = op.kind == OpKind::poll_hang_up ? watch.hang_up : watch.input;
  CHECK(place == nullptr);
  place = &op;
  if (op.kind == OpKind::accept) do_not_block(op.fd);
  // As the ring does it: whoever asks first gets the first buffer, before sockets that only now
  // have bytes.
  if (op.kind == OpKind::recv) on_input(watch, EPOLLIN, completed);
  if (ask_kernel(op.fd, watch)) return forget_if_empty(op.fd);
  const int error = errno;
  place = nullptr;
  forget_if_empty(op.fd);
  complete(op, -error, completed);
}

void EpollDriver::start_send(Op& op, Completions& completed) {
  CHECK(op.iov_count > 0 && op.iov_count <= limits::iov_max);
  const auto found = watches_.find(op.fd);
  CHECK(found == watches_.end() || found->second.output == nullptr);
  Rest rest;
  rest.pieces.assign(op.iov, op.iov + op.iov_count);
  if (send_rest(op, rest, completed)) return;
  Watch& watch = watches_[op.fd];
  watch.output = &op;
  watch.rest = std::move(rest);
  if (ask_kernel(op.fd, watch)) return;
  const int error = errno;
  watch.output = nullptr;
  forget_if_empty(op.fd);
  complete(op, -error, completed);
}

/// What is still put down for it can only have been cancelled in vain: it ends here, since the
/// number may be another file's soon.
void EpollDriver::close(Op& op, Completions& completed) {
  if (const auto found = watches_.find(op.fd); found != watches_.end()) {
    for (Op* left : {found->second.input, found->second.output, found->second.hang_up})
      if (left != nullptr) complete(*left, -ECANCELED, completed);
    found->second = Watch{nullptr, nullptr, nullptr, {}, found->second.events};
    forget_if_empty(op.fd);
  }
  complete(op, ::close(op.fd) == 0 ? 0 : -errno, completed);
}

void EpollDriver::cancel(Op& op, Completions& completed) {
  Op* target = op.target;
  const auto found = target == nullptr ? watches_.end() : watches_.find(target->fd);
  if (found == watches_.end()) return complete(op, -ENOENT, completed);
  Watch& watch = found->second;
  for (Op** place : {&watch.input, &watch.output, &watch.hang_up}) {
    if (*place != target) continue;
    *place = nullptr;
    // Of a send the part that was taken counts, as the ring has it.
    const bool has_sent = place == &watch.output && watch.rest.sent > 0;
    complete(*target, has_sent ? watch.rest.sent : -ECANCELED, completed);
    CHECK(ask_kernel(target->fd, watch));
    forget_if_empty(target->fd);
    return complete(op, 0, completed);
  }
  complete(op, -ENOENT, completed);
}

void EpollDriver::wait(core::Nanos wait_until) {
  core::Nanos wait_ns = -1;
  if (wait_until != core::never)
    wait_ns = wait_until == 0 ? 0 : std::max<core::Nanos>(wait_until - monotonic_now(), 0);
  const int found =
      wait_for_events(epoll_fd_, events_.data(), static_cast<int>(events_.size()), wait_ns);
  CHECK(found >= 0 || errno == EINTR);
  event_count_ = found < 0 ? 0 : static_cast<std::size_t>(found);
}

void EpollDriver::handle_events(Completions& completed) {
  for (std::size_t i = 0; i < event_count_; ++i) {
    const int fd = events_[i].data.fd;
    if (fd == event_fd_) {
      eventfd_t count = 0;
      (void)eventfd_read(event_fd_, &count);
    } else {
      on_event(fd, events_[i].events, completed);
    }
  }
  event_count_ = 0;
}

void EpollDriver::on_event(int fd, std::uint32_t events, Completions& completed) {
  constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;
  const auto found = watches_.find(fd);
  CHECK(found != watches_.end());
  Watch& watch = found->second;
  if (watch.output != nullptr && (events & (EPOLLOUT | broken)) != 0) {
    Op& op = *watch.output;
    if (send_rest(op, watch.rest, completed)) watch.output = nullptr;
  }
  if (watch.hang_up != nullptr && (events & (EPOLLRDHUP | broken)) != 0) {
    // The values of POLL* and EPOLL* are the same.
    complete(*watch.hang_up, events & (POLLRDHUP | POLLERR | POLLHUP), completed);
    watch.hang_up = nullptr;
  }
  if (watch.input != nullptr && (events & (EPOLLIN | EPOLLRDHUP | broken)) != 0)
    on_input(watch, events, completed);
  CHECK(ask_kernel(fd, watch));
  forget_if_empty(fd);
}

/// A bounded number of accepts or receives; the rest of what is there comes with the next turn.
void EpollDriver::on_input(Watch& watch, std::uint32_t events, Completions& completed) {
  Op& op = *watch.input;
  CHECK(op.in_flight);
  if (op.kind == OpKind::poll) {
    complete(op, events & (POLLIN | POLLERR | POLLHUP), completed);
    completed.back().more = true;
    return;
  }
  const bool accepts = op.kind == OpKind::accept;
  const int count_max = accepts ? limits::epoll_accepts_max : limits::epoll_receives_max;
  // Who takes the last buffer and has more to read waits for one in line with the others.
  for (int i = 0; i < count_max || (!accepts && free_.empty()); ++i) {
    const std::size_t before = completed.size();
    const bool goes_on = accepts ? accept_one(op, completed) : receive_one(op, completed);
    if (completed.size() > before && !completed.back().more) watch.input = nullptr;
    if (!goes_on) return;
  }
}

/// Returns true if there may be another one for the op.
bool EpollDriver::accept_one(Op& op, Completions& completed) {
  const int fd = ::accept4(op.fd, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0 && (would_block(errno) || errno == EINTR)) return false;
  complete(op, fd < 0 ? -errno : fd, completed);
  completed.back().more = fd >= 0 && !op.once;
  return completed.back().more;
}

/// Returns true if there may be more for the op.
bool EpollDriver::receive_one(Op& op, Completions& completed) {
  if (free_.empty()) {
    complete(op, -ENOBUFS, completed);
    return false;
  }
  const std::uint16_t index = free_.back();
  const ssize_t size = ::recv(op.fd, buffer(index), config_.buffer_size, MSG_DONTWAIT);
  if (size < 0 && (would_block(errno) || errno == EINTR)) return false;
  complete(op, size < 0 ? -errno : size, completed);
  if (size <= 0) return false;
  free_.pop_back();
  handed_out_.push_back(index);
  completed.back().data = {buffer(index), static_cast<std::size_t>(size)};
  completed.back().more = !op.once;
  return !op.once && static_cast<std::size_t>(size) == config_.buffer_size;
}

/// Returns true when the op came back.
bool EpollDriver::send_rest(Op& op, Rest& rest, Completions& completed) {
  while (!rest.pieces.empty()) {
    msghdr header{};
    header.msg_iov = rest.pieces.data();
    header.msg_iovlen = rest.pieces.size();
    const ssize_t size = ::sendmsg(op.fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && would_block(errno)) return false;
    if (size < 0) {
      // What was taken before counts; the next send says what is wrong.
      complete(op, rest.sent > 0 ? rest.sent : -errno, completed);
      return true;
    }
    rest.sent += static_cast<std::int32_t>(size);
    advance(rest.pieces, static_cast<std::size_t>(size));
  }
  complete(op, rest.sent, completed);
  return true;
}

/// Returns false with errno when the descriptor cannot be watched.
bool EpollDriver::ask_kernel(int fd, Watch& watch) {
  std::uint32_t wanted = 0;
  if (watch.input != nullptr) wanted |= EPOLLIN;
  if (watch.output != nullptr) wanted |= EPOLLOUT;
  if (watch.hang_up != nullptr) wanted |= EPOLLRDHUP;
  if (wanted == watch.events) return true;
  const int call = watch.events == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  epoll_event event{};
  event.events = wanted;
  event.data.fd = fd;
  if (epoll_ctl(epoll_fd_, call, fd, &event) != 0) return false;
  watch.events = wanted;
  return true;
}

void EpollDriver::forget_if_empty(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end() || !found->second.is_empty()) return;
  CHECK(ask_kernel(fd, found->second));
  watches_.erase(found);
}

}  // namespace lepus::io
