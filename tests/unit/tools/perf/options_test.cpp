// The command line: counted runs, mode drain, and combinations that are refused.
#include "tools/perf/options.h"

#include <gtest/gtest.h>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

Options parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "lepus-perf");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  Options options;
  const auto code = parse_options(static_cast<int>(pointers.size()), pointers.data(), options);
  EXPECT_EQ(code, std::nullopt);
  return options;
}

}  // namespace

TEST(PerfOptions, ACountedRunOfPersistentMessages) {
  const Options options = parse(
      {"--persistent", "--confirm", "1000", "--consumers", "0", "--messages", "10m", "--keep"});
  EXPECT_EQ(options.mode, Mode::throughput);
  EXPECT_EQ(options.messages, 10000000u);
  EXPECT_EQ(options.confirm_window, 1000u);
  EXPECT_TRUE(options.persistent);
  EXPECT_TRUE(options.keep);
}

TEST(PerfOptions, MessagesAreTheUsualDecimalNumbers) {
  EXPECT_EQ(parse({}).messages, 0u);
  EXPECT_EQ(parse({"--messages", "200000"}).messages, 200000u);
  EXPECT_EQ(parse({"--messages", "200k"}).messages, 200000u);
}

TEST(PerfOptions, DrainHasNoProducers) {
  const Options options = parse({"drain", "--queues", "4", "--consumers", "2"});
  EXPECT_EQ(options.mode, Mode::drain);
  EXPECT_EQ(options.producers, 0u);
  EXPECT_EQ(options.consumers, 2u);
  EXPECT_STREQ(name_of(options.mode), "drain");
}

TEST(PerfOptions, WhatMakesNoSenseIsRefused) {
  EXPECT_THROW(parse({"drain", "--consumers", "0"}), PerfError);
  EXPECT_THROW(parse({"drain", "--messages", "5", "--auto-ack"}), PerfError);
  EXPECT_THROW(parse({"rpc", "--messages", "5"}), PerfError);
  EXPECT_THROW(parse({"queues", "--keep"}), PerfError);
  EXPECT_THROW(parse({"--producers", "0", "--messages", "5"}), PerfError);
}

}  // namespace lepus::perf
