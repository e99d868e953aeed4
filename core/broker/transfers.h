// Messages on their way from a queue of this shard to queues of others, on behalf of the broker
// itself: the queue keeps a message until every queue that is to have it says that it is durable
// there. A crash on the way leaves it in both places, never in none.
//
//   Queue: retained -> Broker::publish() with a number from here -> Confirm per shard -> taken out
#pragma once

#include <cstdint>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/ids.h"

namespace lepus::core {

class Transfers {
 public:
  struct Done {
    QueuePosition from;
    bool refused;  ///< By one queue at least.
  };

  /// The number to publish it with.
  std::uint64_t begin(const QueuePosition& from);
  /// So many confirms will come. Before the first one; none: nobody took it, it is forgotten.
  void expect(std::uint64_t number, std::uint32_t parts);
  /// One confirm came; nothing as long as others are to come.
  std::optional<Done> complete(std::uint64_t number, bool refused);
  std::size_t size() const { return moves_.size(); }

 private:
  struct Move {
    QueuePosition from;
    std::uint32_t parts = 0;
    bool refused = false;
  };

  std::uint64_t last_number_ = 0;
  boost::unordered_flat_map<std::uint64_t, Move> moves_;
};

}  // namespace lepus::core
