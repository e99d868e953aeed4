// Each op kind against the simulated network.
#include "io/sim/sim_driver.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "core/limits.h"

namespace lepus::io {
namespace {

bool is_file_op(OpKind kind) {
  switch (kind) {
    case OpKind::write:
    case OpKind::read:
    case OpKind::sync:
    case OpKind::open_file:
    case OpKind::allocate:
    case OpKind::unlink:
      return true;
    case OpKind::accept:
    case OpKind::recv:
    case OpKind::send:
    case OpKind::shutdown_write:
    case OpKind::close:
    case OpKind::cancel:
    case OpKind::wake:
    case OpKind::poll:
    case OpKind::poll_hang_up:
      return false;
  }
  return false;
}

std::vector<std::uint8_t> gather(std::span<const iovec> pieces) {
  std::vector<std::uint8_t> all;
  for (const iovec& piece : pieces) {
    const auto* bytes = static_cast<const std::uint8_t*>(piece.iov_base);
    all.insert(all.end(), bytes, bytes + piece.iov_len);
  }
  return all;
}

}  // namespace

SimDriver::SimDriver(SimWorld& world) : world_(world), index_(world.drivers_.size()) {
  world.drivers_.push_back(this);
}

SimDriver::~SimDriver() { world_.drivers_[index_] = nullptr; }

core::Nanos SimDriver::turn(OpList& submitted, std::vector<Completion>& completed,
                            core::Nanos wait_until) {
  free_buffers(completed);
  const SimDriverFaults& faults = world_.faults().driver;
  core::Random& random = world_.driver_random();
  const std::size_t room = random.chance(faults.few_completions) ? 1 + random.below(3) : SIZE_MAX;
  do {
    std::size_t part = random.chance(faults.partial_submit) ? 1 + random.below(3) : SIZE_MAX;
    for (; part > 0 && !submitted.empty(); --part) begin(*submitted.pop());
    attempt_due(room, completed);
  } while (!submitted.empty());
  if (random.below(10'000) < faults.stall)
    stall(world_.now() +
          static_cast<core::Nanos>(random.below(static_cast<std::uint64_t>(faults.stall_ns_max))));

  brought_some_ = !completed.empty();
  woken_ = false;
  wait_until_ = wait_until;
  // A turn takes some time, as the code that runs in it would.
  world_.now_ += 100 + static_cast<core::Nanos>(world_.random().below(2000));
  return world_.now();
}

/// Until `room` of them completed.
void SimDriver::attempt_due(std::size_t room, Completed& completed) {
  CHECK(room > 0);
  const std::size_t count = pending_.size();
  const std::size_t before = completed.size();
  const std::size_t first = count == 0 ? 0 : world_.random().below(count);
  for (std::size_t i = 0; i < count && completed.size() - before < room; ++i) {
    Pending& pending = pending_[(first + i) % count];
    if (!pending.done && event_of(pending) <= world_.now()) attempt(pending, completed);
  }
  std::erase_if(pending_, [](const Pending& pending) { return pending.done; });
}

/// All but those of what the loop put off: they come first from now on.
void SimDriver::free_buffers(const Completed& deferred) {
  const std::size_t used = std::exchange(buffers_used_, 0);
  for (std::size_t i = 0; i < used; ++i) {
    const bool keeps = std::any_of(deferred.begin(), deferred.end(), [&](const Completion& waits) {
      return waits.data.data() == buffers_[i].data();
    });
    if (keeps) {
      std::swap(buffers_[i], buffers_[buffers_used_++]);
    } else {
      std::fill(buffers_[i].begin(), buffers_[i].end(), 0xDD);
    }
  }
}

PeerName SimDriver::peer_name(int fd) {
  const SimConnection* connection = world_.network().find_connection(fd);
  CHECK(connection != nullptr);
  return connection->name;
}

void SimDriver::reset_on_close(int fd) {
  SimConnection* connection = world_.network().find_connection(fd);
  CHECK(connection != nullptr);
  connection->reset_on_close = true;
}

int SimDriver::next_descriptor() {
  // The standard ones, and one for each thing that is open.
  return static_cast<int>(3 + world_.network().open_count());
}

core::Nanos SimDriver::next_event() const {
  if (woken_ || brought_some_) return stalled_until_;
  core::Nanos earliest = wait_until_;
  for (const Pending& pending : pending_) earliest = std::min(earliest, event_of(pending));
  return std::max(earliest, stalled_until_);
}

void SimDriver::begin(Op& op) {
  Pending pending{&op, world_.later()};
  if (op.kind == OpKind::send) {
    CHECK(op.iov_count > 0 && op.iov_count <= core::limits::iov_max);
    pending.unsent = gather({op.iov, op.iov_count});
  }
  if (is_file_op(op.kind)) begin_file_op(pending);
  pending_.push_back(std::move(pending));
}

void SimDriver::begin_file_op(Pending& pending) {
  const Op& op = *pending.op;
  SimDisk& disk = world_.disk();
  if (const core::Nanos delay = disk.faults().delay_ns_max; delay > 0)
    pending.starts +=
        static_cast<core::Nanos>(world_.random().below(static_cast<std::uint64_t>(delay)));
  if (op.kind == OpKind::sync) pending.ticket = disk.start_sync(op.fd);
  if (op.kind == OpKind::open_file || op.kind == OpKind::unlink) {
    CHECK(op.path != nullptr);
    pending.path = op.path;
  }
  if (op.kind != OpKind::write && op.kind != OpKind::read) return;
  CHECK(op.iov_count > 0 && op.iov_count <= core::limits::iov_max);
  pending.pieces.assign(op.iov, op.iov + op.iov_count);
  if (op.kind == OpKind::read) return;
  pending.unsent = gather(pending.pieces);
  pending.ticket = disk.start_write(op.fd, op.offset, pending.pieces);
}

void SimDriver::abandon() {
  SimDisk& disk = world_.disk();
  for (Pending& pending : pending_) {
    Op& op = *pending.op;
    CHECK(op.in_flight);
    op.in_flight = false;
    if (!world_.random().chance(50)) continue;
    if (op.kind == OpKind::open_file) (void)disk.open_without_sync(pending.path, op.mode);
    if (op.kind == OpKind::allocate) (void)disk.allocate(op.fd, op.offset + op.length);
    if (op.kind == OpKind::unlink) (void)disk.remove(pending.path);
  }
  pending_.clear();
}

// ---- when can it go on ----

core::Nanos SimDriver::event_of(const Pending& pending) const {
  const Op& op = *pending.op;
  core::Nanos event = 0;
  switch (op.kind) {
    case OpKind::accept: {
      const SimNetwork::Listener* listener = world_.network().find_listener(op.fd);
      CHECK(listener != nullptr);
      event = listener->waiting.empty() ? core::never : listener->waiting.front().arrives;
      break;
    }
    case OpKind::recv:
    case OpKind::send:
    case OpKind::poll_hang_up:
      event = event_of_connection(op);
      break;
    case OpKind::poll:
      event = core::never;
      break;
    case OpKind::shutdown_write:
    case OpKind::close:
    case OpKind::cancel:
    case OpKind::wake:
    case OpKind::write:
    case OpKind::read:
    case OpKind::sync:
    case OpKind::open_file:
    case OpKind::allocate:
    case OpKind::unlink:
      break;
  }
  return std::max(event, pending.starts);
}

core::Nanos SimDriver::event_of_connection(const Op& op) const {
  const SimConnection* connection = world_.network().find_connection(op.fd);
  CHECK(connection != nullptr);
  if (connection->reset) return 0;
  if (op.kind == OpKind::recv) return connection->inbound.next_arrival();
  // The end of the peer's bytes is seen behind bytes that nobody reads.
  if (op.kind == OpKind::poll_hang_up) return connection->inbound.end_arrival();
  CHECK(op.kind == OpKind::send);
  if (!connection->client_open) return 0;
  return connection->outbound.size() < world_.faults().outbound_max ? 0 : core::never;
}

// ---- do it ----

void SimDriver::attempt(Pending& pending, Completed& completed) {
  switch (pending.op->kind) {
    case OpKind::accept:
      return attempt_accept(pending, completed);
    case OpKind::recv:
      return attempt_recv(pending, completed);
    case OpKind::send:
      return attempt_send(pending, completed);
    case OpKind::shutdown_write:
      return attempt_shutdown(pending, completed);
    case OpKind::close:
      return attempt_close(pending, completed);
    case OpKind::cancel:
      return attempt_cancel(pending, completed);
    case OpKind::wake:
      return attempt_wake(pending, completed);
    case OpKind::poll:
      return;
    case OpKind::poll_hang_up:
      return attempt_hang_up(pending, completed);
    case OpKind::write:
    case OpKind::read:
    case OpKind::sync:
    case OpKind::open_file:
    case OpKind::allocate:
    case OpKind::unlink:
      return attempt_file_op(pending, completed);
  }
}

void SimDriver::attempt_accept(Pending& pending, Completed& completed) {
  if (world_.random().chance(world_.faults().accept_error)) {
    return finish(pending, completed, -EMFILE);
  }
  SimNetwork& network = world_.network();
  SimNetwork::Listener* listener = network.find_listener(pending.op->fd);
  CHECK(listener != nullptr && !listener->waiting.empty());
  const int fd = network.add_connection(std::move(listener->waiting.front().connection));
  listener->waiting.pop_front();
  finish_or_go_on(pending, completed, {pending.op, fd, true, {}});
}

void SimDriver::attempt_recv(Pending& pending, Completed& completed) {
  SimConnection& connection = *world_.network().find_connection(pending.op->fd);
  maybe_reset(connection);
  if (connection.reset) return finish(pending, completed, -ECONNRESET);
  const core::Nanos now = world_.now();
  const std::size_t readable = connection.inbound.readable(now);
  if (readable == 0) {
    CHECK(connection.inbound.at_end(now));
    return finish(pending, completed, 0);
  }
  const SimFaults& faults = world_.faults();
  if (buffers_used_ == faults.buffer_count || world_.random().chance(faults.no_buffers)) {
    return finish(pending, completed, -ENOBUFS);
  }
  if (buffers_used_ == buffers_.size()) buffers_.emplace_back();
  std::vector<std::uint8_t>& buffer = buffers_[buffers_used_++];
  // Exactly as large as what is received: a read past the end is one past the allocation.
  buffer = std::vector<std::uint8_t>(
      maybe_short(std::min(readable, faults.buffer_size), faults.short_read));
  const std::size_t size = connection.inbound.read(buffer.data(), buffer.size(), now);
  CHECK(size == buffer.size());
  finish_or_go_on(pending, completed,
                  {pending.op, static_cast<std::int32_t>(size), true, core::Bytes(buffer)});
}

void SimDriver::attempt_hang_up(Pending& pending, Completed& completed) {
  const bool reset = world_.network().find_connection(pending.op->fd)->reset;
  finish(pending, completed, reset ? POLLRDHUP | POLLHUP | POLLERR : POLLRDHUP);
}

void SimDriver::attempt_send(Pending& pending, Completed& completed) {
  SimConnection& connection = *world_.network().find_connection(pending.op->fd);
  maybe_reset(connection);
  if (!connection.client_open) connection.reset = true;
  if (connection.reset) return finish(pending, completed, -EPIPE);
  CHECK(!connection.outbound.end_written());
  const SimFaults& faults = world_.faults();
  const std::size_t left = pending.unsent.size() - pending.sent;
  const std::size_t room = faults.outbound_max - connection.outbound.size();
  const std::size_t part = maybe_short(std::min(left, room), faults.short_send);
  CHECK(part > 0);
  connection.outbound.write(core::Bytes(pending.unsent).subspan(pending.sent, part),
                            world_.later());
  pending.sent += part;
  if (part == left || world_.random().chance(faults.short_send)) {
    finish(pending, completed, static_cast<std::int32_t>(pending.sent));
  }
}

void SimDriver::attempt_shutdown(Pending& pending, Completed& completed) {
  SimConnection& connection = *world_.network().find_connection(pending.op->fd);
  if (connection.reset) return finish(pending, completed, -ENOTCONN);
  connection.outbound.write_end(world_.later());
  finish(pending, completed, 0);
}

void SimDriver::attempt_close(Pending& pending, Completed& completed) {
  for (const Pending& other : pending_) {
    const bool is_user = !other.done && other.op != pending.op && other.op->fd == pending.op->fd;
    // The fd of a wake is another number, that of an open_file is none.
    CHECK(!is_user || other.op->kind == OpKind::wake || other.op->kind == OpKind::open_file);
  }
  if (world_.disk().owns(pending.op->fd)) {
    world_.disk().close(pending.op->fd);
  } else {
    world_.network().close(pending.op->fd);
  }
  finish(pending, completed, 0);
}

void SimDriver::attempt_file_op(Pending& pending, Completed& completed) {
  const Op& op = *pending.op;
  SimDisk& disk = world_.disk();
  CHECK(is_file_op(op.kind));
  if (op.kind == OpKind::write) return attempt_write(pending, completed);
  std::int32_t result = 0;
  if (op.kind == OpKind::read) result = disk.read_pieces(op.fd, op.offset, pending.pieces);
  if (op.kind == OpKind::sync) result = disk.finish_sync(pending.ticket);
  if (op.kind == OpKind::open_file) {
    const unsigned percent = world_.faults().driver.no_descriptor;
    const bool has_none = world_.driver_random().chance(percent);
    result = has_none ? -EMFILE : disk.open_without_sync(pending.path, op.mode);
  }
  if (op.kind == OpKind::allocate) result = disk.allocate(op.fd, op.offset + op.length);
  if (op.kind == OpKind::unlink) result = disk.remove(pending.path);
  finish(pending, completed, result);
}

void SimDriver::attempt_write(Pending& pending, Completed& completed) {
  // A kernel that reads the bytes late, or a disk that reads them twice, would have mixed them.
  CHECK(gather(pending.pieces) == pending.unsent);
  finish(pending, completed, world_.disk().finish_write(pending.ticket));
}

void SimDriver::attempt_cancel(Pending& pending, Completed& completed) {
  for (Pending& other : pending_) {
    if (other.done || other.op != pending.op->target) continue;
    // A disk that has begun is not stopped.
    if (is_file_op(other.op->kind)) return finish(pending, completed, -EALREADY);
    finish(other, completed, other.sent > 0 ? static_cast<std::int32_t>(other.sent) : -ECANCELED);
    return finish(pending, completed, 0);
  }
  finish(pending, completed, -ENOENT);
}

void SimDriver::attempt_wake(Pending& pending, Completed& completed) {
  const auto index = static_cast<std::size_t>(pending.op->fd) - 1;
  CHECK(index < world_.drivers_.size());
  if (world_.drivers_[index] == nullptr) return finish(pending, completed, -EBADF);
  world_.drivers_[index]->woken_ = true;
  finish(pending, completed, 0);
}

void SimDriver::finish(Pending& pending, Completed& completed, std::int32_t result) {
  CHECK(!pending.done);
  pending.done = true;
  completed.push_back({pending.op, result, false, {}});
}

void SimDriver::finish_or_go_on(Pending& pending, Completed& completed,
                                const Completion& completion) {
  completed.push_back(completion);
  pending.done = pending.op->once || world_.random().chance(world_.faults().multishot_end);
  completed.back().more = !pending.done;
}

void SimDriver::maybe_reset(SimConnection& connection) {
  if (world_.random().below(1000) < world_.faults().reset) connection.reset = true;
}

std::size_t SimDriver::maybe_short(std::size_t size, unsigned percent) {
  if (size <= 1 || !world_.random().chance(percent)) return size;
  return 1 + world_.random().below(size - 1);
}

}  // namespace lepus::io
