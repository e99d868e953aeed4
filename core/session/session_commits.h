// Confirms and transactions: the two modes in which publishes are numbered, and the commit. What a
// transaction collects, asks and hands out is core/session/session_transaction.h; the shards
// confirm their parts of a commit like publisher confirms.
//
//   commit() -> count_piece() ... -> ask_room() -> [answers]    full: 406, nothing is done
//   carry_out() -> piece() ... -> [confirms] -> Committed       refused: 406, the rest is done
//
// A commit takes a piece a turn, together with those of other sessions. Each shard that
// takes part keeps its batch open from the first piece to the last: after a crash the commit is
// there or not, as a whole.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "core/broker/session_work.h"
#include "core/session/session_link.h"
#include "core/session/session_publishes.h"
#include "core/session/session_requests.h"
#include "core/session/session_transaction.h"
#include "core/session/session_unacked.h"

namespace lepus::core {

class SessionCommits final : private SessionWork {
 public:
  using Refusal = std::optional<AmqpError>;
  using Origin = PendingAnswer::Origin;

  struct Parts {
    const SessionLink& link;
    SessionRequests& requests;
    SessionPublishes& publishes;
    SessionUnacked& unacked;
    SessionTransaction& transaction;
  };
  explicit SessionCommits(const Parts& parts) : parts_(parts) {}

  // 406 when the other mode is on.
  Refusal select_confirms();
  Refusal select_transaction();

  // 406 when there is no transaction.
  /// Answered by Committed, or a RequestFailed.
  Refusal commit(const Origin& origin);
  /// Publishes are forgotten; what was settled is unacknowledged again.
  Refusal roll_back();

  /// A message came in complete: it goes to its queues now or at the commit.
  void publish(ClientPublish&& publish);
  /// Messages wait for the commit.
  bool has_publishes() const { return parts_.transaction.publish_count() > 0; }
  /// One of the queues asked by a commit.
  void on_room_answer(bool is_full);
  /// The session ends: a commit that is being carried out is carried out to its end, at once and
  /// for nobody.
  void abandon();
  /// Appends what can be told of publishes; in a transaction nothing, its commit goes on.
  void take_acks(std::vector<ConfirmWindow::Ack>& out);

 private:
  void send(ClientPublish&& publish);
  bool count_piece(std::size_t& budget);
  void ask_room();
  void carry_out();
  bool piece(std::size_t& budget) override;
  std::set<ShardId> settle_all();
  void bracket(bool begins);
  void finish_when_done();
  void fail();

  Parts parts_;
};

}  // namespace lepus::core
