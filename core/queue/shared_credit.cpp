// Requests and returns, by call or by command.
#include "core/queue/shared_credit.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace lepus::core {

bool SharedCredit::obtain(Consumer& consumer, const Demand& demand) {
  if (consumer.credit.count > 0 && demand.size <= consumer.credit.size_max) return true;
  give_up(consumer);
  if (consumer.credit_asked) return false;
  auto wanted = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(demand.ready_count, limits::deliveries_per_pump_max));
  if (consumer.spec.prefetch > 0)
    wanted = std::min(wanted, consumer.spec.prefetch - consumer.unacked_count);
  CreditRequest request{consumer.spec.channel,
                        consumer.spec.number,
                        host_.shard(),
                        queue_,
                        consumer.handle,
                        std::max(wanted, 1U),
                        static_cast<std::uint32_t>(demand.size)};
  consumer.credit_asked = true;
  if (consumer.local == nullptr) {
    host_.outbox().send(consumer.spec.channel.shard, request);
    return false;
  }
  if (const Credit granted = consumer.local->on_credit_request(request); granted.count > 0)
    grant(consumer, granted);
  return consumer.credit.count > 0;
}

void SharedCredit::grant(Consumer& consumer, const Credit& credit) {
  consumer.credit_asked = false;
  consumer.credit.count += credit.count;
  consumer.credit.size_max = credit.size_max;
  unused_count_ += credit.count;
}

void SharedCredit::return_all(Consumer& consumer) {
  const CreditReturn unused{consumer.spec.channel, std::exchange(consumer.credit, {}).count};
  CHECK(unused_count_ >= unused.count);
  unused_count_ -= unused.count;
  if (consumer.local != nullptr) {
    consumer.local->on_credit_return(unused.count);
  } else {
    host_.outbox().send(unused.channel.shard, unused);
  }
}

void SharedCredit::give_back(QueueHost& host, const Consumer& consumer, std::uint32_t count) {
  const ChannelRef& channel = consumer.spec.channel;
  if (count > 0) host.send_to_session(channel.shard, CreditReturn{channel, count});
}

}  // namespace lepus::core
