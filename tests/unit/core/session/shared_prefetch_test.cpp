// Who gets credit of the limit that a session's consumers share, and when.
#include "core/session/shared_prefetch.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

using Load = SharedPrefetch::Load;

CreditRequest request_of(std::uint32_t number, std::uint32_t wanted, std::uint32_t size = 1) {
  CreditRequest request{};
  request.channel = {0, 1, 1};
  request.number = number;
  request.home = static_cast<ShardId>(number);
  request.queue = QueueId{number + 100};
  request.consumer = {number, 7};
  request.wanted = wanted;
  request.size = size;
  return request;
}

TEST(SharedPrefetch, GrantsUpToTheLimitOfMessages) {
  SharedPrefetch prefetch;
  EXPECT_FALSE(prefetch.is_on());
  prefetch.set(5, 0);
  EXPECT_TRUE(prefetch.is_on());
  EXPECT_EQ(prefetch.request(request_of(1, 3), false, Load{1, 0}).count, 3U);
  EXPECT_EQ(prefetch.request(request_of(2, 3), false, Load{1, 0}).count, 1U) << "1 + 3 are taken";
  EXPECT_EQ(prefetch.request(request_of(3, 1), true, Load{1, 0}).count, 0U)
      << "a consumer without acknowledgement waits as well";
}

TEST(SharedPrefetch, TheOldestWaitingRequestIsGrantedFirst) {
  SharedPrefetch prefetch;
  prefetch.set(2, 0);
  EXPECT_EQ(prefetch.request(request_of(1, 2), false, {}).count, 2U);
  EXPECT_EQ(prefetch.request(request_of(2, 2), false, {}).count, 0U);
  EXPECT_EQ(prefetch.request(request_of(3, 1), false, {}).count, 0U);
  EXPECT_FALSE(prefetch.grant_next({})) << "all is granted";
  EXPECT_FALSE(prefetch.consume_credit(false)) << "the delivery is unacknowledged now";
  EXPECT_FALSE(prefetch.grant_next(Load{1, 1}));
  prefetch.return_credit(1);
  const auto grant = prefetch.grant_next(Load{1, 1});
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->home, 2);
  EXPECT_EQ(grant->command.queue, QueueId{102});
  EXPECT_EQ(grant->command.consumer, (ConsumerHandle{2, 7}));
  EXPECT_EQ(grant->command.credit.count, 1U) << "as much of the two as there is room for";
  EXPECT_FALSE(prefetch.grant_next(Load{1, 1}));
  EXPECT_EQ(prefetch.grant_next(Load{0, 0})->home, 3);
  EXPECT_FALSE(prefetch.grant_next(Load{0, 0})) << "nobody waits";
}

TEST(SharedPrefetch, ADeliveryWithoutAcknowledgementLeavesItsRoom) {
  SharedPrefetch prefetch;
  prefetch.set(1, 0);
  EXPECT_EQ(prefetch.request(request_of(1, 1), true, {}).count, 1U);
  EXPECT_FALSE(prefetch.consume_credit(true)) << "nobody waits";
  EXPECT_EQ(prefetch.request(request_of(1, 1), true, {}).count, 1U);
  EXPECT_EQ(prefetch.request(request_of(2, 1), false, {}).count, 0U);
  EXPECT_TRUE(prefetch.consume_credit(true));
  EXPECT_TRUE(prefetch.grant_next({}));
}

TEST(SharedPrefetch, BytesAreGrantedOneBodyAtATime) {
  SharedPrefetch prefetch;
  prefetch.set(0, 100);
  EXPECT_TRUE(prefetch.limits_bytes());
  const Credit first = prefetch.request(request_of(1, 9, 500), false, {});
  EXPECT_EQ(first.count, 1U);
  EXPECT_EQ(first.size_max, UINT32_MAX) << "with nothing unacknowledged any size goes";
  EXPECT_EQ(prefetch.request(request_of(2, 9, 10), false, {}).count, 0U) << "one is out";
  EXPECT_EQ(prefetch.request(request_of(3, 9, 10), true, {}).count, 9U)
      << "bytes do not concern a consumer without acknowledgement";
  prefetch.return_credit(9);
  EXPECT_TRUE(prefetch.consume_credit(false)) << "its size is known now";
  EXPECT_FALSE(prefetch.grant_next(Load{1, 91})) << "91 + 10 do not fit";
  const auto grant = prefetch.grant_next(Load{1, 90});
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->command.credit.size_max, 10U);
}

TEST(SharedPrefetch, ReservedCreditKeepsItsRoom) {
  SharedPrefetch prefetch;
  prefetch.set(3, 0);
  prefetch.reserve_credit(2);
  EXPECT_EQ(prefetch.request(request_of(1, 3), false, {}).count, 1U);
}

TEST(SharedPrefetch, ReturningMoreThanIsGrantedFreesNoMore) {
  SharedPrefetch prefetch;
  prefetch.set(2, 0);
  EXPECT_EQ(prefetch.request(request_of(1, 1), false, {}).count, 1U);
  prefetch.return_credit(5);
  EXPECT_EQ(prefetch.request(request_of(1, 9), false, {}).count, 2U);
}

TEST(SharedPrefetch, RequestsOfAConsumerThatLeftAreDropped) {
  SharedPrefetch prefetch;
  prefetch.set(1, 0);
  for (std::uint32_t number = 1; number <= 3; ++number)
    EXPECT_EQ(prefetch.request(request_of(number, 1), false, Load{1, 0}).count, 0U);
  prefetch.drop_requests_of(1);
  EXPECT_EQ(prefetch.grant_next({})->home, 2);
  prefetch.drop_requests();
  EXPECT_FALSE(prefetch.grant_next({}));
}

}  // namespace
}  // namespace lepus::core
