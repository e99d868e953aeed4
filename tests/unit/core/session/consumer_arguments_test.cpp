// Arguments of consumers: values that are taken, and RabbitMQ's words for those that are not.
#include "core/session/consumer_arguments.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

class ConsumerArgumentsTest : public ::testing::Test {
 protected:
  ConsumerArgumentsTest() { queue_.name = "q"; }
  Result<ConsumerArguments> read(bool no_ack = false) {
    text_ = table_.take();
    return read_consumer_arguments({"q", "t", no_ack, false, as_bytes(text_)}, queue_, defaults_);
  }
  std::string why(bool no_ack = false) {
    const auto result = read(no_ack);
    return result.ok() ? std::string{} : result.error().detail;
  }
  QueueInfo queue_{QueueSpec{}};
  ConsumerDefaults defaults_{"/", 7 * nanos_per_s, true};
  FieldTableWriter table_;
  std::string text_;
};

TEST_F(ConsumerArgumentsTest, NothingAskedForIsThePreset) {
  const auto result = read();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value().priority, 0);
  EXPECT_EQ(result.value().timeout, 7 * nanos_per_s);
  EXPECT_EQ(result.value().stream, nullptr);
  EXPECT_EQ(read(true).value().timeout, never) << "nothing is to be acknowledged";
}

TEST_F(ConsumerArgumentsTest, TheConsumersOwnComesBeforeItsQueues) {
  queue_.effective.edit().consumer_timeout_ms = 20;
  EXPECT_EQ(read().value().timeout, 20 * nanos_per_ms);
  table_.int64("x-consumer-timeout", 30);
  table_.int64("x-priority", INT64_MAX);
  const auto result = read();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value().timeout, 30 * nanos_per_ms);
  EXPECT_EQ(result.value().priority, INT32_MAX) << "clamped";
}

TEST_F(ConsumerArgumentsTest, TooMuchIsRefused) {
  table_.text("x-other", std::string(limits::arguments_size_max, 'a'));
  EXPECT_EQ(why().substr(0, 13), "arguments of ");
  table_.text("x-other", std::string(limits::arguments_size_max - 20, 'a'));
  EXPECT_EQ(why(), "");
}

TEST_F(ConsumerArgumentsTest, WrongValuesAreRefused) {
  table_.text("x-priority", "1");
  EXPECT_EQ(why(),
            "invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected integer, got "
            "longstr\"");
  table_.int64("x-consumer-timeout", 0);
  EXPECT_EQ(why(),
            "invalid arg 'x-consumer-timeout' for queue 'q' in vhost '/': expected "
            "milliseconds, 1 or more");
  table_.text("x-stream-offset", "first");
  EXPECT_EQ(why(),
            "invalid arg 'x-stream-offset' for queue 'q' in vhost '/' of queue type "
            "rabbit_classic_queue");
}

TEST_F(ConsumerArgumentsTest, AStreamWantsAPrefetchAndAcknowledgements) {
  queue_.parsed.edit().queue_type = QueueType::stream;
  table_.text("x-stream-offset", "first");
  const auto result = read();
  ASSERT_TRUE(result.ok());
  EXPECT_NE(result.value().stream, nullptr);
  EXPECT_EQ(why(true), "automatic acknowledgement not supported by stream queue 'q' in vhost '/'");
  defaults_.has_prefetch = false;
  EXPECT_EQ(why(), "consumer prefetch count is not set for stream queue 'q' in vhost '/'");
}

}  // namespace
}  // namespace lepus::core
