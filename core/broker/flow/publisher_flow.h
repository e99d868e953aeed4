// Who of the publishers waits, and for what: both sides of a shard.
//
//   home of queues: PublisherBrakes decide about queues here      publisher_brakes.h
//   publishers:     BlockedTargets are what homes said             blocked_targets.h
//                   rings without room are seen directly
//
// A session asks after each publish, and its protocol stops the client's input while is_blocked().
#pragma once

#include "core/broker/flow/blocked_targets.h"
#include "core/broker/flow/publisher_brakes.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

class PublisherFlow final : private PublisherBrakes::Sink {
 public:
  /// `host` outlives this object.
  PublisherFlow(QueueHost& host, ShardId shard_count)
      : host_(host), brakes_(host.shard(), shard_count, *this) {}

  /// Whoever feeds queues at `home` should stop: its ring is full, or its journal, or what its
  /// queues send on, is behind.
  bool is_congested(ShardId home) const {
    if (home == host_.shard()) return is_behind();
    return host_.outbox().congested(home) || blocked_.contains_home(home);
  }
  /// The queue grows although its consumers could take more.
  bool has_brake(QueueId queue) const { return blocked_.contains(queue); }
  /// Returns true if publishers to this target are still to wait.
  bool is_blocked(const PublishTarget& target) const {
    return target.queue ? has_brake(target.queue) : is_congested(target.home);
  }

  /// Returns true if nobody here waits for a home, and no brake of a queue here is on.
  bool is_idle() const { return blocked_.empty() && brakes_.next_deadline() == never; }

  PublisherBrakes& brakes() { return brakes_; }
  BlockedTargets& blocked() { return blocked_; }
  /// Once a turn, before anything is published.
  void work(Nanos now) { brakes_.work(is_behind(), now); }
  Nanos next_deadline() const { return brakes_.next_deadline(); }
  /// What queues of this shard send on takes more than a turn.
  void set_forwards_behind(bool are_behind) { forwards_are_behind_ = are_behind; }

 private:
  bool is_behind() const { return forwards_are_behind_ || host_.message_log().is_behind(); }
  void tell_publishers(ShardId shard, const PublisherBrake& brake) override {
    host_.send_to_session(shard, brake);
  }

  QueueHost& host_;
  PublisherBrakes brakes_;
  BlockedTargets blocked_;
  bool forwards_are_behind_ = false;
};

}  // namespace lepus::core
