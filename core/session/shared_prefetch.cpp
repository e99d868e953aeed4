// How much room the limit leaves, and which request gets it.
#include "core/session/shared_prefetch.h"

#include <algorithm>

namespace lepus::core {

void SharedPrefetch::set(std::uint32_t count, std::uint32_t size) {
  count_ = count;
  size_ = size;
}

Credit SharedPrefetch::room_for(const Waiting& waiting, const Load& unacked) const {
  Credit credit{waiting.request.wanted};
  if (count_ > 0) {
    const std::uint64_t used = unacked.count + granted_;
    const std::uint64_t room = used < count_ ? count_ - used : 0;
    credit.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(credit.count, room));
  }
  if (size_ == 0 || waiting.no_ack || credit.count == 0) return credit;
  const bool fits = unacked.count == 0 || unacked.bytes + waiting.request.size <= size_;
  if (granted_ > 0 || !fits) return {0};
  return {1, unacked.count == 0 ? UINT32_MAX : waiting.request.size};
}

Credit SharedPrefetch::request(const CreditRequest& request, bool no_ack, const Load& unacked) {
  CHECK(request.wanted > 0);
  const Credit credit = room_for({request, no_ack}, unacked);
  if (credit.count == 0) waiting_.push_back({request, no_ack});
  granted_ += credit.count;
  return credit;
}

std::optional<SharedPrefetch::Grant> SharedPrefetch::grant_next(const Load& unacked) {
  if (waiting_.empty()) return std::nullopt;
  const Waiting first = waiting_.front();
  const Credit credit = room_for(first, unacked);
  if (credit.count == 0) return std::nullopt;
  CHECK(credit.count <= first.request.wanted);
  granted_ += credit.count;
  waiting_.erase(waiting_.begin());
  const CreditRequest& request = first.request;
  return Grant{request.home, {request.queue, request.channel, request.consumer, credit}};
}

bool SharedPrefetch::consume_credit(bool no_ack) {
  if (granted_ > 0) --granted_;
  return (no_ack || limits_bytes()) && !waiting_.empty();
}

void SharedPrefetch::return_credit(std::uint32_t count) { granted_ -= std::min(granted_, count); }

void SharedPrefetch::drop_requests_of(std::uint32_t consumer) {
  std::erase_if(waiting_,
                [consumer](const Waiting& waiting) { return waiting.request.number == consumer; });
}

}  // namespace lepus::core
