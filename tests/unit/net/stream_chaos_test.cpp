// Connections break at random, streams are paused, finished and closed at random: nothing may leak,
// and no byte may arrive that nobody sent. Also: the seed alone decides how a run goes.
#include <gtest/gtest.h>

#include "tests/unit/net/stream_worlds.h"

namespace lepus::net {
namespace {

using namespace testing_streams;

void run_chaos(std::uint64_t seed) {
  core::Random random(seed);
  io::SimFaults faults = io::SimFaults::draw(random);
  SimulatedWorld world(seed, faults);
  {
    Server server(world);
    server.echoes = true;
    std::vector<Talker> talkers(1 + random.below(6));
    for (Talker& talker : talkers) {
      talker.client = world.connect();
      talker.words = pattern(1 + random.below(3000), random.next());
    }
    for (int step = 0; step < 400; ++step) {
      for (Talker& talker : talkers) talker.step(random);
      world.step(server.loop);
      Talker& victim = talkers[random.below(talkers.size())];
      if (random.chance(2)) victim.client->shutdown_write();
      if (random.chance(1)) victim.client->reset();
      if (server.sessions.empty()) continue;
      Session& session = *server.sessions[random.below(server.sessions.size())];
      if (session.closed) continue;
      if (random.chance(5)) session.stream->pause_reading();
      if (random.chance(5)) session.stream->resume_reading();
      if (random.chance(1)) session.stream->finish(5 * nanos_per_ms);
      if (random.chance(1)) session.stream->close();
    }
    for (const Talker& talker : talkers) {
      ASSERT_TRUE(std::string_view(talker.words).starts_with(talker.heard));
    }
  }
  EXPECT_EQ(world.world().network().open_count(), 0U);
}

TEST(StreamChaos, NothingLeaksAndNoByteIsInvented) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    run_chaos(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

std::string run_trace(std::uint64_t seed) {
  core::Random random(seed);
  SimulatedWorld world(seed, rough());
  Server server(world);
  server.echoes = true;
  Talker talker;
  talker.client = world.connect();
  talker.words = pattern(2000, seed);
  std::string trace;
  for (int step = 0; step < 300; ++step) {
    talker.step(random);
    world.step(server.loop);
    trace += std::to_string(world.world().now()) + ":" + std::to_string(talker.heard.size()) + " ";
  }
  return trace;
}

TEST(StreamChaos, TheSeedDecidesEverything) {
  EXPECT_EQ(run_trace(42), run_trace(42));
  EXPECT_NE(run_trace(42), run_trace(43));
}

}  // namespace
}  // namespace lepus::net
