// The order of one turn is a design:
//
//   1 mailboxes     TurnHooks::drain_mailboxes(): what other threads sent, a bounded number
//   2 completions   what the driver brought back at the end of the last turn; handlers run here.
//                   Of received bytes, what io/input_budget.h allows
//   3 timers        what is due at now()
//   4 flush         TurnHooks::flush(): the journal batch, then the send chains; both submit ops
//   5 submit, wait  one Driver::turn(): starts all ops; waits only if nothing is left to do
//
// Effects of 1-3 leave together in 4-5, so a turn costs one kernel call however much it did; the
// journal comes before the sends so that a confirm can never overtake its batch. Time is read once,
// in 5. Completions never run inside submit(): no recursion, bounded stack. Before it waits, the
// loop raises its flag and looks into the mailboxes once more (io/wakeup.h). A loop belongs to the
// thread that calls run_turn(); other threads touch only sleep_flag().
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/time.h"
#include "core/base/turn_profile.h"
#include "io/driver.h"
#include "io/input_budget.h"
#include "io/op.h"
#include "io/timers.h"
#include "io/wakeup.h"

namespace lepus::io {

/// What the owner of a loop does in each turn. A turn handles first and waits last: to leave the
/// loop after a turn, an owner must say may_sleep() == false in that turn, or the wait comes first.
class TurnHooks {
 public:
  TurnHooks() = default;
  TurnHooks(const TurnHooks&) = delete;
  TurnHooks& operator=(const TurnHooks&) = delete;
  virtual ~TurnHooks() = default;

  /// Handles a bounded number of items from all mailboxes; true: there was one. Cheap when there is
  /// none: it is called twice in a turn that sleeps.
  virtual bool drain_mailboxes() = 0;
  /// Journal batch, then send chains. May be called twice in a turn.
  virtual void flush() = 0;
  /// False: work is left (staged commands, a budget used up), so the next turn follows at once.
  virtual bool may_sleep() = 0;
};

enum class IdleMode : std::uint8_t {
  sleep,     ///< Block in the kernel as soon as nothing is left to do.
  adaptive,  ///< Ask again and again for spin_ns after the last work, then block.
  poll,      ///< Never block: for cores that run nothing else.
};
struct IdlePolicy {
  IdleMode mode = IdleMode::sleep;
  core::Nanos spin_ns = 0;
  /// A write of a file is under way: ask so long for it before blocking. A disk answers about as
  /// fast as the kernel wakes a thread; who waits for a confirm would pay for both. Not so for a
  /// sync: a worker of the kernel does it, which may need this CPU.
  core::Nanos disk_spin_ns = 0;
  /// Something is polled that does not wake the loop: it sleeps no longer.
  core::Nanos sleep_max_ns = core::never;
};

class Loop {
 public:
  Loop(Driver& driver, IdlePolicy idle);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// May be nullptr. Not owned, outlives the loop's last turn.
  void set_hooks(TurnHooks* hooks) { hooks_ = hooks; }

  /// Starts `op` at the end of this turn. It must not be in flight.
  void submit(Op& op);
  /// Monotonic time, as of the start of this turn.
  core::Nanos now() const { return now_; }
  /// Nanoseconds since 1970 are now() + this, by the system's clock as it was within the last
  /// second. It moves when that clock is set, and when the machine was suspended.
  core::Nanos wall_offset() const { return wall_offset_; }
  TimerWheel& timers() { return timers_; }
  Driver& driver() { return driver_; }

  void run_turn();
  /// For a driver whose turn() returns at once and whose waiting is done between turns (the
  /// simulation's): now() is as late as it would be after a real wait.
  void catch_up();
  /// Between turns, when a simulated process dies: ops that wait for their start or whose
  /// completion was not handed over are not in flight any more. What the driver holds is its own.
  void abandon();
  /// +1 per turn.
  std::uint64_t turn_count() const { return turn_count_; }
  /// Lengths of the turns, without what they waited, and how often they did.
  core::TurnProfile& profile() { return profile_; }
  /// Ops submitted and not yet back; 0 is the condition for destroying their owners.
  std::size_t ops_in_flight() const { return ops_in_flight_; }
  /// Receive buffers that are free once this turn ends, at least; asked from TurnHooks::flush().
  std::size_t free_receive_buffers() const;
  /// Returns true while one socket alone brings input, and has for a while (io/input_budget.h).
  bool has_lone_input() const { return input_budget_.is_lone(); }

  /// For producers on other threads: io/wakeup.h.
  SleepFlag& sleep_flag() { return sleep_flag_; }
  bool is_sleeping() const { return sleep_flag_.is_up(); }
  /// The fd of a wake op that ends this loop's sleep. Any thread.
  int wake_target() const { return driver_.wake_target(); }

 private:
  void move_to(core::Nanos now);
  void read_wall_clock();
  void run_completions();
  bool is_deferred(const Completion& completion);
  void hand_over(const Completion& completion);
  bool has_work_left(bool worked);
  bool is_write_due() const;
  core::Nanos prepare_wait(bool worked);

  Driver& driver_;
  IdlePolicy idle_;
  TurnHooks* hooks_ = nullptr;
  core::Nanos now_;
  core::Nanos wall_offset_ = 0;
  core::Nanos wall_read_at_ = 0;
  core::Nanos last_work_;
  TimerWheel timers_;
  OpList submitted_;
  std::vector<Completion> completed_;
  InputBudget input_budget_;
  core::TurnProfile profile_;
  std::uint64_t turn_count_ = 0;
  std::size_t ops_in_flight_ = 0;
  std::size_t writes_in_flight_ = 0;  ///< Of them.
  core::Nanos last_write_submit_ = 0;
  SleepFlag sleep_flag_;  ///< The only field other threads touch.
};

}  // namespace lepus::io
