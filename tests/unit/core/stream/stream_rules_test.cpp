// What clients cannot ask of streams, and of queues that are none.
#include "core/stream/stream_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

constexpr std::string_view title = "queue 's' in vhost '/'";

std::string why(const Result<std::unique_ptr<StreamSpec>>& result) {
  return result.ok() ? std::string{} : result.error().detail;
}

TEST(StreamRules, AConsumerAcknowledgesAndHasALimit) {
  EXPECT_EQ(why(read_stream_consumer({{}, "t", title, true, true})),
            "automatic acknowledgement not supported by stream queue 's' in vhost '/'");
  EXPECT_EQ(why(read_stream_consumer({{}, "t", title, false, false})),
            "consumer prefetch count is not set for stream queue 's' in vhost '/'");
}

TEST(StreamRules, AConsumerSaysWhereItBegins) {
  FieldTableWriter table;
  table.text("x-stream-offset", "first");
  const std::string arguments = table.take();
  const auto spec = read_stream_consumer({as_bytes(arguments), "t", title, false, true});
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(spec.value()->start.kind, StreamStart::Kind::first);
}

TEST(StreamRules, OtherQueuesHaveNoOffsets) {
  EXPECT_EQ(why(refuse_stream_arguments({}, "classic", title)), "");
  FieldTableWriter table;
  table.text("x-stream-filter", "f");
  const std::string arguments = table.take();
  EXPECT_EQ(why(refuse_stream_arguments(as_bytes(arguments), "quorum", title)),
            "invalid arg 'x-stream-filter' for queue 's' in vhost '/' of queue type "
            "rabbit_quorum_queue");
}

TEST(StreamRules, NothingIsGot) {
  EXPECT_EQ(refuse_get_of_stream(title).code, ReplyCode::not_implemented);
}

}  // namespace
}  // namespace lepus::core
