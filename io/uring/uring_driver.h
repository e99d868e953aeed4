// The driver that is the kernel: one io_uring per loop.
//
//   turn(): give back the receive buffers of what was handled
//           -> one SQE per submitted op, user_data = the op's address
//           -> one io_uring_enter: submit, run deferred work, wait if asked to
//           -> one Completion per CQE, receive buffers handed out as views
//
// SINGLE_ISSUER and DEFER_TASKRUN: completions are made inside our own enter, never by an interrupt
// of our thread; so every turn enters with GETEVENTS, also when it does not wait. The ring is
// created disabled, by any thread, and enabled by the first turn(), whose thread owns it from then
// on. SUBMIT_ALL: one bad op does not hold back the others. A full completion queue loses nothing
// (NODROP): the kernel keeps the rest and the next enter brings it. No call but turn() touches the
// ring. Receive buffers are shared by all sockets: a recv that finds none ends with -ENOBUFS and
// its owner submits it again when there are (net/stream/stream_set.h).
#pragma once

#include <liburing.h>

#include <memory>
#include <string>
#include <vector>

#include "io/kernel_driver.h"

namespace lepus::io {

struct UringConfig {
  unsigned submission_entries =
      1024;  ///< Power of two. More ops in a turn are submitted in several calls.
  unsigned completion_entries = 8192;  ///< Power of two.
  unsigned buffer_count = 64;          ///< Power of two, at most 32768.
  std::size_t buffer_size = std::size_t{32} << 10;
};

class UringDriver final : public KernelDriver {
 public:
  /// nullptr: *error says what is in the way and what to do. Any thread.
  static std::unique_ptr<UringDriver> create(const UringConfig& config, std::string* error);
  /// In the owning thread; no op may be in flight.
  ~UringDriver() override;

  core::Nanos turn(OpList& submitted, std::vector<Completion>& completed,
                   core::Nanos wait_until) override;
  std::size_t receive_buffers() const override { return config_.buffer_count; }
  int wake_target() const override;

  /// Enters so far: the cost of a turn is counted in these.
  std::uint64_t enter_count() const { return enter_count_; }

 private:
  struct Key {};

 public:
  UringDriver(Key, const UringConfig& config);  ///< For create().

 private:
  int own_descriptor() const override { return ring_.ring_fd; }
  int set_up();
  int set_up_buffers();
  void enable();
  void give_back_buffers(const std::vector<Completion>& deferred);
  io_uring_sqe* next_sqe(std::vector<Completion>& completed);
  void prepare(const Op& op, io_uring_sqe* sqe);
  void prepare_send(const Op& op, io_uring_sqe* sqe);
  void prepare_transfer(const Op& op, io_uring_sqe* sqe);
  void enter(core::Nanos wait_until);
  void collect(std::vector<Completion>& completed);
  void submit_rest_of_turn(std::vector<Completion>& completed);
  std::uint8_t* buffer(unsigned index) { return buffers_ + index * config_.buffer_size; }

  UringConfig config_;
  io_uring ring_{};
  bool ring_ready_ = false;
  bool enabled_ = false;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::uint8_t* buffers_ = nullptr;
  std::size_t mapped_size_ = 0;            ///< Of buffer_ring_ and buffers_, one mapping.
  std::vector<std::uint16_t> handed_out_;  ///< Buffers in use.
  std::vector<bool> deferred_;             ///< Scratch, by buffer: not handled yet.
  std::vector<msghdr> headers_;            ///< One per SQE slot: read by the kernel at submit.
  std::uint64_t enter_count_ = 0;
};

}  // namespace lepus::io
