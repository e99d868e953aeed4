// The order of what was asked for ahead, and what becomes of what went to the control thread.
#include "core/session/requests_ahead.h"

#include <gtest/gtest.h>

#include <string>

namespace lepus::core {
namespace {

class RequestsAheadTest : public ::testing::Test {
 protected:
  void push(const std::string& name) {
    RequestsAhead::Entry entry;
    entry.awaited = DeclareQueueRequest{name};
    entry.request.name = name;
    ahead_.push(std::move(entry));
  }
  /// "a b! c?" of all that is left: done, failed, not decided.
  std::string rest() {
    std::string text;
    while (!ahead_.empty()) {
      const RequestsAhead::Entry entry = ahead_.pop();
      text += std::get<DeclareQueueRequest>(entry.awaited).name;
      text += entry.error ? "! " : entry.is_decided ? " " : "? ";
    }
    return text;
  }
  std::string send_until(std::string_view stop) {
    const auto sent =
        ahead_.send([&](const TopologyRequest& request) { return request.name != stop; });
    if (sent == nullptr) return "nothing";
    std::string text;
    for (const TopologyRequest& request : *sent) text += request.name;
    return text;
  }

  RequestsAhead ahead_;
};

TEST_F(RequestsAheadTest, WhatWasNotSentIsUndecided) {
  for (const char* name : {"a", "b"}) push(name);
  EXPECT_EQ(send_until("a"), "nothing");
  EXPECT_FALSE(ahead_.is_sent());
  EXPECT_EQ(rest(), "a? b? ");
}

TEST_F(RequestsAheadTest, WhatWentTogetherIsDecidedTogether) {
  for (const char* name : {"a", "b", "c"}) push(name);
  EXPECT_EQ(send_until("c"), "ab");
  EXPECT_EQ(ahead_.sent_count(), 2U);
  ahead_.on_decided(2, nullptr);
  EXPECT_EQ(rest(), "a b c? ");
}

TEST_F(RequestsAheadTest, BehindAFailureNothingWasDone) {
  for (const char* name : {"a", "b", "c", "d"}) push(name);
  EXPECT_EQ(send_until("d"), "abc");
  ahead_.on_decided(1, std::make_unique<AmqpError>(AmqpError{ReplyCode::not_found, "no"}));
  EXPECT_EQ(rest(), "a b! d? ");
}

TEST_F(RequestsAheadTest, NumberAndBytesAreBounded) {
  while (!ahead_.is_full()) push("q");
  std::size_t count = 0;
  for (; !ahead_.empty(); ++count) (void)ahead_.pop();
  EXPECT_EQ(count, limits::requests_ahead_max);
  RequestsAhead::Entry large;
  large.awaited = ChangeTopologyRequest{};
  large.request.arguments.assign(limits::requests_ahead_bytes_max, 'x');
  ahead_.push(std::move(large));
  EXPECT_TRUE(ahead_.is_full());
  (void)ahead_.pop();
  EXPECT_FALSE(ahead_.is_full());
}

TEST_F(RequestsAheadTest, ClearingForgetsWhatIsUnderWay) {
  for (const char* name : {"a", "b"}) push(name);
  EXPECT_EQ(send_until(""), "ab");
  ahead_.clear();
  EXPECT_TRUE(ahead_.empty());
  EXPECT_FALSE(ahead_.is_sent());
}

}  // namespace
}  // namespace lepus::core
