// The steps of a commit.
#include "core/session/session_commits.h"

#include <set>
#include <utility>

#include "core/broker/broker.h"
#include "core/session/session_listener.h"

namespace lepus::core {

using Counting = SessionPublishes::Counting;

SessionCommits::Refusal SessionCommits::select_confirms() {
  if (parts_.transaction.is_on())
    return precondition_failed("cannot switch from tx to confirm mode");
  parts_.publishes.set_counting(Counting::confirms);
  return std::nullopt;
}

SessionCommits::Refusal SessionCommits::select_transaction() {
  if (parts_.publishes.counting() == Counting::confirms)
    return precondition_failed("cannot switch from confirm to tx mode");
  parts_.publishes.set_counting(Counting::commit);
  parts_.transaction.select();
  return std::nullopt;
}

SessionCommits::Refusal SessionCommits::commit(const Origin& origin) {
  if (!parts_.transaction.is_on()) return precondition_failed("channel is not transactional");
  parts_.requests.expect(origin, CommitRequest{});
  check_room();
  return std::nullopt;
}

SessionCommits::Refusal SessionCommits::roll_back() {
  if (!parts_.transaction.is_on()) return precondition_failed("channel is not transactional");
  parts_.unacked.roll_back();
  return std::nullopt;
}

void SessionCommits::publish(ClientPublish&& publish) {
  if (parts_.transaction.is_on()) return parts_.transaction.add(std::move(publish));
  send(std::move(publish));
}

/// Input is held while other shards are to say whether a consumer took it: in a commit it is
/// anyway.
void SessionCommits::send(ClientPublish&& publish) {
  const bool is_asked = parts_.publishes.send(std::move(publish));
  if (is_asked && !parts_.requests.is_awaited()) parts_.requests.expect({}, PublishRequest{});
}

// --- Commit

/// A queue of this shard answers at once, and the first that is full ends it.
void SessionCommits::check_room() {
  const SessionLink& link = parts_.link;
  SessionTransaction& transaction = parts_.transaction;
  const auto checks = transaction.begin_commit(link.broker.topology(), link.owner.vhost, link.ref);
  for (const SessionTransaction::RoomCheck& check : checks) {
    if (transaction.state() != SessionTransaction::State::checking_room) return;
    link.broker.send(check.home, check.command);
  }
  if (transaction.state() == SessionTransaction::State::checking_room) on_room_answer(false);
}

void SessionCommits::on_room_answer(bool is_full) {
  switch (parts_.transaction.on_room_answer(is_full)) {
    case SessionTransaction::Room::awaited:
      return;
    case SessionTransaction::Room::full:
      return fail();
    case SessionTransaction::Room::available:
      return carry_out();
  }
}

void SessionCommits::fail() {
  CHECK(parts_.requests.awaits<CommitRequest>());
  const Origin origin = parts_.requests.finish();
  AmqpError error = precondition_failed("partial tx completion");
  error.class_id = origin.class_id;
  error.method_id = origin.method_id;
  parts_.link.listener.on_answer(origin, RequestFailed{std::move(error), {}});
}

void SessionCommits::carry_out() {
  CHECK(parts_.transaction.state() == SessionTransaction::State::committing);
  CHECK(parts_.requests.awaits<CommitRequest>());
  const SessionLink& link = parts_.link;
  bracket(true);
  for (ClientPublish& publish : parts_.transaction.take_publishes()) send(std::move(publish));
  std::set<ShardId> homes;
  for (const auto& [outcome, entries] : parts_.transaction.take_settles()) {
    for (const UnackedWindow::Entry& entry : entries) homes.insert(entry.home);
    parts_.unacked.settle_taken(entries, outcome);
  }
  ConfirmWindow& confirms = parts_.publishes.confirms();
  for (const ShardId home : homes) {
    const std::uint64_t number = confirms.next_number();
    confirms.expect(1);
    link.broker.send(home, Barrier{link.ref, number});
  }
  bracket(false);
  link.listener.on_acks_due();
}

/// Here all is in one turn; elsewhere it may come in several.
void SessionCommits::bracket(bool begins) {
  Broker& broker = parts_.link.broker;
  for (ShardId shard = 0; shard < broker.topology().shard_count(); ++shard)
    if (shard != broker.shard()) broker.outbox().send(shard, Transaction{begins});
}

void SessionCommits::take_acks(std::vector<ConfirmWindow::Ack>& out) {
  const std::size_t first = out.size();
  parts_.publishes.confirms().take_acks(out);
  if (!parts_.transaction.is_on()) return;
  for (std::size_t i = first; i < out.size(); ++i)
    if (out[i].refused) parts_.transaction.note_refused();
  out.resize(first);
  finish_when_done();
}

/// Once the confirms that came were counted.
void SessionCommits::finish_when_done() {
  if (parts_.transaction.state() != SessionTransaction::State::committing) return;
  if (!parts_.publishes.confirms().all_done()) return;
  CHECK(parts_.requests.awaits<CommitRequest>());
  if (!parts_.transaction.finish_commit()) return fail();
  const Origin origin = parts_.requests.finish();
  parts_.link.listener.on_answer(origin, Committed{});
}

}  // namespace lepus::core
