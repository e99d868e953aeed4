// What the operator does with messages on one shard: each request has a session of its own
// (core/session/job/session_job.h) until its result goes to the admin thread.
//
//   AskMessages -> take() -> work() before the broker's flush of each turn
//                            collect() after it -> MessagesReply
#pragma once

#include <memory>
#include <vector>

#include "core/broker/broker.h"
#include "core/session/job/session_job.h"

namespace lepus::server {

class ShardMessages {
 public:
  using Result = std::unique_ptr<core::MessageResult>;

  explicit ShardMessages(core::Broker& broker) : broker_(broker) {}

  /// Returns null, or the result when the request is refused: the shard stops, or too many wait.
  /// What `settings` refer to stays as it is while the request is under way.
  [[nodiscard]] Result take(std::unique_ptr<core::MessageRequest> request,
                            const core::PublishSettings& settings);
  /// A piece of each, before the broker's flush: what it does is part of the turn's batch.
  void work();
  /// After the broker's flush. Returns the results of those that are done.
  [[nodiscard]] std::vector<Result> collect();
  bool has_work() const;
  /// The shard stops: what is under way fails, and what it holds goes back. Returns the results.
  [[nodiscard]] std::vector<Result> stop();

 private:
  core::Broker& broker_;
  std::vector<std::unique_ptr<core::SessionJob>> jobs_;
};

}  // namespace lepus::server
