// What queues and exchanges with rules of their own owe: delays, doubles, a single active consumer,
// counts of returns.
#include <algorithm>
#include <utility>

#include "tests/sim/oracle.h"

namespace lepus::sim {

namespace {
/// The journal keeps times in whole milliseconds.
constexpr core::Nanos restart_grain = 2 * core::nanos_per_ms;
}  // namespace

/// Promises 8 and 10.
void Oracle::judge_rules(const Identity& identity, const Arrival& arrival) {
  const Sent& message = *identity.message;
  const QueueModel& queue = model_.queue(arrival.queue);
  const core::Nanos due = message.sent_at + message.delay_ms * core::nanos_per_ms;
  const core::Nanos grain = message.sent < restarted_ ? restart_grain : 0;
  if (message.delay_ms > 0 && !message.clock_moved && judge_.time() + grain < due)
    judge_.fail(10, "queue {}: message {} came {} ns before its delay of {} ms was over",
                queue.name, message.id, due - judge_.time(), message.delay_ms);
  if (identity.delivery_count != 0 && (queue.wild || !queue.rules.counts_returns()))
    judge_.fail(10, "queue {}: message {} says that it came back {} times", queue.name, message.id,
                identity.delivery_count);
  const std::int64_t limit = queue.rules.delivery_limit;
  if (identity.delivery_count < 0 || (limit > 0 && identity.delivery_count > limit))
    judge_.fail(10, "queue {}: message {} came back {} times, {} are allowed", queue.name,
                message.id, identity.delivery_count, limit);
  if (queue.rules.deduplicates) judge_double(message, queue);
  judge_double_of_exchange(message);
  if (queue.rules.single_active) judge_single_active(arrival);
}

/// The cache is larger than the number of ids: nothing is forgotten but by a restart.
void Oracle::judge_double(const Sent& message, const QueueModel& queue) {
  if (message.double_id.empty() || message.sent < restarted_) return;
  const auto [first, is_new] =
      first_of_doubles_.try_emplace({queue.index, message.double_id}, message.id);
  if (!is_new && first->second != message.id)
    judge_.fail(10, "queue {}: messages {} and {} are doubles ('{}')", queue.name, first->second,
                message.id, message.double_id);
}

/// What an exchange let through to several queues is one message.
void Oracle::judge_double_of_exchange(const Sent& message) {
  const ExchangeModel* exchange = model_.find_exchange(message.address.exchange);
  if (exchange == nullptr || !exchange->deduplicates || exchange->wild) return;
  if (message.double_id.empty() || message.sent < restarted_) return;
  const auto [first, is_new] =
      first_of_exchange_.try_emplace({exchange->name, message.double_id}, message.id);
  if (!is_new && first->second != message.id)
    judge_.fail(10, "exchange {}: messages {} and {} are doubles ('{}')", exchange->name,
                first->second, message.id, message.double_id);
}

bool Oracle::has_double(const Sent& message, bool in_exchange) const {
  return std::any_of(messages_.begin(), messages_.end(), [&](const auto& other) {
    return other->id != message.id && other->double_id == message.double_id &&
           (!in_exchange || other->address.exchange == message.address.exchange);
  });
}

/// Dead letters of others, too, may have been there before.
bool Oracle::may_be_double(const Sent& message, const QueueModel& queue) const {
  if (message.double_id.empty()) return false;
  const ExchangeModel* exchange = model_.find_exchange(message.address.exchange);
  if (exchange != nullptr && exchange->deduplicates && has_double(message, true)) return true;
  if (!queue.rules.deduplicates) return false;
  for (std::uint32_t i = 0; i < model_.queue_count(); ++i)
    if (model_.queue(i).rules.dead_letter_to == queue.name) return true;
  return has_double(message, false);
}

/// Nobody else, whose channel is surely alive, has deliveries of his own: another consumer follows
/// when one is gone, or has settled everything and is of lower priority.
void Oracle::judge_single_active(const Arrival& arrival) {
  if (arrival.consumer == nullptr || arrival.ghost || arrival.holder->at_risk()) return;
  // Cancelled, it may read what was on its way; so may one that has nothing to settle.
  if (arrival.consumer->active.state() != Presence::present || arrival.no_ack) return;
  const QueueModel& queue = model_.queue(arrival.queue);
  for (const auto& [id, copy] : queue.copies) {
    if (copy.state != Copy::State::held || copy.consumer == nullptr) continue;
    if (copy.consumer == arrival.consumer || copy.holder == nullptr) continue;
    const bool is_alive = copy.consumer->active.state() == Presence::present &&
                          copy.consumer->channel != nullptr && !copy.holder->at_risk();
    if (is_alive)
      judge_.fail(8, "queue {} has two active consumers: message {} is with another", queue.name,
                  id);
  }
}

/// What its consumer is to get again goes to nobody else while that consumer is there.
void Oracle::judge_recipient(Copy& copy, MessageId id, const Arrival& arrival) {
  const ConsumerModel* consumer = std::exchange(copy.owed_to, nullptr);
  if (consumer == nullptr || consumer == arrival.consumer || arrival.ghost) return;
  if (arrival.holder->at_risk()) return;
  const bool is_alive = consumer->active.state() == Presence::present &&
                        consumer->channel != nullptr && !consumer->channel->at_risk();
  if (is_alive)
    judge_.fail(8, "queue {}: message {} was to come to its own consumer again",
                model_.queue(arrival.queue).name, id);
}

void Oracle::owe_held() {
  for (const auto& message : messages_) {
    if (!message->is_held || !message->processed || message->revoked) continue;
    const bool survives_restart =
        message->persistent && message->durable && message->sent > forgiven_;
    if (message->sent < restarted_ && !survives_restart) continue;
    for (const std::uint32_t index : model_.route(message->address, message->sent).must) {
      QueueModel& queue = model_.queue(index);
      Copy& copy = queue.copies[message->id];
      copy.must = is_owed(*message, queue, copy);
    }
  }
}

}  // namespace lepus::sim
