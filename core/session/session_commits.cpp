// The steps of a commit.
#include "core/session/session_commits.h"

#include <utility>

#include <fmt/format.h>

#include "core/broker/broker.h"
#include "core/session/publish/publish_counts.h"
#include "core/session/session_listener.h"

namespace lepus::core {

using Counting = SessionPublishes::Counting;

Refusal SessionCommits::select_confirms() {
  if (parts_.transaction.is_on())
    return precondition_failed("cannot switch from tx to confirm mode");
  parts_.publishes.set_counting(Counting::confirms);
  return std::nullopt;
}

Refusal SessionCommits::select_transaction() {
  if (parts_.publishes.counting() == Counting::confirms)
    return precondition_failed("cannot switch from confirm to tx mode");
  parts_.publishes.set_counting(Counting::commit);
  parts_.transaction.select();
  return std::nullopt;
}

Refusal SessionCommits::commit(const Origin& origin) {
  if (!parts_.transaction.is_on()) return precondition_failed("channel is not transactional");
  parts_.requests.expect(origin, CommitRequest{});
  parts_.transaction.begin_commit();
  std::size_t budget = limits::commit_at_once_max;
  if (count_piece(budget)) {
    parts_.link.broker.session_works().add(*this);
  } else {
    ask_room();
  }
  return std::nullopt;
}

Refusal SessionCommits::roll_back(const Origin& origin) {
  if (!parts_.transaction.is_on()) return precondition_failed("channel is not transactional");
  parts_.requests.expect(origin, RollBackRequest{});
  parts_.transaction.begin_roll_back();
  std::size_t budget = limits::commit_at_once_max;
  if (roll_back_piece(budget)) parts_.link.broker.session_works().add(*this);
  return std::nullopt;
}

bool SessionCommits::roll_back_piece(std::size_t& budget) {
  if (!is_putting_back_) {
    if (parts_.transaction.drop_publishes(budget)) return true;
    parts_.unacked.begin_roll_back();
    is_putting_back_ = true;
  }
  if (parts_.unacked.roll_back_piece(budget)) return true;
  if (budget > 0) --budget;
  is_putting_back_ = false;
  parts_.transaction.finish_roll_back();
  CHECK(parts_.requests.awaits<RollBackRequest>());
  const Origin origin = parts_.requests.finish();
  parts_.link.listener.on_answer(origin, RolledBack{});
  return false;
}

Refusal SessionCommits::check_size(std::uint64_t body_size) const {
  if (!parts_.transaction.is_on()) return std::nullopt;
  if (parts_.transaction.publish_bytes() + body_size <= limits::transaction_bytes_max)
    return std::nullopt;
  return precondition_failed(
      fmt::format("messages of a transaction would take more than {} bytes: commit more often",
                  limits::transaction_bytes_max));
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
void SessionCommits::ask_room() {
  const SessionLink& link = parts_.link;
  SessionTransaction& transaction = parts_.transaction;
  for (const SessionTransaction::RoomCheck& check : transaction.take_checks()) {
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

/// It begins at the end of this turn.
void SessionCommits::carry_out() {
  CHECK(parts_.transaction.state() == SessionTransaction::State::committing);
  CHECK(parts_.requests.awaits<CommitRequest>());
  bracket(true);
  parts_.link.broker.session_works().add(*this);
}

bool SessionCommits::count_piece(std::size_t& budget) {
  const SessionLink& link = parts_.link;
  return parts_.transaction.count_piece({link.broker.topology(), link.owner.vhost, link.ref},
                                        budget);
}

bool SessionCommits::piece(std::size_t& budget) {
  CHECK(budget > 0);
  SessionTransaction& transaction = parts_.transaction;
  if (transaction.state() == SessionTransaction::State::counting) {
    if (count_piece(budget)) return true;
    ask_room();
    return false;
  }
  if (transaction.state() == SessionTransaction::State::rolling_back)
    return roll_back_piece(budget);
  CHECK(transaction.state() == SessionTransaction::State::committing);
  for (; budget > 0 && transaction.publish_count() > 0; --budget) send(transaction.take_publish());
  if (transaction.publish_count() > 0 || settle_piece(budget)) return true;
  if (budget > 0) --budget;
  ConfirmWindow& confirms = parts_.publishes.confirms();
  const auto homes = std::exchange(homes_, nullptr);
  for (const ShardId home : homes ? *homes : std::set<ShardId>{}) {
    const std::uint64_t number = confirms.next_number();
    confirms.expect(1);
    parts_.link.broker.send(home, Barrier{parts_.link.ref, number});
  }
  bracket(false);
  parts_.link.listener.on_acks_due();
  return false;
}

/// Returns true if there is more to settle.
bool SessionCommits::settle_piece(std::size_t& budget) {
  while (budget > 0) {
    const auto [outcome, entries] = parts_.transaction.take_settles(budget);
    if (entries.empty()) return false;
    if (!homes_) homes_ = std::make_unique<std::set<ShardId>>();
    for (const UnackedWindow::Entry& entry : entries) homes_->insert(entry.home);
    parts_.unacked.settle_taken(entries, outcome);
  }
  return parts_.transaction.settle_count() > 0;
}

void SessionCommits::abandon() {
  if (!linked()) return;
  parts_.link.broker.session_works().remove(*this);
  is_abandoned_ = parts_.transaction.state() == SessionTransaction::State::committing;
  if (!is_abandoned_) parts_.transaction.cancel();
}

bool SessionCommits::carry_out_abandoned(std::size_t& budget) {
  if (!is_abandoned_) return false;
  SessionTransaction& transaction = parts_.transaction;
  for (; budget > 0 && transaction.publish_count() > 0; --budget)
    publish_for_nobody(transaction.take_publish());
  if (transaction.publish_count() > 0 || settle_piece(budget)) return true;
  is_abandoned_ = false;
  homes_.reset();
  bracket(false);
  return false;
}

/// Returns, confirms and what `immediate` asks are of no more use.
void SessionCommits::publish_for_nobody(ClientPublish&& publish) {
  const SessionLink& link = parts_.link;
  RouteResult route;
  const ExchangeInfo* exchange =
      route_publish(link.broker.topology(), link.owner.vhost, publish, route);
  count_publish(link, {publish.message->body_size(), exchange, route.size()});
  if (publish.immediate) {
    (void)link.broker.publish_at_once({&route, link.ref, 0, 1}, std::move(publish.message));
  } else {
    (void)link.broker.publish({&route, link.ref, 0}, std::move(publish.message));
  }
}

/// What comes between is of the same batch on every shard.
void SessionCommits::bracket(bool begins) {
  Broker& broker = parts_.link.broker;
  for (ShardId shard = 0; shard < broker.topology().shard_count(); ++shard)
    broker.send(shard, Transaction{begins});
}

void SessionCommits::take_acks(std::vector<ConfirmWindow::Ack>& out) {
  const std::size_t first = out.size();
  const std::uint64_t confirmed = parts_.publishes.confirms().take_acks(out);
  if (!parts_.transaction.is_on()) return parts_.link.counts.add(MessageEvent::confirm, confirmed);
  for (std::size_t i = first; i < out.size(); ++i)
    if (out[i].refused) parts_.transaction.note_refused();
  out.resize(first);
  finish_when_done();
}

/// Once the confirms that came were counted.
void SessionCommits::finish_when_done() {
  if (parts_.transaction.state() != SessionTransaction::State::committing || linked()) return;
  if (!parts_.publishes.confirms().all_done()) return;
  CHECK(parts_.requests.awaits<CommitRequest>());
  if (!parts_.transaction.finish_commit()) return fail();
  const Origin origin = parts_.requests.finish();
  parts_.link.listener.on_answer(origin, Committed{});
}

}  // namespace lepus::core
