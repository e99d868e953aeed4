// Channels of a shard that are closed, until nothing can be inside of them: the end of the turn.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "net/amqp/channel.h"

namespace lepus::amqp {

class ClosedChannels {
 public:
  void destroy_later(std::unique_ptr<Channel> channel) { channels_.push_back(std::move(channel)); }
  /// At the end of the turn.
  void destroy() { channels_.clear(); }

 private:
  std::vector<std::unique_ptr<Channel>> channels_;
};

}  // namespace lepus::amqp
