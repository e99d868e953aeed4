// When consumers wait, and when input does.
#include "net/amqp/connection/output.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/net/amqp/connection/part_world.h"

namespace lepus::amqp {
namespace {

namespace limits = core::limits;

class OutputTest : public ::testing::Test {
 protected:
  void write(std::size_t size) { output_.writer().raw(std::vector<std::uint8_t>(size, 'x')); }

  test::PartWorld part_;
  Output output_{part_.stream()};
};

TEST_F(OutputTest, ConsumersWaitUntilHalfOfTheMaximumHasLeft) {
  EXPECT_FALSE(output_.pauses_consumers());
  EXPECT_FALSE(output_.on_sent());
  write(limits::send_high_water);
  EXPECT_FALSE(output_.pauses_consumers());
  write(1);
  EXPECT_TRUE(output_.pauses_consumers());
  part_.stream().out().consume(limits::send_high_water / 2);
  EXPECT_FALSE(output_.on_sent());
  part_.stream().out().consume(1);
  EXPECT_TRUE(output_.on_sent());
  EXPECT_FALSE(output_.on_sent());
  EXPECT_EQ(output_.sent_bytes(), limits::send_high_water / 2 + 1);
  EXPECT_EQ(output_.unsent_bytes(), limits::send_high_water / 2);
}

TEST_F(OutputTest, InputWaitsForAnswersOnly) {
  write(2 * limits::answers_unsent_max);
  EXPECT_FALSE(output_.holds_input());
  const std::uint64_t begin = output_.writer().position();
  write(limits::answers_unsent_max + 1);
  output_.writer().note_answer(begin);
  EXPECT_TRUE(output_.holds_input());
  part_.stream().out().consume(output_.unsent_bytes() - 1);
  (void)output_.on_sent();
  EXPECT_TRUE(output_.holds_input());
  part_.stream().out().consume(1);
  (void)output_.on_sent();
  EXPECT_FALSE(output_.holds_input());
}

TEST_F(OutputTest, AMethodIsAFrameForTheClient) {
  output_.send(0, ConnectionUnblocked{});
  output_.send(3, ChannelOpenOk{});
  EXPECT_GT(output_.unsent_bytes(), 0U);
  EXPECT_EQ(part_.sent_methods(), "connection.unblocked channel.open-ok");
  EXPECT_EQ(output_.unsent_bytes(), 0U);
}

}  // namespace
}  // namespace lepus::amqp
