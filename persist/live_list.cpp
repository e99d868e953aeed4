// Positions above all known ones go the short way (append), the others are looked up.
#include "persist/live_list.h"

#include <algorithm>
#include <iterator>

#include "core/message.h"

namespace lepus::persist {

namespace {

constexpr std::uint64_t enqueued_bits = 48;
constexpr std::uint64_t has_ttl = 1;

}  // namespace

void LiveList::add(std::uint64_t position, const LiveMessage& message) {
  CHECK(message.place.size != 0);
  CHECK(message.place.segment != 0);
  if (position >= position_end_) {
    append(position, message);
    position_end_ = position + 1;
  } else {
    insert(position, message);
  }
}

void LiveList::append(std::uint64_t position, const LiveMessage& message) {
  if (first_ == chunks_.size() || chunks_.back().entries.size() == chunk_entries_max ||
      position - chunks_.back().base > UINT32_MAX) {
    const bool first = chunks_.empty();
    chunks_.push_back({position, 0, {}});
    // A queue with few messages stays small; one that fills chunks gets them whole.
    if (!first) chunks_.back().entries.reserve(chunk_entries_max);
  }
  Chunk& chunk = chunks_.back();
  CHECK(position >= chunk.base);
  chunk.entries.push_back(pack(static_cast<std::uint32_t>(position - chunk.base), message));
  ++chunk.live;
  ++count_;
}

/// Index of the last chunk that begins at or before `position`; first_ when there is none.
std::size_t LiveList::find_chunk(std::uint64_t position) const {
  const auto begin = chunks_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto behind = std::upper_bound(
      begin, chunks_.end(), position,
      [](std::uint64_t wanted, const Chunk& chunk) { return wanted < chunk.base; });
  const auto found = behind == begin ? begin : std::prev(behind);
  return static_cast<std::size_t>(found - chunks_.begin());
}

void LiveList::insert(std::uint64_t position, const LiveMessage& message) {
  std::size_t index = find_chunk(position);
  if (index == chunks_.size() || position < chunks_[index].base ||
      position - chunks_[index].base > UINT32_MAX) {
    const bool behind = index < chunks_.size() && position > chunks_[index].base;
    index += behind ? 1 : 0;
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(index), Chunk{position, 0, {}});
  } else if (chunks_[index].entries.size() >= chunk_entries_max) {
    split(index);
    if (position >= chunks_[index + 1].base) ++index;
  }
  Chunk& chunk = chunks_[index];
  const Entry entry = pack(static_cast<std::uint32_t>(position - chunk.base), message);
  const auto at =
      std::lower_bound(chunk.entries.begin(), chunk.entries.end(), entry.delta,
                       [](const Entry& other, std::uint32_t delta) { return other.delta < delta; });
  const bool is_known = at != chunk.entries.end() && at->delta == entry.delta;
  if (!is_known || at->size == 0) {
    ++chunk.live;
    ++count_;
  }
  if (is_known)
    *at = entry;
  else
    chunk.entries.insert(at, entry);
}

void LiveList::split(std::size_t index) {
  CHECK(chunks_[index].entries.size() >= 2);
  Chunk upper;
  Chunk& lower = chunks_[index];
  const auto middle = lower.entries.begin() + static_cast<std::ptrdiff_t>(lower.entries.size() / 2);
  const std::uint32_t shift = middle->delta;
  upper.base = lower.base + shift;
  upper.entries.assign(middle, lower.entries.end());
  lower.entries.erase(middle, lower.entries.end());
  for (Entry& entry : upper.entries) {
    entry.delta -= shift;
    if (entry.size != 0) ++upper.live;
  }
  CHECK(upper.live <= lower.live);
  lower.live -= upper.live;
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(upper));
}

void LiveList::settle(std::uint64_t first, std::uint64_t last) {
  CHECK(first <= last);
  for (std::size_t i = find_chunk(first); i < chunks_.size() && chunks_[i].base <= last; ++i)
    settle_in(chunks_[i], first, last);
  drop_front();
}

void LiveList::settle_in(Chunk& chunk, std::uint64_t first, std::uint64_t last) {
  CHECK(chunk.base <= last);
  if (chunk.live == 0) return;
  const std::uint64_t from = first <= chunk.base ? 0 : first - chunk.base;
  auto at =
      std::lower_bound(chunk.entries.begin(), chunk.entries.end(), from,
                       [](const Entry& entry, std::uint64_t delta) { return entry.delta < delta; });
  for (; at != chunk.entries.end() && at->delta <= last - chunk.base; ++at)
    if (at->size != 0) bury(chunk, *at);
  if (chunk.live == 0) std::vector<Entry>().swap(chunk.entries);
}

void LiveList::bury(Chunk& chunk, Entry& entry) {
  CHECK(chunk.live > 0);
  CHECK(count_ > 0);
  entry.size = 0;
  --chunk.live;
  --count_;
}

void LiveList::drop_before(std::uint32_t segment) {
  for (std::size_t i = first_; i < chunks_.size(); ++i) {
    Chunk& chunk = chunks_[i];
    for (Entry& entry : chunk.entries)
      if (entry.size != 0 && entry.segment < segment) bury(chunk, entry);
    if (chunk.live == 0) std::vector<Entry>().swap(chunk.entries);
  }
  drop_front();
}

/// Forgets empty chunks at the front; their memory is given back when they are the most.
void LiveList::drop_front() {
  CHECK(first_ <= chunks_.size());
  while (first_ < chunks_.size() && chunks_[first_].live == 0) {
    std::vector<Entry>().swap(chunks_[first_].entries);
    ++first_;
  }
  if (first_ < chunks_.size() - first_ || first_ < 16) return;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

std::uint64_t LiveList::memory_bytes() const {
  std::uint64_t bytes = chunks_.capacity() * sizeof(Chunk);
  for (const Chunk& chunk : chunks_) bytes += chunk.entries.capacity() * sizeof(Entry);
  return bytes;
}

LiveList::Entry LiveList::pack(std::uint32_t delta, const LiveMessage& message) {
  const bool expires = message.ttl_ms != core::Message::no_ttl;
  const std::uint64_t enqueued_ms =
      std::min(message.enqueued_ms, (std::uint64_t{1} << enqueued_bits) - 1);
  // Bodies are shorter than their records, and those fit 32 bits; TTLs do by the protocol's rules.
  CHECK(message.body_size <= UINT32_MAX);
  return {
      .delta = delta,
      .segment = message.place.segment,
      .offset = message.place.offset,
      .size = message.place.size,
      .body_size = static_cast<std::uint32_t>(message.body_size),
      .ttl_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(message.ttl_ms, UINT32_MAX)),
      .packed = enqueued_ms << 16 | std::uint64_t{message.priority} << 8 | (expires ? has_ttl : 0)};
}

LiveMessage LiveList::unpack(const Entry& entry) {
  return {.place = {entry.segment, entry.offset, entry.size},
          .enqueued_ms = entry.packed >> 16,
          .ttl_ms = (entry.packed & has_ttl) != 0 ? entry.ttl_ms : core::Message::no_ttl,
          .body_size = entry.body_size,
          .priority = static_cast<std::uint8_t>(entry.packed >> 8)};
}

}  // namespace lepus::persist
