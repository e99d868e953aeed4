// Named consumers: where they begin, what is kept of them, and what they settle after they left.
#include "core/stream/offset_tracking.h"

#include <gtest/gtest.h>

#include "tests/unit/core/stream/stream_parts_world.h"

namespace lepus::core {
namespace {

class OffsetTrackingTest : public test::StreamPartsTest {
 protected:
  OffsetTrackingTest() {
    for (const char* body : {"a", "b", "c", "d"}) push(body);
  }
  /// A consumer of this name that got messages up to, not including, `next`.
  Consumer& read(const std::string& name, Sequence next) {
    Consumer& consumer = host_.create_consumer({}, nullptr);
    auto reader = std::make_unique<StreamReader>();
    reader->spec.name = name;
    tracking_->begin(*reader);
    EXPECT_TRUE(tracking_->place(*reader));
    for (; reader->next < next; ++reader->next) reader->progress->delivered(reader->next);
    consumer.extension = std::move(reader);
    return consumer;
  }
  static Settle settled(const Consumer& consumer, Sequence first, Sequence last) {
    return {QueueId{8}, first, last, consumer.handle, Outcome::acknowledged};
  }
};

TEST_F(OffsetTrackingTest, GoesOnBehindWhatWasSettled) {
  StreamReader& reader = reader_of(read("me", 3));
  tracking_->keep(reader);
  EXPECT_FALSE(tracking_->offsets().find("me")) << "nothing was settled";
  reader.progress->settled(0, 1);
  tracking_->keep(reader);
  EXPECT_EQ(tracking_->offsets().find("me"), Sequence{2});
  EXPECT_EQ(reader_of(read("me", 0)).next, 2U);
}

TEST_F(OffsetTrackingTest, SettlesAfterItLeft) {
  Consumer& consumer = read("me", 3);
  tracking_->leave(consumer);
  EXPECT_EQ(consumer.extension, nullptr);
  tracking_->settle_departed(settled(consumer, 0, 2));
  EXPECT_EQ(tracking_->offsets().find("me"), Sequence{3});
  tracking_->settle_departed(settled(consumer, 3, 3));
  EXPECT_EQ(tracking_->offsets().find("me"), Sequence{3}) << "it is forgotten";
}

TEST_F(OffsetTrackingTest, WhoHasSettledAllIsNotRemembered) {
  Consumer& consumer = read("me", 2);
  reader_of(consumer).progress->settled(0, 1);
  tracking_->leave(consumer);
  EXPECT_NE(consumer.extension, nullptr);
  EXPECT_EQ(tracking_->offsets().find("me"), Sequence{2});
}

}  // namespace
}  // namespace lepus::core
