// Promise 15: a queue whose consumers are able stays short, whatever its publishers send.
//
// Subscribers acknowledge all of their prefetch at a pace of more than limits::brake_rate_min
// messages a second, so they are able for the brake (core/broker/flow/publisher_brakes.h).
// Publishers send twice as much and consume nothing, so they can be braked. The home has room for
// the queue among those it watches: limits::brake_memory is over since others were long. L and W
// are limits::brake_length and brake_window.
//
//   unwarned   The home measures what is taken in whole windows, and the queue may have become long
//              in the middle of one. So the brake goes on 2 W after that at the latest, and until
//              then as much comes as publishers send in that time, less what an able consumer takes
//              in it.
//   warned     From then on it does not become longer, until it is short. Others who begin to
//              publish meanwhile, perhaps on shards that did not before, are braked as well.
//   settled    Once a brake has let the queue become short, the next goes on as soon as more than
//              2 L are ready. It ends early only with L ready; else it lasts as long as what was
//              published takes at brake_rate_min, and by then consumers have taken more than that.
//   under way  On top of all three: what publishers send while the brake is told (`reaction`), and
//              what is in their sockets and bursts when it went off.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/sim/load_stage.h"

namespace lepus::sim {

class Flood {
 public:
  explicit Flood(LoadStage& stage);
  /// Returns true if no promise was broken.
  bool run();

 private:
  void add_peers();
  void judge();
  std::uint64_t limit() const;
  /// Messages that all publishers send in so long a time, and may have under way at its begin.
  std::uint64_t sent_in(core::Nanos time) const;
  std::uint64_t published_count() const;
  std::uint64_t received_count() const;

  LoadStage& stage_;
  std::size_t publisher_count_;
  std::size_t subscriber_count_;
  std::uint16_t prefetch_;  ///< Of each subscriber.
  std::size_t burst_;
  bool has_latecomers_;  ///< As many publishers again, when the brake is on.
  bool is_durable_;
  std::vector<Publisher*> publishers_;
  std::vector<Publisher*> latecomers_;  ///< Those of them that are still to start.
  std::vector<Subscriber*> subscribers_;
  core::Nanos long_since_ = core::never;  ///< When it first was.
  bool has_settled_ = false;              ///< A brake has let it become short.
  std::uint64_t ready_max_ = 0;
  std::uint64_t ready_warned_ =
      UINT64_MAX;  ///< The most until it was warned; until then, no limit.
  std::uint64_t settled_max_ = 0;
};

}  // namespace lepus::sim
