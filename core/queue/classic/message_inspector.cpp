// Duplicates, and how long a message lives in a store.
#include "core/queue/classic/message_inspector.h"

#include "core/message/message_rewrite.h"
#include "core/topology/exchange_store.h"

namespace lepus::core {

void MessageInspector::load_rules() {
  const Deduplication& deduplication = info_.effective->deduplication;
  if (!deduplication.is_on) {
    deduplicator_.reset();
  } else if (!deduplicator_ || deduplicator_->rules() != deduplication) {
    deduplicator_ = std::make_unique<Deduplicator>(deduplication, host_.memory());
  }
}

bool MessageInspector::is_duplicate(const Message& message) const {
  return deduplicator_ && deduplicator_->is_duplicate(message, host_.now());
}

void MessageInspector::remember(const Message& message) {
  CHECK(is_needed());
  if (deduplicator_) deduplicator_->remember(message, host_.now());
}

/// In a store a message lives as long as it is delayed, in a history as long as there is room.
MessageRef MessageInspector::private_copy(const MessageRef& message, bool is_shared) const {
  std::uint64_t ttl_ms = Message::no_ttl;
  switch (info_.store_use) {
    case StoreUse::none:
      return is_shared ? message->copy() : message;
    case StoreUse::delay:
      ttl_ms = delay_ms(properties_of(*message).headers);
      break;
    case StoreUse::deduplicate:
      ttl_ms = 0;
      break;
    case StoreUse::history:
      break;
  }
  MessageRef own = message->copy();
  own->set_ttl_ms(ttl_ms);
  return own;
}

}  // namespace lepus::core
