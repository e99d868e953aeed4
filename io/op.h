// An operation the kernel is asked for, as a field of the component that asks.
//
//   owner fills kind, fd, ... -> loop.submit(op) -> [in_flight] -> done(owner, op, completion)
//                                                        ^                |
//                                                        +----------------+ while completion.more
//
// The owner's memory is the operation's memory: nothing is allocated per operation, and what may be
// in flight at once is bounded by what exists. Invariants: an op in flight is neither changed,
// submitted again nor destroyed (checked); `done` is never called inside Loop::submit().
#pragma once

#include <cstdint>

#include <sys/uio.h>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/limits.h"
#include "io/disk.h"

namespace lepus::io {

enum class OpKind : std::uint8_t {
  accept,          ///< fd: listener. Multishot: result >= 0 is a connected socket.
  recv,            ///< fd: socket. Multishot into the driver's buffers; see Completion. `once`: one
                   ///< buffer at most.
  send,            ///< fd, iov, iov_count: up to iov_max pieces. result: bytes taken, may be short.
  shutdown_write,  ///< fd: the peer reads the end of the stream (FIN).
  close,           ///< fd: given back; never blocks for unsent bytes.
  cancel,          ///< target: ends it with -ECANCELED (or it was done before).
  wake,            ///< fd: another driver's wake_target(); ends that driver's wait.
  poll,            ///< fd: any. Multishot: result > 0 are poll events (POLLIN). For signals.
  poll_hang_up,  ///< fd: socket that is not read. result > 0: the peer is gone, by a reset when it
                 ///< has POLLERR or POLLHUP, else (POLLRDHUP) by FIN, perhaps behind unread bytes.
  // Files; the descriptors are those of io/disk.h or of open_file.
  write,      ///< fd, offset, iov, iov_count. result: bytes written, may be short.
  read,       ///< fd, offset, iov, iov_count. result: bytes read, may be short; 0: the end.
  sync,       ///< fd: its data, and what is needed to find it again, is on the disk (fdatasync).
  open_file,  ///< path, mode. result >= 0: the descriptor. A sync of it makes a new name durable
              ///< (file systems with a journal do; Disk::open() does not rely on it).
  allocate,   ///< fd, offset, length: space is reserved, the file grows to it (fallocate).
  unlink,     ///< path: the name goes, the space once nobody has it open. After a power cut the
              ///< file may be there again (Disk::remove() is durable).
};

struct Op;

/// What became of an op. `result` < 0 is -errno.
struct Completion {
  Op* op = nullptr;
  std::int32_t result = 0;
  /// Multishot: the op is still in flight and further completions follow. False: it came back.
  bool more = false;
  /// recv with result > 0: the bytes, valid until the turn after the completion was handled.
  core::Bytes data;
};

struct Op {
  OpKind kind = OpKind::close;
  bool in_flight =
      false;  ///< Set by Loop::submit, cleared before the completion with !more is handed over.
  bool once = false;       ///< accept, recv: comes back with its first result.
  bool unlimited = false;  ///< recv only: not held to its share of a turn (io/loop.h).
  int fd = -1;
  /// send, write, read: the array stays valid until the turn that starts the op has ended (both are
  /// copied by then), the bytes it names until the op came back.
  const iovec* iov = nullptr;
  std::uint32_t iov_count = 0;
  OpenMode mode{};           ///< open_file only.
  std::uint64_t offset = 0;  ///< write, read, allocate: in the file.
  std::uint64_t length = 0;  ///< allocate; recv: bytes handed over in this turn, the loop counts.
  /// open_file, unlink: valid until the turn that starts it has ended.
  const char* path = nullptr;
  Op* target = nullptr;  ///< cancel only; must be in flight at submit.
  void* owner = nullptr;
  void (*done)(void* owner, Op& op, const Completion& completion) = nullptr;
  Op* next = nullptr;  ///< Link of the OpList while it waits to be started.

  Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;
  ~Op() { CHECK(!in_flight); }

  /// Method: void (Owner::*)(Op&, const Completion&). The owner outlives the op's flight.
  template <auto Method, class Owner>
  void bind(Owner* object) {
    owner = object;
    done = [](void* self, Op& op, const Completion& completion) {
      (static_cast<Owner*>(self)->*Method)(op, completion);
    };
  }
};

/// Connections embed several: the fields of files cost them no more than this.
static_assert(sizeof(Op) <= 80);

/// Intrusive FIFO of ops to start; never allocates. Not copied or moved: it points into itself.
class OpList {
 public:
  OpList() = default;
  OpList(const OpList&) = delete;
  OpList& operator=(const OpList&) = delete;

  bool empty() const { return head_ == nullptr; }
  void push(Op& op) {
    op.next = nullptr;
    *tail_ = &op;
    tail_ = &op.next;
  }
  /// nullptr when empty.
  Op* pop() {
    Op* op = head_;
    if (op == nullptr) return nullptr;
    head_ = op->next;
    if (head_ == nullptr) tail_ = &head_;
    op->next = nullptr;
    return op;
  }

 private:
  Op* head_ = nullptr;
  Op** tail_ = &head_;
};

}  // namespace lepus::io
