// What is free of the limit, and who gets it.
#include "net/amqp/shared_limit.h"

#include <algorithm>

namespace lepus::amqp {

void SharedLimit::set(std::uint32_t count, std::uint32_t size) {
  count_ = count;
  size_ = size;
}

core::Credit SharedLimit::room_for(const Waiting& one, const Load& unacked) const {
  core::Credit credit{one.request.wanted};
  if (count_ > 0) {
    const std::uint64_t used = unacked.count + granted_;
    const std::uint64_t room = used < count_ ? count_ - used : 0;
    credit.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(credit.count, room));
  }
  if (size_ == 0 || one.no_ack || credit.count == 0) return credit;
  const bool fits = unacked.count == 0 || unacked.bytes + one.request.size <= size_;
  if (granted_ > 0 || !fits) return {0};
  return {1, unacked.count == 0 ? UINT32_MAX : one.request.size};
}

core::Credit SharedLimit::ask(const core::CreditRequest& request, bool no_ack,
                              const Load& unacked) {
  CHECK(request.wanted > 0);
  const core::Credit credit = room_for({request, no_ack}, unacked);
  if (credit.count == 0) waiting_.push_back({request, no_ack});
  granted_ += credit.count;
  return credit;
}

bool SharedLimit::grant_next(const Load& unacked, core::CreditGrant& grant, core::ShardId& home) {
  if (waiting_.empty()) return false;
  const Waiting& first = waiting_.front();
  const core::Credit credit = room_for(first, unacked);
  if (credit.count == 0) return false;
  grant = {first.request.queue, first.request.channel, first.request.consumer, credit};
  home = first.request.home;
  granted_ += credit.count;
  waiting_.erase(waiting_.begin());
  return true;
}

void SharedLimit::use() {
  if (granted_ > 0) --granted_;
}

void SharedLimit::give_back(std::uint32_t count) { granted_ -= std::min(granted_, count); }

void SharedLimit::forget(std::uint32_t consumer) {
  std::erase_if(waiting_,
                [consumer](const Waiting& one) { return one.request.number == consumer; });
}

}  // namespace lepus::amqp
