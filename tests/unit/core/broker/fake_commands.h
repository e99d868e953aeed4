// Commands carry plain pointers that their receiver adopts; one that nobody applies is dropped
// here.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "core/broker/command.h"

namespace lepus::core::test {

/// Gives back what a command that nobody applies owns.
inline void drop_command(const Command& command) {
  if (const auto* enqueue = std::get_if<Enqueue>(&command)) {
    (void)MessageRef::adopt(enqueue->message);
    const std::unique_ptr<std::vector<QueueId>> more{enqueue->more};
  } else if (const auto* deliver = std::get_if<Deliver>(&command)) {
    (void)MessageRef::adopt(deliver->message);
  } else if (const auto* got = std::get_if<GetReply>(&command)) {
    (void)MessageRef::adopt(got->message);
  } else if (const auto* reply = std::get_if<Reply>(&command)) {
    const std::unique_ptr<AmqpError> error{reply->error};
  } else if (const auto* done = std::get_if<TopologyDone>(&command)) {
    const std::unique_ptr<AmqpError> error{done->error};
  } else if (const auto* ask = std::get_if<TopologyAsk>(&command)) {
    const std::unique_ptr<TopologyRequest> request{ask->request};
  } else if (const auto* apply = std::get_if<TopologyApply>(&command)) {
    const std::unique_ptr<TopologyChanges> changes{apply->changes};
  } else if (const auto* inquire = std::get_if<AskStats>(&command)) {
    const std::unique_ptr<StatsRequest> inquiry{inquire->inquiry};
  } else if (const auto* answer = std::get_if<StatsReply>(&command)) {
    const std::unique_ptr<StatsPage> part{answer->part};
  }
}

}  // namespace lepus::core::test
