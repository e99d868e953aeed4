// One turn, in the order loop.h promises, and the decision whether it may wait.
#include "io/loop.h"

#include <algorithm>

namespace lepus::io {

namespace {

constexpr core::Nanos do_not_wait = 0;

}  // namespace

Loop::Loop(Driver& driver, IdlePolicy idle)
    : driver_(driver),
      idle_(idle),
      now_(driver.now()),
      last_work_(now_),
      timers_(now_),
      profile_(driver) {
  CHECK(idle.spin_ns >= 0);
  CHECK(idle.disk_spin_ns >= 0);
  read_wall_clock();
}

void Loop::read_wall_clock() {
  wall_read_at_ = now_;
  wall_offset_ = driver_.wall_now() - driver_.now();
}

void Loop::move_to(core::Nanos now) {
  CHECK(now >= now_);
  now_ = now;
  if (now_ - wall_read_at_ >= core::limits::wall_clock_interval) read_wall_clock();
}

void Loop::submit(Op& op) {
  CHECK(!op.in_flight);
  CHECK(op.done != nullptr);
  CHECK(op.kind != OpKind::cancel || op.target != nullptr);
  op.in_flight = true;
  ++ops_in_flight_;
  if (op.kind == OpKind::write) {
    ++writes_in_flight_;
    last_write_submit_ = now_;
  }
  submitted_.push(op);
}

void Loop::run_turn() {
  ++turn_count_;
  profile_.begin_turn();
  bool worked = hooks_ != nullptr && hooks_->drain_mailboxes();
  if (!completed_.empty()) {
    worked = true;
    profile_.enter(core::TurnJob::input);
    run_completions();
  }
  if (timers_.next_deadline() <= now_) profile_.enter(core::TurnJob::timers);
  if (timers_.run_due(now_) > 0) worked = true;
  profile_.enter(core::TurnJob::output);
  if (hooks_ != nullptr) hooks_->flush();
  const core::Nanos wait_until = prepare_wait(worked);
  const core::Nanos began_at = now_;
  // What a turn waits is not of its length.
  const bool may_wait = wait_until != do_not_wait;
  if (may_wait) profile_.end_turn(driver_.now() - began_at);
  profile_.enter(core::TurnJob::submit);
  const core::Nanos now = driver_.turn(submitted_, completed_, wait_until);
  sleep_flag_.retract();
  CHECK(submitted_.empty());
  move_to(now);
  if (!may_wait) profile_.end_turn(now_ - began_at);
}

void Loop::catch_up() { move_to(driver_.now()); }

void Loop::abandon() {
  while (Op* op = submitted_.pop()) op->in_flight = false;
  for (const Completion& completion : completed_) {
    if (!completion.more) completion.op->in_flight = false;
  }
  completed_.clear();
  ops_in_flight_ = 0;
  writes_in_flight_ = 0;
}

void Loop::run_completions() {
  input_budget_.start_turn();
  for (const Completion& completion : completed_) {
    if (completion.op->kind == OpKind::recv) completion.op->length = 0;
  }
  // Handlers submit, but only the driver appends here, so the list does not move under us.
  std::size_t deferred = 0;
  for (const Completion& completion : completed_) {
    if (is_deferred(completion)) {
      completed_[deferred++] = completion;
    } else {
      hand_over(completion);
    }
  }
  completed_.resize(deferred);
  input_budget_.end_turn();
}

bool Loop::is_deferred(const Completion& completion) {
  return completion.op->kind == OpKind::recv && input_budget_.is_exceeded_by(completion);
}

void Loop::hand_over(const Completion& completion) {
  Op& op = *completion.op;
  CHECK(op.in_flight);
  if (!completion.more) {
    CHECK(ops_in_flight_ > 0);
    --ops_in_flight_;
    if (op.kind == OpKind::write) --writes_in_flight_;
    op.in_flight = false;
  }
  if (op.kind < OpKind::write) return op.done(op.owner, op, completion);
  const core::TurnScope scope(&profile_, core::TurnJob::files);
  op.done(op.owner, op, completion);
}

std::size_t Loop::free_receive_buffers() const {
  const std::size_t count = driver_.receive_buffers();
  return count - std::min(count, completed_.size());
}

bool Loop::has_work_left(bool worked) {
  // The first turn binds the driver to this thread: before that, a wake could not reach it.
  if (turn_count_ == 1) return true;
  if (!completed_.empty()) return true;
  if (hooks_ != nullptr && !hooks_->may_sleep()) return true;
  switch (idle_.mode) {
    case IdleMode::sleep:
      return is_write_due();
    case IdleMode::adaptive:
      return worked || now_ - last_work_ < idle_.spin_ns || is_write_due();
    case IdleMode::poll:
      return true;
  }
  return true;
}

bool Loop::is_write_due() const {
  return writes_in_flight_ > 0 && now_ - last_write_submit_ < idle_.disk_spin_ns;
}

core::Nanos Loop::prepare_wait(bool worked) {
  if (worked) last_work_ = now_;
  if (has_work_left(worked)) return do_not_wait;
  if (hooks_ != nullptr) {
    sleep_flag_.announce();
    if (hooks_->drain_mailboxes()) {
      sleep_flag_.retract();
      last_work_ = now_;
      hooks_->flush();
      return do_not_wait;
    }
  }
  profile_.note_sleep();
  const core::Nanos deadline = timers_.next_deadline();
  if (idle_.sleep_max_ns == core::never) return deadline;
  return std::min(deadline, now_ + idle_.sleep_max_ns);
}

}  // namespace lepus::io
