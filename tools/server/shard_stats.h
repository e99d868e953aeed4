// What the operator asked of one shard, and is still to be answered. One piece a turn: a listing of
// a million queues takes many turns, and the messages of each turn come first.
//
//   AskStats -> take() -> work() at the end of each turn -> StatsReply ... until the last page
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "core/broker/broker.h"
#include "net/amqp/server.h"
#include "net/stream/transport.h"

namespace lepus::server {

class ShardStats {
 public:
  /// All outlive this object. `transport` may be null: nothing is told of its memory.
  ShardStats(core::Broker& broker, amqp::Server& server, const net::Transport* transport = nullptr)
      : broker_(broker), server_(server), transport_(transport) {}

  void take(std::unique_ptr<core::StatsRequest> inquiry) {
    waiting_.push_back({std::move(inquiry), 0});
  }
  bool has_work() const { return !waiting_.empty(); }
  /// One page of the answer to the oldest; null: nothing was asked.
  std::unique_ptr<core::StatsPage> work();

 private:
  struct Waiting {
    std::unique_ptr<core::StatsRequest> inquiry;
    std::size_t next;  ///< Index of a queue, slot of a connection, or pages that went out.
  };
  bool describe_queues(Waiting& waiting, core::StatsPage& part);
  core::ThreadStats describe_thread() const;

  core::Broker& broker_;
  amqp::Server& server_;
  const net::Transport* transport_;
  std::deque<Waiting> waiting_;
};

}  // namespace lepus::server
