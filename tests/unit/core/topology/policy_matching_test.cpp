// Whatever the order of changes, each queue and exchange follows what a search through all policies
// finds.
#include "core/topology/policy_matching.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/base/random.h"
#include "core/message/field_table_writer.h"

namespace lepus::core {
namespace {

constexpr VhostId policy_vhost{1};
constexpr std::array matched_queue_types{"classic", "quorum", "stream"};

struct PolicyKind {
  bool is_operator = false;
  PolicyTarget target = PolicyTarget::all;
};

class PolicyMatchingTest : public ::testing::Test {
 protected:
  PolicyMatchingTest() { topology_.apply(VhostAdded{policy_vhost, "/"}); }

  void add_queue(const std::string& name, std::string_view type) {
    QueueSpec queue;
    queue.id = QueueId{++last_id_};
    queue.vhost = policy_vhost;
    queue.name = name;
    queue.durable = true;
    FieldTableWriter arguments;
    arguments.text("x-queue-type", type);
    arguments.int32("x-max-length-bytes", 50);
    queue.arguments = arguments.take();
    queue.parsed = parse_queue_arguments(as_bytes(queue.arguments), {.durable = true}).value();
    topology_.apply(QueueAdded{queue});
  }
  void add_exchange(const std::string& name) {
    ExchangeSpec exchange;
    exchange.id = ExchangeId{++last_id_};
    exchange.vhost = policy_vhost;
    exchange.name = name;
    topology_.apply(ExchangeAdded{exchange});
  }
  void put(const std::string& name, const std::string& pattern, std::int64_t priority,
           PolicyKind kind = {}) {
    FieldTableWriter definition;
    definition.int32("max-length-bytes", static_cast<std::int32_t>(10 + priority));
    if (!kind.is_operator) definition.text("alternate-exchange", name);
    topology_.apply(
        PolicyPut{policy_vhost,
                  kind.is_operator,
                  {"/", name, pattern, kind.target, priority, definition.take(), "{}"}});
  }
  void remove(const std::string& name, bool is_operator) {
    topology_.apply(PolicyRemoved{policy_vhost, is_operator, "/", name});
  }
  const QueueInfo& queue(std::string_view name) const {
    return *topology_.find_queue(policy_vhost, name);
  }
  /// What a search finds is what the topology says.
  void check_all() const {
    const VhostInfo& vhost = *topology_.find_vhost(policy_vhost);
    for (const QueueInfo* info : vhost.queues) {
      const QueueType type = info->parsed->queue_type;
      const Policy* policy = vhost.policies.match_queue(info->name, type);
      const Policy* operator_policy = vhost.operator_policies.match_queue(info->name, type);
      ASSERT_EQ(info->policy, policy) << info->name;
      ASSERT_EQ(info->operator_policy, operator_policy) << info->name;
      ASSERT_EQ(info->effective,
                merge_policies(as_bytes(info->arguments), *info->parsed, policy, operator_policy))
          << info->name;
    }
    for (const auto& [name, info] : vhost.exchanges) {
      const Policy* policy = vhost.policies.match_exchange(name);
      ASSERT_EQ(info->policy, policy) << name;
      ASSERT_EQ(info->effective_alternate, alternate_of(policy)) << name;
    }
  }

  Topology topology_{1};
  std::uint64_t last_id_ = 0;
};

TEST_F(PolicyMatchingTest, AReplacedPolicyLetsTheNextOneCount) {
  add_queue("orders", "classic");
  put("low", "", 1);
  put("high", "^orders", 5);
  EXPECT_EQ(queue("orders").policy->spec.name, "high");
  const std::uint64_t before = topology_.version();
  put("high", "^other", 5);
  EXPECT_EQ(queue("orders").policy->spec.name, "low");
  EXPECT_EQ(topology_.version(), before + 1);
  remove("low", false);
  EXPECT_EQ(queue("orders").policy, nullptr);
  EXPECT_EQ(queue("orders").effective, queue("orders").parsed);
}

TEST_F(PolicyMatchingTest, APolicyThatDoesNotOutrankChangesNothing) {
  add_queue("orders", "classic");
  put("high", "", 5);
  put("low", "", 1);
  put("other", "^x", 9);
  EXPECT_EQ(queue("orders").policy->spec.name, "high");
  put("high", "", 0);  // It outranked the others, and does not any more.
  EXPECT_EQ(queue("orders").policy->spec.name, "low");
}

/// Which queues are told, and that a slice is no larger than asked for.
TEST_F(PolicyMatchingTest, ASliceTellsOnlyThoseWhoseArgumentsChange) {
  for (int i = 0; i < 20; ++i) add_queue("a" + std::to_string(i), "classic");
  for (int i = 0; i < 20; ++i) add_queue("b" + std::to_string(i), "classic");
  add_exchange("x");
  put("low", "", 1);
  const std::uint64_t before = topology_.version();
  FieldTableWriter definition;
  definition.int32("max-length-bytes", 11);  // As what they follow says.
  definition.text("alternate-exchange", "y");
  const PolicyPut same{
      policy_vhost, false, {"/", "p", "^a", PolicyTarget::all, 5, definition.take(), "{}"}};
  std::size_t told = 0;
  const auto tell = [&](const QueueInfo&) { ++told; };
  {
    PolicyRematch rematch = topology_.begin(same);
    std::size_t unlimited = SIZE_MAX;
    EXPECT_TRUE(rematch.work(unlimited, tell));
  }
  EXPECT_EQ(queue("a7").policy->spec.name, "p");
  EXPECT_EQ(told, 0U);
  EXPECT_EQ(topology_.version(), before + 1);
  PolicyRematch rematch = topology_.begin(
      PolicyPut{policy_vhost,
                false,
                {"/", "p", "^b", PolicyTarget::all, 5, FieldTableWriter{}.take(), "{}"}});
  int slices = 0;
  for (std::size_t budget = 3; !rematch.work(budget, tell); budget = 3) {
    EXPECT_EQ(budget, 0U);
    EXPECT_EQ(topology_.version(), before + 1);
    ++slices;
  }
  EXPECT_EQ(slices, 13);
  EXPECT_EQ(told, 20U) << "the others follow the policy below, which says the same";
  EXPECT_EQ(topology_.version(), before + 2);
  check_all();
}

TEST_F(PolicyMatchingTest, AnyOrderOfChangesGivesWhatASearchFinds) {
  Random random{7};
  constexpr std::array targets{PolicyTarget::all, PolicyTarget::queues, PolicyTarget::quorum_queues,
                               PolicyTarget::exchanges};
  for (int step = 0; step < 2'000; ++step) {
    const std::string number = std::to_string(random.below(8));
    const bool is_operator = random.below(3) == 0;
    const std::uint64_t what = random.below(10);
    if (what < 6) {
      const std::string pattern = random.below(4) == 0 ? "" : "^n[" + number + "-9]";
      put("p" + std::to_string(random.below(6)), pattern,
          static_cast<std::int64_t>(random.below(4)),
          {is_operator,
           is_operator ? PolicyTarget::queues : targets[random.below(targets.size())]});
    } else if (what < 8) {
      const VhostInfo& vhost = *topology_.find_vhost(policy_vhost);
      const PolicyList& list = is_operator ? vhost.operator_policies : vhost.policies;
      if (list.find("p" + number) != nullptr) remove("p" + number, is_operator);
    } else if (last_id_ < 40) {
      const std::string name = "n" + number + "." + std::to_string(last_id_);
      if (what == 8) add_queue(name, matched_queue_types[random.below(matched_queue_types.size())]);
      if (what == 9) add_exchange(name);
    }
    ASSERT_NO_FATAL_FAILURE(check_all()) << "step " << step;
  }
}

}  // namespace
}  // namespace lepus::core
