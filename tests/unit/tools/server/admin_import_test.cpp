// Imports of definitions by an operator: which thread plans them and for what, what they wait for,
// and what becomes of them when whoever asked has left.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "tests/unit/tools/server/admin_world.h"

namespace lepus::server {
namespace {

class ImportTest : public test::AdminTest {
 protected:
  static AdminRequest import_of(std::string_view text) {
    AdminRequest request;
    request.verb = "import_definitions";
    request.arguments = {std::string{text}};
    return request;
  }
  static AdminRequest add_user(std::string_view name) {
    AdminRequest request;
    request.verb = "add_user";
    request.arguments = {std::string{name}, "secret"};
    return request;
  }
  /// It has read the file and asked what to plan for.
  std::uint32_t begin_import() {
    const int before = host_.imports;
    const std::uint32_t number = admin_->start(import_of("new"), sink_);
    loops_[3].run_turn();
    EXPECT_EQ(host_.imports, before + 1);
    return number;
  }
  /// A client declares a queue.
  void decide(std::string_view queue) {
    auto request = std::make_unique<core::TopologyRequest>();
    request->kind = core::TopologyRequest::Kind::declare_queue;
    request->vhost = vhost_;
    request->name = queue;
    ends_[0].tell_control(core::TopologyAsk{{}, 0, std::move(request)});
  }
  void tell_base(std::uint32_t number, std::uint64_t version) {
    auto outcome = std::make_unique<PlanOutcome>();
    outcome->base = PlanBase{version, 0};
    control_->tell_admin(PlanDone{number, std::move(outcome)});
    loops_[3].run_turn();
  }
  /// What the control thread said is handled, and a plan is made if it was asked for.
  void plan() {
    loops_[3].run_turn();
    loops_[3].run_turn();
  }
  const core::Topology& replica() { return thread_->view().topology(); }
  bool is_imported() { return control_->topology().find_vhost("new") != nullptr; }
};

TEST_F(ImportTest, IsPlannedWithTheReplica) {
  start("import_definitions", {"new"});
  EXPECT_EQ(sink_.done, R"({"warnings":[]})");
  EXPECT_EQ(host_.planned, (std::vector{&replica()}));
  EXPECT_TRUE(is_imported());
}

TEST_F(ImportTest, IsPlannedAgainWhenSomethingWasDecidedSince) {
  (void)begin_import();
  turn_without_admin();
  plan();
  EXPECT_EQ(host_.planned.size(), 1U);
  decide("q");
  turn();
  EXPECT_NE(sink_.done, "");
  EXPECT_EQ(host_.planned, (std::vector{&replica(), &replica()}));
  EXPECT_TRUE(is_imported());
}

TEST_F(ImportTest, IsPlannedByTheControlThreadWhenClientsNeverStop) {
  (void)begin_import();
  for (int i = 0; i <= core::limits::plan_tries_max; ++i) {
    turn_without_admin();
    plan();
    decide("q" + std::to_string(i));
  }
  turn();
  EXPECT_NE(sink_.done, "");
  ASSERT_FALSE(host_.planned.empty());
  EXPECT_EQ(host_.planned.back(), &control_->topology());
  EXPECT_TRUE(is_imported());
}

TEST_F(ImportTest, DoesNotWaitForAChangeThatNeverComes) {
  tell_base(begin_import(), 1'000);
  EXPECT_EQ(host_.planned.size(), 0U);
  drivers_[3].time += core::limits::plan_base_wait;
  turn();
  EXPECT_NE(sink_.done, "");
}

TEST_F(ImportTest, WaitsForChangesAndHoldsOthersBack) {
  test::FakeSink first, import, last;
  (void)admin_->start(add_user("ann"), first);
  loops_[3].run_turn();
  (void)admin_->start(import_of("new"), import);
  (void)admin_->start(add_user("bob"), last);
  for (int i = 0; i < 5; ++i) loops_[3].run_turn();
  EXPECT_EQ(host_.imports, 0) << "the catalog will have ann a moment later";
  turn_without_admin();
  turn_without_admin();
  loops_[3].run_turn();
  EXPECT_EQ(first.done, "{}");
  EXPECT_EQ(host_.imports, 1);
  loops_[3].run_turn();
  turn_without_admin();
  EXPECT_EQ(control_->topology().access().find_user("bob"), nullptr);
  turn();
  EXPECT_NE(import.done, "");
  EXPECT_EQ(last.done, "{}");
  EXPECT_NE(control_->topology().access().find_user("bob"), nullptr);
}

TEST_F(ImportTest, OfOneWhoLeftBeforeItWasPlannedIsGivenUp) {
  admin_->cancel(begin_import());
  start(add_user("ann"));
  EXPECT_EQ(sink_.done, "{}");
  const std::uint32_t waiting = begin_import();
  tell_base(waiting, 1'000);
  admin_->cancel(waiting);
  sink_ = {};
  start(add_user("bob"));
  EXPECT_EQ(sink_.done, "{}");
  EXPECT_FALSE(is_imported());
}

TEST_F(ImportTest, OfOneWhoLeftAfterItWasPlannedGoesOn) {
  const std::uint32_t import = begin_import();
  turn_without_admin();
  plan();
  EXPECT_EQ(host_.planned.size(), 1U);
  admin_->cancel(import);
  start(add_user("ann"));
  EXPECT_EQ(sink_.done, "{}");
  EXPECT_TRUE(is_imported());
}

TEST_F(ImportTest, OfOneWhoLeftWhileItWaitedHoldsNobodyBack) {
  admin_->cancel(admin_->start(import_of("new"), sink_));
  start(add_user("ann"));
  EXPECT_EQ(sink_.done, "{}");
  EXPECT_EQ(host_.imports, 0);
}

}  // namespace
}  // namespace lepus::server
