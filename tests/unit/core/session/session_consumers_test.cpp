// Numbers of consumers: given out, found by tag, used again.
#include "core/session/session_consumers.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace lepus::core {
namespace {

SessionConsumer consumer(std::string tag) {
  SessionConsumer made;
  made.tag = std::move(tag);
  return made;
}

std::string consumers_text(const SessionConsumers& consumers) {
  std::string text;
  consumers.for_each([&text](std::uint32_t number, const SessionConsumer& one) {
    text += std::to_string(number) + one.tag + " ";
  });
  return text;
}

TEST(SessionConsumers, FreeNumbersAreUsedAgain) {
  SessionConsumers consumers;
  EXPECT_EQ(consumers.add(consumer("a")), 0U);
  EXPECT_EQ(consumers.add(consumer("b")), 1U);
  EXPECT_EQ(consumers.add(consumer("c")), 2U);
  EXPECT_EQ(consumers.find("b"), 1U);
  consumers.remove(1);
  EXPECT_FALSE(consumers.contains(1));
  EXPECT_EQ(consumers.find("b"), SessionConsumers::absent);
  EXPECT_EQ(consumers.count(), 2U);
  EXPECT_EQ(consumers.at(1).tag, "b") << "for what its queue sent before";
  EXPECT_EQ(consumers.add(consumer("d")), 1U);
  EXPECT_EQ(consumers.count(), 3U);
  EXPECT_EQ(consumers_text(consumers), "0a 1d 2c ");
  EXPECT_FALSE(consumers.contains(3));
}

TEST(SessionConsumers, ManyAreFoundByTheirTags) {
  SessionConsumers consumers;
  const auto count = static_cast<std::uint32_t>(4 * limits::consumers_without_index);
  const auto tag = [](std::uint32_t number) { return "tag" + std::to_string(number); };
  for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(consumers.add(consumer(tag(i))), i);
  for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(consumers.find(tag(i)), i);
  EXPECT_EQ(consumers.find("other"), SessionConsumers::absent);
  for (std::uint32_t i = 0; i < count; i += 2) consumers.remove(i);
  for (std::uint32_t i = 0; i < count; ++i)
    EXPECT_EQ(consumers.find(tag(i)), i % 2 == 0 ? SessionConsumers::absent : i);
  const std::uint32_t again = consumers.add(consumer(tag(0)));
  EXPECT_EQ(again % 2, 0U);
  EXPECT_EQ(consumers.find(tag(0)), again);
  EXPECT_EQ(consumers.count(), count / 2 + 1);
}

TEST(SessionConsumers, AVisitMayRemoveWhatItVisits) {
  SessionConsumers consumers;
  for (const char* tag : {"a", "b", "c"}) consumers.add(consumer(tag));
  consumers.for_each([&](std::uint32_t number, const SessionConsumer& one) {
    if (one.tag != "b") consumers.remove(number);
  });
  EXPECT_EQ(consumers_text(consumers), "1b ");
}

TEST(SessionConsumers, ItsFlowIsWhatItsQueueIsTold) {
  SessionConsumer one = consumer("a");
  EXPECT_FALSE(one.has_handle());
  one.queue = QueueId{5};
  one.handle = {3, 2};
  one.paused = true;
  EXPECT_TRUE(one.has_handle());
  const ConsumerFlow flow = one.flow();
  EXPECT_EQ(flow.queue, QueueId{5});
  EXPECT_EQ(flow.consumer, (ConsumerHandle{3, 2}));
  EXPECT_TRUE(flow.paused);
  EXPECT_FALSE(flow.limited);
  EXPECT_FALSE(flow.answer_to) << "nobody is to be answered";
}

}  // namespace
}  // namespace lepus::core
