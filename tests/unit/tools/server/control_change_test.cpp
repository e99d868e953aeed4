// What an operator asks for at the control thread: answered when it is durable and everywhere.
#include <gtest/gtest.h>

#include "tests/unit/tools/server/control_world.h"

namespace lepus::server {
namespace {

TEST_F(ControlTest, AnOperatorHearsWhenAllShardsHaveIt) {
  start();
  std::vector<std::string> answers;
  const auto told = [&](const std::optional<core::AccessRefusal>& refusal) {
    answers.push_back(refusal ? refusal->text : "done");
  };
  const std::size_t commits = store_.commit_count;
  control_->change(core::AddUser{{"ann", "h", "a", {}, {}}}, "test", told);
  control_->change(core::AddUser{{"ann", "h", "a", {}, {}}}, "test", told);
  EXPECT_EQ(answers, std::vector<std::string>{"User \"ann\" already exists"});
  EXPECT_EQ(zero_->count<TopologyApply>(), 0U);
  run();
  EXPECT_EQ(store_.commit_count, commits + 1);
  zero_->apply();
  run();
  EXPECT_EQ(answers.size(), 1U);
  one_->apply();
  run();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1], "done");
  EXPECT_NE(one_->replica.access().find_user("ann"), nullptr);
  // What is so already is told once everything before it is everywhere.
  control_->change(core::SetUserTags{"ann", {}}, "test", told);
  run();
  EXPECT_EQ(answers.size(), 3U);
}

TEST_F(ControlTest, AnAnswerMayBeFollowedByTheNextChange) {
  start();
  int done = 0;
  control_->change(core::AddUser{{"ann", "h", "a", {}, {}}}, "test", [&](const auto&) {
    control_->change(core::DeleteUser{"ann"}, "test", [&](const auto&) { ++done; });
  });
  for (int i = 0; i < 2; ++i) {
    run();
    zero_->apply();
    one_->apply();
  }
  run();
  EXPECT_EQ(done, 1);
  EXPECT_TRUE(control_->topology().access().users().empty());
}

class ControlWithDefaultType : public ControlTest {
 protected:
  ControlWithDefaultType() : ControlTest("quorum") {}
  std::string type_of(std::string_view vhost) const {
    return one_->replica.find_vhost(vhost)->settings.default_queue_type;
  }
};

TEST_F(ControlWithDefaultType, IsGivenToVirtualHostsThatHaveNone) {
  start();
  EXPECT_EQ(type_of("/"), "quorum");
  EXPECT_EQ(type_of("other"), "quorum");
  control_->change(core::AddVhost{"new", "about", {}, {}}, "test", [](const auto&) {});
  control_->change(core::AddVhost{"own", {}, {}, "stream"}, "test", [](const auto&) {});
  run();
  for (int i = 0; i < 2; ++i) one_->apply();
  EXPECT_EQ(type_of("new"), "quorum");
  EXPECT_EQ(one_->replica.find_vhost("new")->settings.description, "about");
  EXPECT_EQ(type_of("own"), "stream");
}

}  // namespace
}  // namespace lepus::server
