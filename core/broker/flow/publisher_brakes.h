// Consumers first: publishers of a queue that grows although its consumers could take more wait for
// a moment. The queue's home shard decides; every shard that publishes to it is told, and does not
// read its publishers' input until the brake is off (core/broker/flow/blocked_targets.h). A shard
// that begins to publish meanwhile is told, too.
//
//   pump of a long queue -> on_pumped(): how much came in, how much was taken
//   taken quickly, and long     -> on:  PublisherBrake to the shards that publish
//   short again, or time is up  -> off: PublisherBrake
//
// "Quickly" is: the consumers' prefetch turned over within limits::brake_window, or as many
// messages were taken as a busy consumer takes. A queue without consumers, or with slow ones,
// fills. A brake never makes publishers slower than limits::brake_rate_min: it ends when that rate
// would have taken as long for what they sent, or after limits::brake_max.
//
// The same way tells other shards that this one is behind altogether: its journal, or what its
// queues send on.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/ids.h"
#include "core/base/time.h"
#include "core/broker/session_command.h"
#include "core/queue/consumer_list.h"

namespace lepus::core {

class PublisherBrakes {
 public:
  /// Whom the decisions reach.
  class Sink {
   public:
    virtual ~Sink() = default;
    /// To a shard, which may be this one.
    virtual void tell_publishers(ShardId shard, const PublisherBrake& brake) = 0;
  };
  PublisherBrakes(ShardId shard, ShardId shard_count, Sink& sink)
      : shard_(shard), sink_(sink), last_publish_(shard_count, never_published) {}

  /// Another shard published to a queue here.
  void note_publish(ShardId from, Nanos now) { last_publish_[from] = now; }
  struct Pumped {
    QueueId queue;
    std::uint64_t ready_before = 0;
    std::uint64_t ready_after = 0;
    const ConsumerList& consumers;
  };
  /// After each pump of a queue with more than limits::brake_length ready messages before.
  void on_pumped(const Pumped& pumped, Nanos now);
  /// Once a turn: takes brakes off whose time is up, and tells whether the shard is behind.
  void work(bool is_behind, Nanos now);
  /// When work() has something to do; core::never when no brake is on.
  Nanos next_deadline() const;
  /// Queues that are watched.
  std::size_t size() const { return watched_.size(); }

 private:
  static constexpr Nanos never_published = -never;

  struct Watched {
    Nanos window_begin = 0;
    std::uint64_t taken = 0;       ///< Since window_begin.
    std::uint64_t published = 0;   ///< Since the last brake went on: what came meanwhile counts.
    std::uint64_t ready_last = 0;  ///< After the last pump.
    bool is_taken_quickly = false;
    Nanos brake_end = never;      ///< While the brake is on.
    std::vector<ShardId> told{};  ///< While it is on.
    bool has_brake() const { return brake_end != never; }
  };

  bool make_room(Nanos now);
  void put_on(QueueId queue, Watched& watched, Nanos now);
  void take_off(QueueId queue, Watched& watched);
  /// To queues here, within limits::brake_memory. This shard counts as one.
  bool is_publishing(ShardId shard, Nanos now) const;
  std::vector<ShardId> publishing_shards(Nanos now) const;  ///< Ascending.
  bool is_told_all(Nanos now) const;
  void tell_newcomers(Nanos now);

  ShardId shard_;
  Sink& sink_;
  std::vector<Nanos> last_publish_;  ///< By shard.
  boost::unordered_flat_map<QueueId, Watched> watched_;
  std::vector<QueueId> on_;        ///< Queues whose brake is on.
  std::vector<ShardId> told_all_;  ///< Shards that know of all brakes that are on; empty: unknown.
  std::vector<ShardId> told_is_behind_;  ///< That this shard is behind.
};

}  // namespace lepus::core
