// Pages in a list in order of their use, and an index to find them.
#include "core/stream/stream_cache.h"

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
  CHECK(!found->second->asked[sequence % page_size]);
  found->second->asked.set(sequence % page_size);
  ++found->second->awaited_count;
}

void StreamCache::note_answered(Sequence sequence) {
  const auto found = index_.find(page_of(sequence));
  CHECK(found != index_.end());
  CHECK(found->second->awaited_count > 0);
  --found->second->awaited_count;
}

void StreamCache::note_unread(Sequence sequence) {
  note_answered(sequence);
  index_.find(page_of(sequence))->second->asked.reset(sequence % page_size);
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
  CHECK(found != index_.end());
  Page& page = *found->second;
  MessageRef& at = page.messages[sequence % page_size];
  CHECK(!at);
  if (!std::exchange(page.is_fresh, true)) fresh_.push_back(page.number);
  page.bytes += message->memory_size();
  bytes_ += message->memory_size();
  at = std::move(message);
}

void StreamCache::note_served() {
  for (const Sequence number : fresh_) index_.at(number)->is_fresh = false;
  fresh_.clear();
}

void StreamCache::shrink(std::uint64_t bytes_max) {
  for (auto page = pages_.begin(); page != pages_.end() && bytes_ > bytes_max;) {
    if (page->awaited_count > 0 || page->is_fresh) {
      ++page;
      continue;
    }
    CHECK(bytes_ >= page->bytes);
    bytes_ -= page->bytes;
    index_.erase(page->number);
    page = pages_.erase(page);
  }
}

}  // namespace lepus::core
