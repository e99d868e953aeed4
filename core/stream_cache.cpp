// Pages in a list in order of their use, and an index to find them.
#include "core/stream_cache.h"

#include <utility>

namespace lepus::core {

bool StreamCache::is_asked(Sequence sequence) const {
  const auto found = index_.find(page_of(sequence));
  return found != index_.end() && found->second->asked[sequence % page_size];
}

bool StreamCache::is_page_asked(Sequence page) const {
  const auto found = index_.find(page);
  return found != index_.end() && found->second->asked.all();
}

void StreamCache::note_asked(Sequence sequence) {
  const Sequence number = page_of(sequence);
  auto found = index_.find(number);
  if (found == index_.end()) {
    pages_.emplace_back();
    pages_.back().number = number;
    found = index_.emplace(number, std::prev(pages_.end())).first;
  }
  found->second->asked.set(sequence % page_size);
}

MessageRef StreamCache::find(Sequence sequence) {
  const auto found = index_.find(page_of(sequence));
  if (found == index_.end()) return {};
  if (std::next(found->second) != pages_.end()) pages_.splice(pages_.end(), pages_, found->second);
  return found->second->messages[sequence % page_size];
}

void StreamCache::put(Sequence sequence, MessageRef message) {
  CHECK(message);
  const auto found = index_.find(page_of(sequence));
  if (found == index_.end()) return;
  Page& page = *found->second;
  MessageRef& at = page.messages[sequence % page_size];
  if (at) return;
  page.bytes += message->memory_size();
  bytes_ += message->memory_size();
  at = std::move(message);
}

void StreamCache::shrink(std::uint64_t bytes_max) {
  while (bytes_ > bytes_max) {
    CHECK(!pages_.empty());
    CHECK(bytes_ >= pages_.front().bytes);
    bytes_ -= pages_.front().bytes;
    index_.erase(pages_.front().number);
    pages_.pop_front();
  }
}

}  // namespace lepus::core
