// Scenarios: every preset is valid, phases inherit what they do not say, mistakes name their place.
#include "tools/perf/scenario/scenario_reader.h"

#include <gtest/gtest.h>

#include "tools/perf/client/error.h"
#include "tools/perf/scenario/presets.h"
#include "tools/perf/scenario/timeline.h"

namespace lepus::perf {

namespace {

constexpr const char* small = R"({
  "queues": {"work": {"type": "quorum", "count": 2, "arguments": {"x-max-length": 5}}},
  "clients": {
    "in": {"role": "producer", "count": 4, "rate": 100, "sizes": [16, 32]},
    "out": {"role": "consumer", "prefetch": 10, "delay_ms": 2}
  },
  "phases": [
    {"seconds": 2, "warmup": true},
    {"seconds": 10, "set": {"in": {"rate": [100, 300], "steps": 3}}, "reconnect": ["out"]},
    {"seconds": 5, "set": {"out": {"nack": 0.5, "active": 0}}}
  ]
})";

std::string reader_error(const std::string& json) {
  try {
    read_scenario("s.json", json, {});
  } catch (const PerfError& error) {
    return error.what();
  }
  return "";
}

// The small scenario with one text put in place of another.
std::string changed(const std::string& from, const std::string& to) {
  std::string json = small;
  const size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return reader_error(json.replace(at, from.size(), to));
}

}  // namespace

TEST(ScenarioReader, AllPresetsAreValid) {
  EXPECT_GE(presets().size(), 11u);
  for (const Preset& preset : presets()) {
    const Scenario scenario = load_scenario(std::string(preset.name), {});
    EXPECT_FALSE(scenario.description.empty()) << preset.name;
    EXPECT_GT(scenario.seconds(), 5) << preset.name;
  }
}

TEST(ScenarioReader, ReadsQueuesGroupsAndPhases) {
  const Scenario scenario = read_scenario("s.json", small, {});
  ASSERT_EQ(scenario.queues.size(), 1u);
  const Options& topology = scenario.queues[0].topology;
  EXPECT_EQ(topology.queues, 2u);
  EXPECT_EQ(topology.prefix, "perf.work");
  EXPECT_TRUE(topology.persistent);  // quorum queues are durable
  EXPECT_EQ(topology.queue_arguments[0].second, "quorum");
  EXPECT_EQ(topology.queue_arguments[1].second, "5");
  ASSERT_EQ(scenario.groups.size(), 2u);
  EXPECT_EQ(scenario.groups[0].publish.sizes, (std::vector<uint64_t>{16, 32}));
  EXPECT_EQ(scenario.connection_count(), 5u);
  EXPECT_EQ(scenario.seconds(), 17);
  EXPECT_TRUE(scenario.phases[1].reconnects[1]);
  EXPECT_FALSE(scenario.phases[1].reconnects[0]);
}

TEST(ScenarioReader, PhasesInheritWhatTheyDoNotSay) {
  const Scenario scenario = read_scenario("s.json", small, {});
  EXPECT_EQ(scenario.phases[0].paces[0].rate_per_s, 100);
  EXPECT_EQ(scenario.phases[2].paces[0].rate_per_s, 300);  // the ramp has arrived
  EXPECT_EQ(scenario.phases[2].paces[0].rate_end_per_s, 300);
  EXPECT_EQ(scenario.phases[2].paces[1].delay_ms, 2);
  EXPECT_EQ(scenario.phases[2].paces[1].active, 0u);
}

TEST(ScenarioReader, MistakesNameTheirPlace) {
  EXPECT_EQ(changed("\"prefetch\"", "\"prefetsch\""),
            "s.json: clients.out: unknown key \"prefetsch\" (did you mean prefetch?)");
  EXPECT_EQ(changed("\"consumer\"", "\"consumr\""),
            "s.json: clients.out.role: \"consumr\" is not known (did you mean consumer?)");
  EXPECT_EQ(changed("[\"out\"]", "[\"ot\"]"),
            "s.json: phases[1].reconnect[0]: there are no clients \"ot\" (did you mean out?)");
  EXPECT_EQ(changed("\"nack\": 0.5", "\"nack\": 2"),
            "s.json: phases[2].set.out.nack: expected a number from 0 to 1, not 2");
  EXPECT_EQ(changed("\"prefetch\": 10, ", ""),
            "s.json: clients.out.delay_ms: needs a prefetch, else the messages pile up in the "
            "consumer");
  EXPECT_EQ(changed("\"rate\": 100", "\"rate\": \"fast\""),
            "s.json: clients.in.rate: expected a rate per second or \"unlimited\", not the text "
            "\"fast\"");
  EXPECT_EQ(reader_error(R"({"clients": {"c": {"role": "idle"}}})"),
            "s.json: the key \"phases\" is missing");
}

TEST(ScenarioReader, AnUnknownNameSuggestsThePreset) {
  try {
    load_scenario("slow-consumr", {});
    FAIL();
  } catch (const PerfError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean slow-consumer?"), std::string::npos);
  }
}

TEST(ScenarioReader, OverridesTakeTheFilesPlace) {
  ReadOptions options;
  options.overrides = {{"in.count", "8"}, {"in.size", "1024"}, {"out.prefetch", "50"}};
  const Scenario scenario = read_scenario("s.json", small, options);
  EXPECT_EQ(scenario.groups[0].count, 8u);
  EXPECT_EQ(scenario.groups[0].pace.active, 8u);
  EXPECT_EQ(scenario.groups[0].publish.sizes, (std::vector<uint64_t>{1024}));
  EXPECT_EQ(scenario.groups[1].consume.prefetch, 50);
  options.overrides = {{"in.prefetch", "1"}};
  EXPECT_THROW(read_scenario("s.json", small, options), PerfError);
}

TEST(Timeline, RatesRiseInSteps) {
  const Scenario scenario = read_scenario("s.json", small, {});
  Timeline timeline(scenario);
  EXPECT_FALSE(timeline.started());
  constexpr uint64_t second = 1000000000;
  timeline.start(10 * second);
  EXPECT_EQ(timeline.phase_at(11 * second), 0u);
  EXPECT_EQ(timeline.phase_at(12 * second), 1u);
  EXPECT_EQ(timeline.phase_at(27 * second), 3u);
  EXPECT_EQ(timeline.rate(0, 0, 11 * second), 100);
  EXPECT_EQ(timeline.rate(1, 0, 12 * second), 100);
  EXPECT_EQ(timeline.rate(1, 0, 17 * second), 200);
  EXPECT_EQ(timeline.rate(1, 0, 21 * second), 300);
}

}  // namespace lepus::perf
