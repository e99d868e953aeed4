// Values that are read on a thread of their own, and what becomes of one that is never read.
#include "tools/server/slow_reading.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <semaphore>

namespace lepus::server {
namespace {

TEST(SlowReading, WithoutAThreadItIsReadAtOnce) {
  int value = 1;
  SlowReading<int> reading{[&] { return value; }};
  EXPECT_EQ(reading.take(), std::nullopt) << "nobody asked";
  reading.ask(5);
  value = 2;
  EXPECT_TRUE(reading.is_asked());
  EXPECT_EQ(reading.asked_at(), 5);
  EXPECT_EQ(reading.take(), 1);
  EXPECT_FALSE(reading.is_asked());
  EXPECT_EQ(reading.take(), std::nullopt) << "once";
  EXPECT_DEATH((reading.ask(6), reading.ask(7)), "is_asked_");
}

TEST(SlowReading, AnotherThreadReadsEachThatIsAskedFor) {
  std::counting_semaphore<> is_read{0};
  int count = 0;
  SlowReading<int> reading{[&] {
    is_read.release();
    return ++count;
  }};
  reading.start_thread("reading");
  for (int wanted = 1; wanted <= 3; ++wanted) {
    reading.ask(wanted);
    is_read.acquire();
    std::optional<int> value;
    while (!value) {
      value = reading.take();
      std::this_thread::yield();
    }
    EXPECT_EQ(*value, wanted);
  }
}

TEST(SlowReading, OneThatHangsIsLateAndHoldsNobodyUp) {
  struct Call {
    std::binary_semaphore begun{0};
    std::binary_semaphore may_end{0};
    std::promise<void> is_gone;
    ~Call() { is_gone.set_value(); }
  };
  auto call = std::make_shared<Call>();
  std::future<void> gone = call->is_gone.get_future();
  Call& watched = *call;
  {
    SlowReading<int> reading{[call = std::move(call)] {
      call->begun.release();
      call->may_end.acquire();
      return 1;
    }};
    reading.start_thread("hanging");
    reading.ask(10);
    watched.begun.acquire();
    EXPECT_EQ(reading.take(), std::nullopt);
    EXPECT_FALSE(reading.is_late(10 + core::limits::reading_wait_max));
    EXPECT_TRUE(reading.is_late(11 + core::limits::reading_wait_max));
  }
  // What the call uses lives as long as the call.
  watched.may_end.release();
  gone.wait();
}

}  // namespace
}  // namespace lepus::server
