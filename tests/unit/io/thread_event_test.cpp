// A thread without a loop wakes one that sleeps in the kernel.
#include "io/thread_event.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "io/kernel_driver.h"
#include "tests/unit/io/driver_kinds.h"

namespace lepus::io {
namespace {

class ThreadEventTest : public ::testing::TestWithParam<DriverKind>, public TurnHooks {
 protected:
  ThreadEventTest() {
    std::string error;
    driver_ = create_driver({GetParam()}, &error);
    EXPECT_EQ(error, "");
    loop_ = std::make_unique<Loop>(*driver_, IdlePolicy{IdleMode::sleep, 0});
    loop_->set_hooks(this);
    event_ = std::make_unique<ThreadEvent>(*loop_);
    event_->bind<&ThreadEventTest::on_event>(this);
    event_->start();
  }
  ~ThreadEventTest() override {
    wanted_ = 0;
    event_->stop();
    while (loop_->ops_in_flight() > 0) loop_->run_turn();
    loop_->set_hooks(nullptr);
  }
  bool drain_mailboxes() override { return false; }
  void flush() override {}
  /// In the kernel, until the event has come.
  bool may_sleep() override { return count_ < wanted_; }
  void on_event() { ++count_; }
  void await(int count) {
    wanted_ = count;
    while (count_ < wanted_) loop_->run_turn();
  }

  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<ThreadEvent> event_;
  int count_ = 0;
  int wanted_ = 0;
};

TEST_P(ThreadEventTest, WakesALoopThatSleeps) {
  for (int round = 1; round <= 3; ++round) {
    std::thread other([this] { event_->notify(); });
    await(round);
    other.join();
    EXPECT_EQ(count_, round);
  }
}

TEST_P(ThreadEventTest, SeveralMayComeAsOne) {
  for (int i = 0; i < 5; ++i) event_->notify();
  await(1);
  EXPECT_LE(count_, 5);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ThreadEventTest, every_driver_kind, driver_kind_name);

}  // namespace
}  // namespace lepus::io
