// Confirm mode and transactions. What a transaction collects, asks and hands out at its commit is
// core/session/session_transaction.h; the shards confirm their parts like publisher confirms.
//
//   commit -> check_room() -> [answers] -> carry_out_commit() -> [confirms] -> commit-ok
//                                 full: 406, nothing done    refused: 406, the rest is done
#include <set>
#include <utility>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

Channel::Outcome Channel::on(const ConfirmSelect& select) {
  if (transaction_.is_on())
    return AmqpError{ReplyCode::precondition_failed, "cannot switch from tx to confirm mode"};
  confirming_ = true;
  if (!select.no_wait) send(ConfirmSelectOk{});
  return std::nullopt;
}

Channel::Outcome Channel::on(const TxSelect&) {
  if (confirming_)
    return AmqpError{ReplyCode::precondition_failed, "cannot switch from confirm to tx mode"};
  transaction_.select();
  send(TxSelectOk{});
  return std::nullopt;
}

Channel::Outcome Channel::on(const TxCommit&) {
  if (!transaction_.is_on())
    return AmqpError{ReplyCode::precondition_failed, "channel is not transactional"};
  expect(MethodId::tx_commit, false, core::CommitRequest{});
  check_room();
  return std::nullopt;
}

/// A queue of this shard answers at once, and the first that is full ends it.
void Channel::check_room() {
  const auto checks = transaction_.begin_commit(broker().topology(), connection_.vhost(), ref_);
  for (const core::SessionTransaction::RoomCheck& check : checks) {
    if (transaction_.state() != core::SessionTransaction::State::checking_room) return;
    broker().send(check.home, check.command);
  }
  if (transaction_.state() == core::SessionTransaction::State::checking_room) on_room_answer(false);
}

void Channel::on_room_answer(bool is_full) {
  switch (transaction_.on_room_answer(is_full)) {
    case core::SessionTransaction::Room::awaited:
      return;
    case core::SessionTransaction::Room::full:
      return fail_commit();
    case core::SessionTransaction::Room::available:
      return carry_out_commit();
  }
}

void Channel::fail_commit() {
  finish_request();
  connection_.raise(*this, {ReplyCode::precondition_failed, "partial tx completion", class_tx,
                            method_id_of(MethodId::tx_commit)});
}

void Channel::carry_out_commit() {
  bracket(true);
  for (core::ClientPublish& publish : transaction_.take_publishes())
    send_message(std::move(publish));
  std::set<core::ShardId> homes;
  for (const auto& [outcome, entries] : transaction_.take_settles()) {
    for (const core::UnackedWindow::Entry& entry : entries) homes.insert(entry.home);
    settle_entries(entries, outcome);
  }
  for (const core::ShardId home : homes) {
    const std::uint64_t number = confirms_.next_number();
    confirms_.expect(1);
    broker().send(home, core::Barrier{ref_, number});
  }
  bracket(false);
  connection_.server().write_acks_later(*this);
}

/// Here all is in one turn; elsewhere it may come in several.
void Channel::bracket(bool begins) {
  for (core::ShardId shard = 0; shard < broker().topology().shard_count(); ++shard)
    if (shard != broker().shard()) broker().outbox().send(shard, core::Transaction{begins});
}

/// Called once the confirms that came were counted.
void Channel::finish_commit_when_done() {
  if (transaction_.state() != core::SessionTransaction::State::committing || !confirms_.all_done())
    return;
  if (!transaction_.finish_commit()) return fail_commit();
  finish_request();
  send(TxCommitOk{});
}

/// Publishes are forgotten; what was acknowledged is unacknowledged again.
Channel::Outcome Channel::on(const TxRollback&) {
  if (!transaction_.is_on())
    return AmqpError{ReplyCode::precondition_failed, "channel is not transactional"};
  unacked_.put_back(transaction_.roll_back());
  send(TxRollbackOk{});
  return std::nullopt;
}

}  // namespace lepus::amqp
