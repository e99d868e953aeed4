// Which messages of a queue have a record in the message log: plain data, for it is asked for every
// message that is published.
#pragma once

#include "core/message/message.h"

namespace lepus::core {

struct RecordRule {
  bool is_durable = false;   ///< The queue is there again after a restart.
  bool records_all = false;  ///< Also what is not persistent: quorum queues and streams.

  /// Returns true if this message is recorded for the queue.
  bool covers(const Message& message) const {
    return is_durable && (message.persistent() || records_all);
  }
};

}  // namespace lepus::core
