// Confirm mode and transactions. A commit sends the publishes and settles that were kept back and
// is answered when every shard has confirmed its part, like a publisher confirm.
#include <set>
#include <utility>

#include "net/amqp/channel_impl.h"

namespace lepus::amqp {

using core::AmqpError;
using core::ReplyCode;

Channel::Outcome Channel::on(const ConfirmSelect& select) {
  if (transactional_)
    return AmqpError{ReplyCode::precondition_failed, "cannot switch from tx to confirm mode"};
  confirming_ = true;
  if (!select.no_wait) send(ConfirmSelectOk{});
  return std::nullopt;
}

Channel::Outcome Channel::on(const TxSelect&) {
  if (confirming_)
    return AmqpError{ReplyCode::precondition_failed, "cannot switch from confirm to tx mode"};
  transactional_ = true;
  send(TxSelectOk{});
  return std::nullopt;
}

Channel::Outcome Channel::on(const TxCommit&) {
  if (!transactional_)
    return AmqpError{ReplyCode::precondition_failed, "channel is not transactional"};
  expect(MethodId::tx_commit, false, {});
  bracket(true);
  for (Publishing& publish : std::exchange(tx_publishes_, {})) send_message(std::move(publish));
  tx_limited_ = {};
  std::set<core::ShardId> homes;
  for (const core::Outcome outcome :
       {core::Outcome::acknowledged, core::Outcome::rejected, core::Outcome::requeued}) {
    const auto entries = std::exchange(tx_settles_[static_cast<std::size_t>(outcome)], {});
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
  return std::nullopt;
}

/// Here all is in one turn; elsewhere it may come in several.
void Channel::bracket(bool begins) {
  for (core::ShardId shard = 0; shard < broker().topology().shard_count(); ++shard)
    if (shard != broker().shard()) broker().outbox().send(shard, core::Transaction{begins});
}

/// Called once the confirms that came were counted.
void Channel::finish_commit_when_done() {
  if (!pending_.active || pending_.method != MethodId::tx_commit || !confirms_.all_done()) return;
  (void)take_pending();
  send(TxCommitOk{});
}

/// Publishes are forgotten; what was acknowledged is unacknowledged again.
Channel::Outcome Channel::on(const TxRollback&) {
  if (!transactional_)
    return AmqpError{ReplyCode::precondition_failed, "channel is not transactional"};
  tx_publishes_.clear();
  unacked_.put_back(take_tx_settles());
  send(TxRollbackOk{});
  return std::nullopt;
}

/// Until the commit they are outstanding: for the shared limit, and when the channel ends.
std::vector<core::UnackedWindow::Entry> Channel::take_tx_settles() {
  std::vector<core::UnackedWindow::Entry> entries;
  for (auto& part : tx_settles_) {
    entries.insert(entries.end(), part.begin(), part.end());
    part.clear();
  }
  tx_limited_ = {};
  return entries;
}

}  // namespace lepus::amqp
