// Asks all shards for the rows of their objects, round by round, and puts them into the store.
//
//   work(): a round is due -> AskStats to each shard, one per kind, AskTurns to the control thread
//   -> take() ... -> end_round()
//
// A round is due each `interval`; one that a request wants (refresh()) comes in between while there
// are few rows. Rounds do not overlap: with very many objects they come less often. Admin thread.
#pragma once

#include <cstdint>
#include <memory>

#include "tools/server/admin/broker_view.h"
#include "tools/server/samples/sample_store.h"

namespace lepus::server {

class Sampler {
 public:
  /// What the node knows beyond shards.
  struct NodeSource {
    virtual SampleStore::NodeGauges gauges() const = 0;

   protected:
    ~NodeSource() = default;
  };
  /// All outlive this object. `interval`: collect_statistics_interval; core::never: no samples.
  Sampler(BrokerView& broker, const NodeSource& node, core::Nanos interval);

  void set_interval(core::Nanos interval) { interval_ = interval; }
  const SampleStore& store() const { return store_; }

  /// True: the page answers a question of a round.
  bool is_asked(const core::StatsPage& page) const { return page.number >> 32 != 0; }
  void take(core::StatsPage& page);

  /// Wants rows that are at most limits::sample_fresh old. Returns true if they are not and a round
  /// will bring them: is_fresh() is true then soon.
  bool refresh();
  bool is_fresh() const;
  /// Who called refresh() waits no longer than that.
  core::Nanos wait_ends_at() const { return wait_ends_at_; }
  core::Nanos now() const { return broker_.now(); }

  /// Forgets rows and what was kept over time: both begin anew with the next round.
  void reset();

  /// Once a turn. True: there was something to do.
  bool work();
  bool has_work() const { return pages_due_ == 0 && broker_.now() >= next_look(); }
  /// When the next round is due, or somebody waits no longer for this one.
  core::Nanos next_look() const {
    if (pages_due_ == 0) return due_at_;
    return wait_ends_at_ > broker_.now() ? wait_ends_at_ : core::never;
  }

 private:
  void begin_round();
  void end_round();

  BrokerView& broker_;
  const NodeSource& node_;
  core::Nanos interval_;
  SampleStore store_;
  SampleStore::Round round_;
  SampleStore::NodeGauges gauges_;  ///< Of the last measured round.
  core::Nanos measured_at_ = 0;     ///< Begin of the last measured round.
  core::Nanos sampled_at_ = 0;      ///< Begin of the last whole round; 0: there was none.
  core::Nanos due_at_ = 0;
  core::Nanos wait_ends_at_ = 0;
  std::uint32_t pages_due_ = 0;  ///< Last pages that are still to come.
};

}  // namespace lepus::server
