// At once, or a piece a turn.
#include "core/session/session_settling.h"

#include <string>

#include "core/broker/broker.h"
#include "core/session/session_listener.h"

namespace lepus::core {

Refusal SessionSettling::settle_up_to(const Origin& origin, std::uint64_t tag, Outcome outcome) {
  const std::optional<std::size_t> count = parts_.unacked.count_up_to(tag);
  if (!count) return precondition_failed("unknown delivery tag " + std::to_string(tag));
  const std::uint64_t last_tag = tag == 0 ? parts_.unacked.next_tag() - 1 : tag;
  begin(origin, {last_tag, Batch::Kind::settle, outcome}, *count);
  return std::nullopt;
}

void SessionSettling::recover(const Origin& origin, bool requeue) {
  const Batch::Kind kind = requeue ? Batch::Kind::recover : Batch::Kind::deliver_again;
  begin(origin, {parts_.unacked.next_tag() - 1, kind, Outcome::returned},
        *parts_.unacked.count_up_to(0));
}

void SessionSettling::begin(const Origin& origin, const Batch& batch, std::size_t count) {
  CHECK(!linked());
  CHECK(!is_abandoned_);
  batch_ = batch;
  SessionWorkList& works = parts_.link.broker.session_works();
  if (count <= works.settles_left()) {
    works.settles_left() -= count;
    const bool has_more = parts_.unacked.settle_piece(batch, count);
    CHECK(!has_more);
    return answer(origin);
  }
  parts_.requests.expect(origin, SettleRequest{});
  parts_.unacked.claim_up_to(batch.last_tag);
  if (returns()) parts_.deliveries.hold(true);
  works.add(*this);
}

bool SessionSettling::piece(std::size_t& budget) {
  CHECK(budget > 0);
  if (parts_.unacked.settle_piece(batch_, budget)) return true;
  if (budget > 0) --budget;
  if (takes_newer()) return true;
  finish();
  return false;
}

/// Returns true if a recover has more to do: deliveries came since it began. A client takes all
/// that it was given before it reads recover-ok for recovered.
bool SessionSettling::takes_newer() {
  if (batch_.kind == Batch::Kind::settle) return false;
  batch_.last_tag = parts_.unacked.next_tag() - 1;
  parts_.unacked.claim_up_to(batch_.last_tag);
  return parts_.unacked.count() > 0;
}

/// The client hears of it before what its consumers get next.
void SessionSettling::finish() {
  CHECK(parts_.requests.awaits<SettleRequest>());
  parts_.unacked.claim_up_to(0);
  answer(parts_.requests.finish());
  if (returns()) parts_.deliveries.hold(false);
}

void SessionSettling::answer(const Origin& origin) {
  if (batch_.kind != Batch::Kind::settle) parts_.link.listener.on_answer(origin, Recovered{});
}

void SessionSettling::abandon() {
  if (!linked()) return;
  parts_.link.broker.session_works().remove(*this);
  is_abandoned_ = batch_.kind == Batch::Kind::settle;
  if (!is_abandoned_) parts_.unacked.claim_up_to(0);
}

bool SessionSettling::carry_out_abandoned(std::size_t& budget) {
  if (!is_abandoned_) return false;
  if (parts_.unacked.settle_piece(batch_, budget)) return true;
  is_abandoned_ = false;
  parts_.unacked.claim_up_to(0);
  return false;
}

}  // namespace lepus::core
