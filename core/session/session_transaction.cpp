// Collecting, asking for room, and handing out in the order of the commit.
#include "core/session/session_transaction.h"

#include <algorithm>
#include <utility>

namespace lepus::core {

namespace {

/// Returns true if the queue refuses messages when it is full.
bool may_refuse(const QueueInfo& queue) {
  const QueueArguments& limits = *queue.effective;
  return limits.overflow != Overflow::drop_head && (limits.max_length || limits.max_length_bytes);
}

}  // namespace

void SessionTransaction::select() {
  CHECK(state_ == State::off || state_ == State::open);
  state_ = State::open;
}

void SessionTransaction::add(ClientPublish publish) {
  CHECK(state_ == State::open);
  CHECK(publish.message->complete());
  if (!publishes_) publishes_ = std::make_unique<std::deque<ClientPublish>>();
  publish_bytes_ += publish.message->memory_size();
  publishes_->push_back(std::move(publish));
}

void SessionTransaction::add(std::span<const Entry> entries, Outcome outcome) {
  CHECK(state_ == State::open);
  UnackedWindow::Entries& later = entries_of(outcome);
  for (const Entry& entry : entries) {
    later.push_back(entry);
    if (entry.limited && !entry.returned) limited_.add(entry);
  }
}

std::size_t SessionTransaction::settle_count() const {
  std::size_t count = 0;
  for (const UnackedWindow::Entries& entries : settles_) count += entries.size();
  return count;
}

void SessionTransaction::limit_all() {
  limited_ = {};
  for (UnackedWindow::Entries& entries : settles_) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Entry& entry = entries[i];
      entry.limited = !entry.returned;
      if (entry.limited) limited_.add(entry);
    }
  }
}

void SessionTransaction::begin_roll_back() {
  CHECK(state_ == State::open);
  state_ = State::rolling_back;
}

bool SessionTransaction::drop_publishes(std::size_t& budget) {
  if (!publishes_) return false;
  for (; budget > 0 && publishes_; --budget) (void)take_publish();
  return publishes_ != nullptr;
}

UnackedWindow::Lists SessionTransaction::roll_back() {
  CHECK(state_ == State::rolling_back);
  CHECK(!publishes_);
  limited_ = {};
  return std::move(settles_);
}

void SessionTransaction::finish_roll_back() {
  CHECK(state_ == State::rolling_back);
  state_ = State::open;
}

void SessionTransaction::begin_commit() {
  CHECK(state_ == State::open);
  CHECK(checks_.empty());
  state_ = State::counting;
  counted_ = 0;
}

/// What a queue answers may be different when the messages come, on another shard; what the
/// topology says, too.
bool SessionTransaction::count_piece(const Place& place, std::size_t& budget) {
  CHECK(state_ == State::counting);
  const std::size_t end = counted_ + std::min(budget, publish_count() - counted_);
  budget -= end - counted_;
  RouteResult route;
  const ClientPublish* before = nullptr;  // Its route holds for messages with the same keys.
  for (; counted_ < end; ++counted_) {
    const ClientPublish& publish = (*publishes_)[counted_];
    const Message& message = *publish.message;
    const bool is_same = before != nullptr && publish.cc_keys.empty() && !route.needs_headers() &&
                         before->message->exchange() == message.exchange() &&
                         before->message->routing_key() == message.routing_key();
    if (!is_same) {
      route.clear();
      (void)route_publish(place.topology, place.vhost, publish, route);
    }
    before = publish.cc_keys.empty() ? &publish : nullptr;
    for (const QueueInfo* queue : route) {
      if (!may_refuse(*queue) || publish.immediate) continue;
      const RoomCheck unused{queue->home, {queue->id, place.session, 0, 0}};
      CheckRoom& check = checks_.try_emplace(queue->id, unused).first->second.command;
      ++check.count;
      check.bytes += message.body_size();
    }
  }
  return counted_ < publish_count();
}

std::vector<SessionTransaction::RoomCheck> SessionTransaction::take_checks() {
  CHECK(state_ == State::counting);
  CHECK(counted_ == publish_count());
  std::vector<RoomCheck> checks;
  for (const auto& [id, check] : std::exchange(checks_, {})) checks.push_back(check);
  state_ = State::checking_room;
  is_refused_ = false;
  room_answers_due_ = static_cast<std::uint32_t>(checks.size()) + 1;
  return checks;
}

void SessionTransaction::cancel() {
  CHECK(state_ == State::counting || state_ == State::rolling_back);
  state_ = State::open;
  checks_.clear();
}

SessionTransaction::Room SessionTransaction::on_room_answer(bool is_full) {
  CHECK(state_ == State::checking_room);
  CHECK(room_answers_due_ > 0);
  if (is_full) {
    state_ = State::open;
    return Room::full;
  }
  if (--room_answers_due_ > 0) return Room::awaited;
  state_ = State::committing;
  return Room::available;
}

ClientPublish SessionTransaction::take_publish() {
  CHECK(publish_count() > 0);
  ClientPublish publish = std::move(publishes_->front());
  publishes_->pop_front();
  if (publishes_->empty()) publishes_.reset();
  CHECK(publish_bytes_ >= publish.message->memory_size());
  publish_bytes_ -= publish.message->memory_size();
  return publish;
}

SessionTransaction::Settles SessionTransaction::take_settles(std::size_t& budget) {
  CHECK(!publishes_);
  for (const Outcome outcome : {Outcome::acknowledged, Outcome::rejected, Outcome::requeued}) {
    UnackedWindow::Entries& from = entries_of(outcome);
    if (from.empty()) continue;
    Settles taken{outcome, {}};
    taken.entries.reserve(std::min(budget, from.size()));
    for (; budget > 0 && !from.empty(); --budget) {
      const Entry entry = from.pop_front();
      if (entry.limited && !entry.returned) limited_.remove(entry);
      taken.entries.push_back(entry);
    }
    return taken;
  }
  return {Outcome::acknowledged, {}};
}

bool SessionTransaction::finish_commit() {
  CHECK(state_ == State::committing);
  CHECK(!publishes_);
  state_ = State::open;
  return !std::exchange(is_refused_, false);
}

UnackedWindow::Entries& SessionTransaction::entries_of(Outcome outcome) {
  const auto index = static_cast<std::size_t>(outcome);
  CHECK(index < settles_.size());
  return settles_[index];
}

}  // namespace lepus::core
