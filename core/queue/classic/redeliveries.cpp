// The lines of the consumers, one behind the other.
#include "core/queue/classic/redeliveries.h"

#include <deque>
#include <memory>
#include <utility>

#include "core/base/assert.h"
#include "core/queue/send_delivery.h"
#include "core/queue/shared_credit.h"

namespace lepus::core {

void Redeliveries::add(Consumer& consumer, const Redelivery& redelivery) {
  if (!consumer.redeliveries) {
    consumer.redeliveries = std::make_unique<std::deque<Redelivery>>();
    ++waiting_count_;
  }
  consumer.redeliveries->push_back(redelivery);
}

bool Redeliveries::serve(const ConsumerList& consumers, Source& source, std::size_t& budget) {
  bool has_more = false;
  for (Consumer* consumer : consumers)
    if (consumer->redeliveries) has_more |= serve_line(*consumer, source, budget);
  return has_more;
}

/// True: it can go on in the next turn.
bool Redeliveries::serve_line(Consumer& consumer, Source& source, std::size_t& budget) {
  std::deque<Redelivery>& line = *consumer.redeliveries;
  for (; !line.empty(); line.pop_front()) {
    if (consumer.paused) return false;
    const bool is_remote = consumer.local == nullptr;
    if (budget == 0 || (is_remote && host_.outbox().congested(consumer.spec.channel.shard)))
      return true;
    if (send_again(consumer, line.front(), source) == Progress::waits_for_disk) return false;
    --budget;
  }
  (void)take_all(consumer);
  return false;
}

Redeliveries::Progress Redeliveries::send_again(Consumer& consumer, const Redelivery& next,
                                                Source& source) {
  const Unacked unacked = source.find_unacked(next.sequence);
  switch (unacked.where) {
    case Unacked::Where::on_disk:
      return Progress::waits_for_disk;
    case Unacked::Where::gone:
      consumer.drop_unacked(1, 0);
      SharedCredit::give_back(host_, consumer, next.used_credit ? 1 : 0);
      return Progress::sent;
    case Unacked::Where::in_memory:
      break;
  }
  CHECK(unacked.message != nullptr);
  const ConsumerSpec& spec = consumer.spec;
  Deliver delivery{spec.channel, spec.number,   queue_, next.sequence,
                   {},           host_.shard(), true,   false};
  delivery.used_credit = next.used_credit;
  delivery.delivery_count = unacked.delivery_count;
  if (unacked.delivery_count > 0) host_.counters.delivery_count.count(unacked.delivery_count);
  send_delivery(host_, consumer, delivery, MessageRef::share(unacked.message));
  return Progress::sent;
}

std::deque<Redelivery> Redeliveries::take_all(Consumer& consumer) {
  if (!consumer.redeliveries) return {};
  CHECK(waiting_count_ > 0);
  --waiting_count_;
  return std::move(*std::exchange(consumer.redeliveries, nullptr));
}

}  // namespace lepus::core
