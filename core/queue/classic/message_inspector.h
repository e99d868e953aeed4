// Queues that look at each message before they take it: those with deduplication, and the stores of
// exchanges. The publisher asks is_duplicate(), pushes a private_copy(), and says remember() when
// that was accepted.
#pragma once

#include <memory>

#include "core/exchange/deduplicator.h"
#include "core/message/message.h"
#include "core/queue/queue_host.h"
#include "core/topology/topology.h"

namespace lepus::core {

class MessageInspector {
 public:
  /// Both outlive this object.
  MessageInspector(const QueueInfo& info, QueueHost& host) : info_(info), host_(host) {}

  /// QueueInfo::effective is new or another.
  void load_rules();
  /// Returns true if the queue deduplicates, or is the store of an exchange.
  bool is_needed() const { return deduplicator_ != nullptr || info_.store_use != StoreUse::none; }

  bool is_duplicate(const Message& message) const;
  /// It was accepted.
  void remember(const Message& message);
  /// What Queue::push() is to get; `is_shared`: others get it, too.
  MessageRef private_copy(const MessageRef& message, bool is_shared) const;

 private:
  const QueueInfo& info_;
  QueueHost& host_;
  std::unique_ptr<Deduplicator> deduplicator_;  ///< With x-message-deduplication.
};

}  // namespace lepus::core
