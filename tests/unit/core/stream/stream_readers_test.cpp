// Who is looked at when something happens to a stream, and what each reader gets.
#include "core/stream/stream_readers.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "tests/unit/core/stream/stream_parts_world.h"

namespace lepus::core {
namespace {

using Waits = StreamReader::Waits;

class StreamReadersTest : public test::StreamPartsTest {
 protected:
  StreamReadersTest() {
    readers_ = std::make_unique<StreamReaders>(
        StreamReaders::Parts{*queue_, host_, *log_, *content_, *tracking_});
  }
  ~StreamReadersTest() override {
    while (!readers_->all().empty()) readers_->unsubscribe(readers_->all().back());
  }
  Consumer& read(std::uint32_t prefetch, StreamStart::Kind start = StreamStart::Kind::first,
                 bool limited = false) {
    ConsumerSpec spec{};
    spec.channel = {2, ++last_number_, 1};
    spec.number = last_number_;
    spec.prefetch = prefetch;
    spec.limited = limited;
    StreamSpec stream;
    stream.start.kind = start;
    Consumer* consumer = readers_->subscribe(spec, &stream, nullptr);
    CHECK(consumer != nullptr);
    return *consumer;
  }
  void publish(std::string_view body) {
    push(body);
    readers_->on_pushed();
  }
  static Waits waits(const Consumer& consumer) { return reader_of(consumer).waits; }
  /// What this consumer got until now.
  std::string got(const Consumer& consumer) {
    std::string all;
    for (const Deliver& one : host_.outbox_port.all<Deliver>())
      if (one.number == consumer.spec.number) all += as_text(one.message->inline_body());
    return all;
  }
  void settle(Consumer& consumer, Sequence offset) {
    readers_->settle({QueueId{8}, offset, offset, consumer.handle, Outcome::acknowledged},
                     &consumer);
  }

  std::unique_ptr<StreamReaders> readers_;
  std::uint32_t last_number_ = 0;
};

TEST_F(StreamReadersTest, AMessageIsForThoseAtTheEnd) {
  Consumer& reader = read(10);
  Consumer& full = read(1);
  publish("a");
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(waits(reader), Waits::message);
  EXPECT_EQ(waits(full), Waits::message) << "nothing is there that it could not take";
  publish("b");
  EXPECT_EQ(waits(reader), Waits::turn);
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(waits(full), Waits::settlement);
  publish("c");
  EXPECT_EQ(waits(full), Waits::settlement) << "it is not looked at: it cannot take anything";
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(reader), "abc");
  EXPECT_EQ(got(full), "a");
}

TEST_F(StreamReadersTest, ASettlementIsRoom) {
  Consumer& reader = read(1);
  publish("a");
  publish("b");
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(reader), "a");
  settle(reader, 0);
  EXPECT_EQ(waits(reader), Waits::turn);
  EXPECT_TRUE(host_.is_scheduled());
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(reader), "ab");
}

TEST_F(StreamReadersTest, WhoPausesGoesOnWhenToldTo) {
  Consumer& reader = read(5);
  readers_->set_flow(reader, {QueueId{8}, reader.handle, true, false});
  publish("a");
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(waits(reader), Waits::settlement);
  readers_->set_flow(reader, {QueueId{8}, reader.handle, false, false});
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(reader), "a");
}

TEST_F(StreamReadersTest, CreditOfTheChannelIsAskedForAndGivenBack) {
  Consumer& reader = read(5, StreamStart::Kind::first, true);
  publish("a");
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(waits(reader), Waits::settlement);
  EXPECT_EQ(host_.outbox_port.all<CreditRequest>().size(), 1U);
  readers_->grant_credit(reader, {3});
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(reader), "a");
  EXPECT_EQ(host_.outbox_port.take<CreditReturn>().count, 2U);
}

TEST_F(StreamReadersTest, ContentFromDiskResumesWhoWaitsForIt) {
  Consumer& late = read(5);
  evict(push("a"));
  readers_->on_pushed();
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(waits(late), Waits::content);
  Consumer& at_end = read(5, StreamStart::Kind::next);
  EXPECT_FALSE(readers_->pump());
  bring();
  readers_->on_content();
  EXPECT_EQ(waits(late), Waits::turn);
  EXPECT_EQ(waits(at_end), Waits::message);
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(late), "a");
}

TEST_F(StreamReadersTest, ACongestedShardIsAskedAgain) {
  Consumer& reader = read(5);
  publish("a");
  host_.outbox_port.congested_shards.insert(2);
  EXPECT_TRUE(readers_->pump());
  EXPECT_FALSE(readers_->can_take(1));
  host_.outbox_port.congested_shards.clear();
  EXPECT_TRUE(readers_->can_take(1));
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(reader), "a");
}

TEST_F(StreamReadersTest, EachGetsAShareAndTheRestLater) {
  const std::size_t count = limits::deliveries_per_pump_max + 3;
  Consumer& reader = read(0);
  for (std::size_t i = 0; i < count; ++i) publish("x");
  EXPECT_TRUE(readers_->pump());
  EXPECT_EQ(got(reader).size(), limits::deliveries_per_pump_max);
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(got(reader).size(), count);
}

TEST_F(StreamReadersTest, TheLastOneLeavesNothingInTheCache) {
  Consumer& reader = read(5);
  evict(push("a"));
  readers_->on_pushed();
  EXPECT_FALSE(readers_->pump());
  readers_->unsubscribe(reader);
  bring();
  EXPECT_GT(host_.memory().message_bytes, 0U);
  EXPECT_FALSE(readers_->pump());
  EXPECT_EQ(host_.memory().message_bytes, 0U);
}

}  // namespace
}  // namespace lepus::core
