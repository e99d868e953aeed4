// The simulated driver: ops against the SimNetwork and the SimDisk of a SimWorld. The loop above it
// is the real one and does not know.
//
// turn() never waits: it tries each op that is under way, in an order chosen by chance, and notes
// until when the loop would have slept. next_event() tells the world when this driver has something
// to do again. An op behaves as the kernel's does: accept and recv are multishot, a send goes on
// until all is taken (or a fault cuts it short), close with ops of the same descriptor under way is
// our mistake and stops the run. Received bytes live in buffers that are overwritten in the next
// turn but for those put off, so a view kept too long shows. Bytes of a write that change before it
// came back stop the run. Faults of its own: the kernel takes what is submitted in several parts,
// and completes some between; only a few ops complete in a turn; the thread stands still for a
// while.
//
// A crash of the process: abandon() of each driver and of each loop, SimNetwork::kill(), then
// SimDisk::kill() or power_cut(); after that the owners of the ops can be destroyed in any state.
#pragma once

#include <string>
#include <vector>

#include "io/sim/sim_network.h"

namespace lepus::io {

class SimDriver final : public Driver {
 public:
  explicit SimDriver(SimWorld& world);
  ~SimDriver() override;

  core::Nanos turn(OpList& submitted, std::vector<Completion>& completed,
                   core::Nanos wait_until) override;
  core::Nanos now() override { return world_.now(); }
  core::Nanos wall_now() override { return world_.wall_now(); }
  PeerName peer_name(int fd) override;
  void reset_on_close(int fd) override;
  int next_descriptor() override;
  std::size_t receive_buffers() const override { return world_.faults().buffer_count; }
  int wake_target() const override { return static_cast<int>(index_) + 1; }

  /// When the loop should run its next turn.
  core::Nanos next_event() const;
  /// Forgets what is under way: a process that died gets no completions. Its ops are not in flight
  /// any more; an open_file, allocate or unlink may still have been carried out. Loop::abandon()
  /// does the same for what the loop holds.
  void abandon();
  /// Its thread gets no time until then, whatever there is to do, and has a turn then, also when it
  /// sleeps; core::never: it gets no more time.
  void stall(core::Nanos until) {
    CHECK(until >= 0);
    stalled_until_ = until;
    woken_ = true;
  }
  /// Ops under way.
  std::size_t pending_count() const { return pending_.size(); }

 private:
  struct Pending {
    Op* op;
    core::Nanos starts;                  ///< Nothing happens before.
    std::vector<std::uint8_t> unsent{};  ///< send, write: copied as the kernel would.
    std::vector<iovec> pieces{};         ///< write, read: the same of the array.
    std::string path{};                  ///< open_file, unlink: the same.
    std::uint64_t ticket = 0;            ///< write, sync: SimDisk's.
    std::size_t sent = 0;
    bool done = false;
  };
  using Completed = std::vector<Completion>;

  void free_buffers(const Completed& deferred);
  void begin(Op& op);
  void begin_file_op(Pending& pending);
  void attempt_due(std::size_t room, Completed& completed);
  void attempt(Pending& pending, Completed& completed);
  void attempt_accept(Pending& pending, Completed& completed);
  void attempt_recv(Pending& pending, Completed& completed);
  void attempt_hang_up(Pending& pending, Completed& completed);
  void attempt_send(Pending& pending, Completed& completed);
  void attempt_shutdown(Pending& pending, Completed& completed);
  void attempt_close(Pending& pending, Completed& completed);
  void attempt_cancel(Pending& pending, Completed& completed);
  void attempt_wake(Pending& pending, Completed& completed);
  void attempt_file_op(Pending& pending, Completed& completed);
  void attempt_write(Pending& pending, Completed& completed);
  void finish(Pending& pending, Completed& completed, std::int32_t result);
  void finish_or_go_on(Pending& pending, Completed& completed, const Completion& completion);
  void maybe_reset(SimConnection& connection);
  std::size_t maybe_short(std::size_t size, unsigned percent);
  core::Nanos event_of(const Pending& pending) const;
  core::Nanos event_of_connection(const Op& op) const;

  SimWorld& world_;
  std::size_t index_;
  std::vector<Pending> pending_;
  std::vector<std::vector<std::uint8_t>> buffers_;  ///< Those in use first.
  std::size_t buffers_used_ = 0;
  core::Nanos wait_until_ = 0;
  core::Nanos stalled_until_ = 0;
  bool woken_ = false;
  bool brought_some_ = false;  ///< The last turn completed something the loop has to handle.
};

}  // namespace lepus::io
