// Confirm mode and transactions. A commit asks queues that refuse messages whether they are full
// already; if none is, it sends the publishes and settles that were kept back and is answered when
// every shard has confirmed its part, like a publisher confirm.
//
//   commit -> check_room() -> [answers] -> carry_out_commit() -> [confirms] -> commit-ok
//                                 full: 406, nothing done    refused: 406, the rest is done
#include <map>
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
  check_room();
  return std::nullopt;
}

namespace {

bool may_refuse(const core::QueueInfo& queue) {
  const core::QueueArguments& rules = queue.effective;
  return rules.overflow != core::Overflow::drop_head &&
         (rules.max_length || rules.max_length_bytes);
}

}  // namespace

/// What the answer was may be different when the messages come, on another shard.
void Channel::check_room() {
  std::map<core::QueueId, core::CheckRoom> wanted;
  core::RouteResult route;
  const core::Message* before = nullptr;
  for (const Publishing& publish : tx_publishes_) {
    const core::Message& message = *publish.message;
    const bool same = before != nullptr && !route.needs_headers() && publish.more_keys.empty() &&
                      before->exchange() == message.exchange() &&
                      before->routing_key() == message.routing_key();
    if (!same) {
      route.clear();
      route_content(publish, route);
    }
    before = publish.more_keys.empty() ? &message : nullptr;
    for (const core::QueueInfo* queue : route) {
      if (!may_refuse(*queue) || publish.immediate) continue;
      core::CheckRoom& check =
          wanted.try_emplace(queue->id, core::CheckRoom{queue->id, ref_, 0, 0}).first->second;
      ++check.count;
      check.bytes += message.body_size();
    }
  }
  pending_.answers_due = static_cast<std::uint32_t>(wanted.size()) + 1;  // One is ours.
  for (const auto& [id, check] : wanted) {
    if (state_ != State::open || !pending_.active) return;  // One was full.
    const core::QueueInfo* queue = broker().topology().find_queue(id);
    CHECK(queue != nullptr);
    broker().send(queue->home, check);
  }
  if (pending_.active) on_room_answer(nullptr);
}

/// Later answers find the channel closed.
void Channel::on_room_answer(const core::AmqpError* refusal) {
  CHECK(pending_.answers_due > 0);
  if (refusal != nullptr) return fail_commit();
  if (--pending_.answers_due == 0) carry_out_commit();
}

void Channel::fail_commit() {
  (void)take_pending();
  connection_.raise(*this, {ReplyCode::precondition_failed, "partial tx completion", class_tx,
                            method_id_of(MethodId::tx_commit)});
}

void Channel::carry_out_commit() {
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
}

/// Here all is in one turn; elsewhere it may come in several.
void Channel::bracket(bool begins) {
  for (core::ShardId shard = 0; shard < broker().topology().shard_count(); ++shard)
    if (shard != broker().shard()) broker().outbox().send(shard, core::Transaction{begins});
}

/// Called once the confirms that came were counted.
void Channel::finish_commit_when_done() {
  if (!pending_.active || pending_.method != MethodId::tx_commit || !confirms_.all_done()) return;
  if (pending_.answers_due > 0) return;
  if (tx_refused_) return fail_commit();
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
