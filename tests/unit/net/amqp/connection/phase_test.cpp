// The moves that are allowed, and no others.
#include "net/amqp/connection/phase.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <set>

namespace lepus::amqp {
namespace {

constexpr std::initializer_list<Phase> every_phase{
    Phase::awaiting_header, Phase::starting,   Phase::tuning,    Phase::opening, Phase::open,
    Phase::closing,         Phase::close_sent, Phase::lingering, Phase::finished};

ConnectionPhase at(std::initializer_list<Phase> way) {
  ConnectionPhase phase;
  for (const Phase next : way) phase.move_to(next);
  return phase;
}

std::set<Phase> moves(const ConnectionPhase& phase) {
  std::set<Phase> allowed;
  for (const Phase next : every_phase)
    if (phase.may_move_to(next)) allowed.insert(next);
  return allowed;
}

TEST(ConnectionPhase, TheHandshakeGoesStepByStep) {
  using enum Phase;
  EXPECT_EQ(moves(at({})), (std::set{starting, finished}));
  EXPECT_EQ(moves(at({starting})), (std::set{tuning, close_sent, lingering, finished}));
  EXPECT_EQ(moves(at({starting, tuning})), (std::set{opening, close_sent, lingering, finished}));
  EXPECT_EQ(moves(at({starting, tuning, opening})),
            (std::set{open, close_sent, lingering, finished}));
  EXPECT_EQ(moves(at({starting, tuning, opening, open})),
            (std::set{closing, close_sent, finished}));
}

TEST(ConnectionPhase, TheEndIsReachedFromEverywhere) {
  using enum Phase;
  ConnectionPhase phase = at({starting, tuning, opening, open});
  EXPECT_TRUE(phase.is_in_use());
  phase.move_to(closing);
  EXPECT_TRUE(phase.is_in_use());
  EXPECT_EQ(moves(phase), (std::set{close_sent, lingering, finished}));
  phase.move_to(lingering);
  EXPECT_FALSE(phase.is_in_use());
  EXPECT_EQ(moves(phase), (std::set{close_sent, finished}));
  phase.move_to(close_sent);
  EXPECT_EQ(moves(phase), (std::set{finished}));
  phase.move_to(finished);
  EXPECT_EQ(moves(phase), (std::set{finished}));
}

}  // namespace
}  // namespace lepus::amqp
