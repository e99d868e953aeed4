// Queues that look at each message before they take it: those with deduplication, and the stores of
// exchanges.
#include <utility>

#include "core/message/message_rewrite.h"
#include "core/queue/queue.h"
#include "core/topology/exchange_store.h"

namespace lepus::core {

bool Queue::is_duplicate(const Message& message) const {
  return deduplicator_ && deduplicator_->is_duplicate(message, host_.now());
}

void Queue::remember(const Message& message) {
  if (deduplicator_) deduplicator_->remember(message, host_.now());
}

/// In a store a message lives as long as it is delayed, in a history as long as there is room.
MessageRef Queue::private_copy(const MessageRef& message, bool is_shared) const {
  std::uint64_t ttl_ms = Message::no_ttl;
  switch (info_->store_use) {
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

/// What is on disk only after a restart is fetched before.
void Queue::replay(const BindingSpec& binding) {
  CHECK(info_->store_use == StoreUse::history);
  if (!replays_) replays_ = std::make_unique<std::vector<BindingSpec>>();
  replays_->push_back(binding);
  messages().for_each([this](Sequence sequence, const Slot& slot) {
    if (slot.is_evicted()) residency_.request_fetch(sequence);
  });
  serve_replays();
}

/// Oldest first. The way may lead back to this exchange, and what it holds change.
void Queue::serve_replays() {
  if (!replays_ || messages().evicted_count() > 0) return;
  std::vector<MessageRef> history;
  messages().for_each(
      [&](Sequence, const Slot& slot) { history.push_back(MessageRef::share(slot.message())); });
  const auto replays = std::exchange(replays_, nullptr);
  for (const BindingSpec& binding : *replays)
    for (const MessageRef& message : history) host_.forward_history(binding, *message);
}

}  // namespace lepus::core
