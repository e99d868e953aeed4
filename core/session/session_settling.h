// Acknowledgements, rejections and returns of many deliveries at once (basic.ack and basic.nack
// with `multiple`, basic.recover). What the turn has room for is done within the call; more is done
// a piece a turn, and the client's input held meanwhile: what it asks for next comes behind.
//
//   settle(), recover() -> done
//                       -> piece() ... -> done      many
//
// Consumers get nothing while messages go back piece by piece: the queue has all of them when it
// goes on, and so delivers them in order. What is delivered meanwhile has newer tags: basic.ack and
// basic.nack leave it, basic.recover includes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/broker/session_work.h"
#include "core/session/session_deliveries.h"
#include "core/session/session_link.h"
#include "core/session/session_requests.h"
#include "core/session/session_unacked.h"

namespace lepus::core {

class SessionSettling final : private SessionWork {
 public:
  using Origin = PendingAnswer::Origin;

  /// All of them outlive this object.
  struct Parts {
    const SessionLink& link;
    SessionRequests& requests;
    SessionDeliveries& deliveries;
    SessionUnacked& unacked;
  };
  explicit SessionSettling(const Parts& parts) : parts_(parts) {}

  struct Range {
    std::uint64_t tag = 0;
    bool multiple = false;  ///< All up to the tag, too; with tag 0 all there are, or none.
  };
  /// An unknown tag is an error (406). Nothing is answered.
  Refusal settle(const Origin& origin, const Range& range, Outcome outcome) {
    if (!range.multiple) return parts_.unacked.settle(range.tag, outcome);
    return settle_up_to(origin, range.tag, outcome);
  }
  /// Everything goes back to its queue; without `requeue` each consumer that is still there gets
  /// again what it has. Answered by Recovered.
  void recover(const Origin& origin, bool requeue);

  /// The session ends: what was settled before is settled nevertheless, for which
  /// carry_out_abandoned() is due; what was to go back goes back with all else.
  void abandon();
  /// Goes on as long as the budget lasts. Returns true if there is more.
  [[nodiscard]] bool carry_out_abandoned(std::size_t& budget);

 private:
  using Batch = SessionUnacked::Batch;

  Refusal settle_up_to(const Origin& origin, std::uint64_t tag, Outcome outcome);
  void begin(const Origin& origin, const Batch& batch, std::size_t count);
  bool piece(std::size_t& budget) override;
  bool takes_newer();
  void finish();
  void answer(const Origin& origin);
  bool returns() const { return batch_.kind != Batch::Kind::settle || requeues(batch_.outcome); }

  Parts parts_;
  Batch batch_;  ///< Of the last call, or under way.
  bool is_abandoned_ = false;
};

}  // namespace lepus::core
