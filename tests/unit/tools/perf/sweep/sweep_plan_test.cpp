// Sweeps: which options become axes, all combinations, targets in alternation.
#include "tools/perf/sweep/sweep_plan.h"

#include <gtest/gtest.h>

#include "tools/perf/client/error.h"

namespace lepus::perf {

TEST(SweepPlan, ListsBecomeAxesAndTheRestStays) {
  const SweepCommandLine line = read_sweep_command_line(
      {"--size", "64,1024", "--auto-ack", "--producers=1,4", "--queue-arg", "a=1,2", "--duration",
       "3", "--repetitions", "2", "--target", "x=amqp://h/", "--json", "a,b.json"});
  EXPECT_EQ(line.subject, "throughput");
  ASSERT_EQ(line.axes.size(), 2u);
  EXPECT_EQ(line.axes[0].name, "size");
  EXPECT_EQ(line.axes[1].values, (std::vector<std::string>{"1", "4"}));
  EXPECT_EQ(line.options,
            (std::vector<std::string>{"--auto-ack", "--queue-arg", "a=1,2", "--duration", "3"}));
  EXPECT_EQ(line.json_path, "a,b.json");
  EXPECT_EQ(line.targets[0].uri, "amqp://h/");
}

TEST(SweepPlan, MeasuresAllCombinationsWithTargetsInTurn) {
  const SweepCommandLine line =
      read_sweep_command_line({"rpc", "--size", "64,128", "--window", "1,2", "--repetitions", "2",
                               "--target", "a=amqp://h/", "--target", "b=amqp://i/"});
  const std::vector<SweepCell> cells = plan_sweep(line);
  ASSERT_EQ(cells.size(), 16u);
  EXPECT_EQ(cells[0].values[0].second, "64");
  EXPECT_EQ(cells[0].values[1].second, "1");
  EXPECT_EQ(cells[4].values[1].second, "2");
  EXPECT_EQ(cells[8].values[0].second, "128");
  std::vector<size_t> targets;
  for (size_t index = 0; index < 4; ++index) targets.push_back(cells[index].target);
  EXPECT_EQ(targets, (std::vector<size_t>{0, 1, 1, 0}));
}

TEST(SweepPlan, WhatMakesNoSenseIsRefused) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--target", "amqp://h/"},
                                             {"--target", "a=amqp://h/", "--target", "a=amqp://i/"},
                                             {"--uri", "amqp://h/"},
                                             {"--size", "64,,128"},
                                             {"--size", "1,2", "--size", "3,4"},
                                             {"--size"},
                                             {"--repetitions", "0"},
                                             {"--repetitions", "many"},
                                             {"rpc", "drain"}}) {
    EXPECT_THROW(read_sweep_command_line(arguments), PerfError) << arguments.back();
  }
}

}  // namespace lepus::perf
