// The end of a session: all it holds is given back, a piece a turn when it is much.
//
//   begin() -> commit     one that is being carried out is carried out to its end, for nobody
//           -> settle     what the client settled and is not all settled yet
//           -> forget     publishes of a transaction
//           -> pause      consumers; those that acknowledge nothing leave
//           -> give_back  what is unacknowledged
//           -> leave      consumers
//           -> answers    of the queues they left, if that is waited for
//           -> SessionListener::on_closed(), also from within begin()
//
// A queue gets back what it delivered before it loses the consumer that had it, and the consumer
// gets nothing meanwhile: so the next single active consumer goes on in order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/broker/session_work.h"
#include "core/session/session_commits.h"
#include "core/session/session_deliveries.h"
#include "core/session/session_link.h"
#include "core/session/session_settling.h"
#include "core/session/session_transaction.h"
#include "core/session/session_unacked.h"

namespace lepus::core {

class SessionClosing final : private SessionWork {
 public:
  /// All of them outlive this object.
  struct Parts {
    const SessionLink& link;
    SessionCommits& commits;
    SessionSettling& settling;
    SessionTransaction& transaction;
    SessionDeliveries& deliveries;
    SessionUnacked& unacked;
  };
  explicit SessionClosing(const Parts& parts) : parts_(parts) {}

  /// `waits`: for the answers of the queues. What this turn has room for is done at once.
  void begin(bool waits);
  /// Answers are not waited for any more.
  void stop_waiting();
  /// All that is left is done at once, and no answer waited for.
  void finish();

  /// Returns true once everything is given back, and what was waited for has come.
  bool is_done() const { return is_done_; }
  /// Returns true while a delivery is given back together with those that came before.
  bool takes_deliveries() const { return phase_ < Phase::leave; }
  /// A Reply or a TopologyDone came: it may be that of a queue.
  void on_answer();

 private:
  enum class Phase : std::uint8_t { commit, settle, forget, pause, give_back, leave, answers };

  bool piece(std::size_t& budget) override;
  bool work_on_phase(std::size_t& budget);
  bool visit_consumers(std::size_t& budget);
  void leave(std::uint32_t number);
  void end_when_answered();

  Parts parts_;
  Phase phase_ = Phase::commit;
  bool waits_ = false;
  bool is_done_ = false;
  std::uint32_t next_consumer_ = 0;  ///< Its number; while they are paused, and while they leave.
  std::uint32_t answers_due_ = 0;
};

}  // namespace lepus::core
