// Which kind's rules count for a queue.
#include "core/queue_kinds.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

QueueInfo of(QueueType type, bool single_active = false) {
  QueueSpec spec;
  spec.parsed.edit().queue_type = type;
  spec.parsed.edit().single_active_consumer = single_active;
  return QueueInfo{spec};
}

TEST(QueueKindRules, GetIsRefusedByStreamsAndSomeQuorumQueues) {
  EXPECT_FALSE(refuse_get(of(QueueType::classic, true), "q"));
  EXPECT_FALSE(refuse_get(of(QueueType::quorum), "q"));
  EXPECT_EQ(refuse_get(of(QueueType::quorum, true), "q")->code, ReplyCode::resource_locked);
  EXPECT_EQ(refuse_get(of(QueueType::stream), "q")->code, ReplyCode::not_implemented);
}

TEST(QueueKindRules, OnlyAStreamHasReaders) {
  const StreamConsumerRequest request{{}, "t", "q", false, true};
  const auto stream = read_kind_arguments(of(QueueType::stream), request);
  ASSERT_TRUE(stream.ok());
  EXPECT_NE(stream.value(), nullptr);
  const auto quorum = read_kind_arguments(of(QueueType::quorum), request);
  ASSERT_TRUE(quorum.ok());
  EXPECT_EQ(quorum.value(), nullptr);
}

TEST(QueueKindRules, WhatIsReadBackOfTheirRecords) {
  QueueArguments arguments;
  EXPECT_EQ(recovery_rule(arguments).level_max, 0U);
  EXPECT_EQ(recovery_rule(arguments).time_step_ms, 0U);
  arguments.max_priority = 7;
  arguments.message_ttl_ms = 5;
  EXPECT_EQ(recovery_rule(arguments).level_max, 7U);
  EXPECT_EQ(recovery_rule(arguments).time_step_ms, 1U);
  arguments.queue_type = QueueType::stream;
  EXPECT_EQ(recovery_rule(arguments).level_max, 255U);
  EXPECT_EQ(recovery_rule(arguments).time_step_ms, 1000U);
}

}  // namespace
}  // namespace lepus::core
