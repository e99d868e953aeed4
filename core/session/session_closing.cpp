// The phases, each as far as the budget goes.
#include "core/session/session_closing.h"

#include "core/broker/broker.h"
#include "core/session/session_listener.h"

namespace lepus::core {

void SessionClosing::begin(bool waits) {
  waits_ = waits;
  parts_.commits.abandon();
  parts_.settling.abandon();
  parts_.deliveries.end_flow();
  SessionWorkList& works = parts_.link.broker.session_works();
  if (works.left_at_once() == 0 || piece(works.left_at_once())) works.add(*this);
}

bool SessionClosing::piece(std::size_t& budget) {
  CHECK(budget > 0);
  CHECK(phase_ != Phase::answers);
  for (; phase_ != Phase::answers; phase_ = static_cast<Phase>(static_cast<int>(phase_) + 1))
    if (work_on_phase(budget)) return true;
  if (budget > 0) --budget;
  end_when_answered();
  return false;
}

/// Returns true if there is more to do in this phase, and the budget is used up.
bool SessionClosing::work_on_phase(std::size_t& budget) {
  switch (phase_) {
    case Phase::commit:
      return parts_.commits.carry_out_abandoned(budget);
    case Phase::settle:
      return parts_.settling.carry_out_abandoned(budget);
    case Phase::forget:
      return parts_.transaction.drop_publishes(budget);
    case Phase::pause:
    case Phase::leave:
      return visit_consumers(budget);
    case Phase::give_back:
      return parts_.unacked.give_back_piece(budget);
    case Phase::answers:
      break;
  }
  return false;
}

bool SessionClosing::visit_consumers(std::size_t& budget) {
  const SessionConsumers& consumers = parts_.deliveries.consumers();
  for (; next_consumer_ < consumers.slot_count(); ++next_consumer_) {
    if (budget == 0) return true;
    --budget;
    if (!consumers.contains(next_consumer_) || !consumers.at(next_consumer_).has_handle()) continue;
    if (phase_ == Phase::leave || consumers.at(next_consumer_).no_ack) {
      leave(next_consumer_);
    } else {
      parts_.deliveries.pause_for_good(next_consumer_);
    }
  }
  next_consumer_ = 0;
  return false;
}

/// A queue of this shard answers within the call.
void SessionClosing::leave(std::uint32_t number) {
  if (waits_) ++answers_due_;
  parts_.deliveries.leave(number, waits_ ? parts_.link.ref : ChannelRef{});
}

void SessionClosing::on_answer() {
  if (answers_due_ == 0) return;
  --answers_due_;
  end_when_answered();
}

void SessionClosing::stop_waiting() {
  waits_ = false;
  end_when_answered();
}

void SessionClosing::finish() {
  if (linked()) {
    parts_.link.broker.session_works().remove(*this);
    std::size_t unlimited = SIZE_MAX;
    (void)piece(unlimited);
  }
  stop_waiting();
}

void SessionClosing::end_when_answered() {
  if (is_done_ || phase_ != Phase::answers || (waits_ && answers_due_ > 0)) return;
  is_done_ = true;
  parts_.link.listener.on_closed();
}

}  // namespace lepus::core
