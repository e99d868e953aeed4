// Confirms and transactions: the two modes in which publishes are numbered, and the commit. What a
// transaction collects, asks and hands out is core/session/session_transaction.h; the shards
// confirm their parts of a commit like publisher confirms.
//
//   commit() -> count_piece() ... -> ask_room() -> [answers]    full: 406, nothing is done
//   carry_out() -> piece() ... -> [confirms] -> Committed       refused: 406, the rest is done
//
//   roll_back() -> piece() ... -> RolledBack
//
// A commit takes a piece a turn, together with those of other sessions, and so does a rollback.
// Each shard that takes part keeps its batch open from the first piece to the last: after a crash
// the commit is there or not, as a whole.
#pragma once

#include <memory>
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
  /// Publishes are forgotten; what was settled is unacknowledged again. Answered by RolledBack.
  Refusal roll_back(const Origin& origin);

  /// 406 when a message with a body of so many bytes would make the transaction larger than one may
  /// be.
  Refusal check_size(std::uint64_t body_size) const;
  /// A message came in complete: it goes to its queues now or at the commit.
  void publish(ClientPublish&& publish);
  /// Messages wait for the commit.
  bool has_publishes() const { return parts_.transaction.publish_count() > 0; }
  /// What messages occupy that are being received, or wait for the commit.
  std::uint64_t content_bytes() const {
    return parts_.transaction.publish_bytes() + parts_.publishes.content_bytes();
  }
  /// One of the queues asked by a commit.
  void on_room_answer(bool is_full);
  /// The session ends: nobody waits for what is under way.
  void abandon();
  /// After abandon(): a commit that is being carried out is carried out to its end, as long as the
  /// budget lasts. Returns true if there is more.
  [[nodiscard]] bool carry_out_abandoned(std::size_t& budget);
  /// Appends what can be told of publishes; in a transaction nothing, its commit goes on.
  void take_acks(std::vector<ConfirmWindow::Ack>& out);

 private:
  void send(ClientPublish&& publish);
  bool count_piece(std::size_t& budget);
  void ask_room();
  void carry_out();
  bool piece(std::size_t& budget) override;
  bool roll_back_piece(std::size_t& budget);
  bool settle_piece(std::size_t& budget);
  void publish_for_nobody(ClientPublish&& publish);
  void bracket(bool begins);
  void finish_when_done();
  void fail();

  Parts parts_;
  /// Of a commit: where what was settled is homed. Null: nothing was yet.
  std::unique_ptr<std::set<ShardId>> homes_;
  bool is_putting_back_ = false;  ///< A rollback has no publishes left.
  bool is_abandoned_ = false;     ///< A commit is to be carried out to its end, for nobody.
};

}  // namespace lepus::core
