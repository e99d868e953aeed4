// Positions above all known ones go the short way (append), the others are looked up.
#include "persist/journal/live_list.h"

#include <algorithm>
#include <iterator>

namespace lepus::persist {

namespace {

constexpr std::uint64_t enqueued_max = (std::uint64_t{1} << 48) - 1;
/// An empty chunk may keep this much, for queues that are nearly empty all the time.
constexpr std::size_t spare_entries_max = 2;

template <class Item>
auto at(std::vector<Item>& items, std::size_t index) {
  CHECK(index <= items.size());
  return items.begin() + static_cast<std::ptrdiff_t>(index);
}

bool follows(const Place& first, std::uint32_t count, const Place& next) {
  return next.segment == first.segment && next.size == first.size &&
         next.offset == first.offset + std::uint64_t{count} * first.size;
}

}  // namespace

bool LiveRun::goes_on_with(const LiveRun& next) const {
  CHECK(count > 0);
  return next.position == position + count && follows(message.place, count, next.message.place) &&
         next.message.body_size == message.body_size && next.message.ttl_ms == message.ttl_ms &&
         next.message.enqueued_ms == message.enqueued_ms && next.count <= UINT32_MAX - count;
}

void LiveList::add(const LiveRun& run) {
  CHECK(run.count > 0);
  CHECK(run.message.place.size != 0);
  CHECK(run.message.place.segment != 0);
  const std::uint64_t end = run.position + run.count;
  if (run.position >= position_end_) {
    append(run);
  } else {
    for (LiveRun live_run = run; live_run.position < end; ++live_run.position) {
      live_run.count = 1;
      insert(live_run);
      live_run.message.place.offset += live_run.message.place.size;
    }
  }
  position_end_ = std::max(position_end_, end);
}

void LiveList::append(const LiveRun& run) {
  const auto is_far = [&](const Chunk& chunk) {
    return run.position + run.count - chunk.base > UINT32_MAX;
  };
  if (first_ < chunks_.size() && chunks_.back().size() == 0) chunks_.back().base = run.position;
  if (first_ == chunks_.size() || chunks_.back().entries.size() >= chunk_entries_max ||
      is_far(chunks_.back())) {
    const bool is_small = chunks_.empty() || chunks_.back().size() < chunk_entries_max / 2;
    chunks_.push_back({run.position, 0, {}});
    // A queue with few messages stays small; one that fills chunks gets them whole.
    if (!is_small) chunks_.back().entries.reserve(chunk_entries_max);
  }
  Chunk& chunk = chunks_.back();
  CHECK(run.position >= chunk.base);
  const Entry entry = pack(static_cast<std::uint32_t>(run.position - chunk.base), run);
  if (chunk.size() > 0 && chunk.entries.back().goes_on_with(entry))
    chunk.entries.back().count += run.count;
  else
    chunk.entries.push_back(entry);
  count_ += run.count;
}

/// Index of the last chunk that begins at or before `position`, else of the first one.
std::size_t LiveList::find_chunk(std::uint64_t position) const {
  const auto begin = chunks_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto behind = std::upper_bound(
      begin, chunks_.end(), position,
      [](std::uint64_t wanted, const Chunk& chunk) { return wanted < chunk.base; });
  const auto found = behind == begin ? begin : std::prev(behind);
  return static_cast<std::size_t>(found - chunks_.begin());
}

/// Index of the first entry that reaches beyond `delta`.
std::size_t LiveList::Chunk::find(std::uint64_t delta) const {
  CHECK(begin <= entries.size());
  const auto found =
      std::partition_point(entries.begin() + begin, entries.end(),
                           [delta](const Entry& entry) { return entry.end() <= delta; });
  return static_cast<std::size_t>(found - entries.begin());
}

/// Index of the chunk that has room for an entry at `position`.
std::size_t LiveList::chunk_for(std::uint64_t position) {
  std::size_t index = find_chunk(position);
  if (index == chunks_.size() || position < chunks_[index].base ||
      position - chunks_[index].base >= UINT32_MAX) {
    const bool is_behind = index < chunks_.size() && position > chunks_[index].base;
    index += is_behind ? 1 : 0;
    chunks_.insert(at(chunks_, index), Chunk{position, 0, {}});
  } else if (chunks_[index].size() >= chunk_entries_max) {
    split(index);
    if (position >= chunks_[index + 1].base) ++index;
  }
  return index;
}

void LiveList::insert(const LiveRun& run) {
  CHECK(run.count == 1);
  settle(run.position, run.position);
  Chunk& chunk = chunks_[chunk_for(run.position)];
  const Entry entry = pack(static_cast<std::uint32_t>(run.position - chunk.base), run);
  const std::size_t index = chunk.find(entry.delta);
  if (index > chunk.begin && chunk.entries[index - 1].goes_on_with(entry))
    ++chunk.entries[index - 1].count;
  else
    chunk.insert(index, entry);
  ++count_;
}

void LiveList::Chunk::insert(std::size_t index, const Entry& entry) {
  CHECK(index >= begin);
  if (begin == 0 || entries.size() - index < index - begin) {
    entries.insert(at(entries, index), entry);
  } else {
    std::move(at(entries, begin), at(entries, index), at(entries, begin - 1));
    --begin;
    entries[index - 1] = entry;
  }
}

/// Moves what is less: messages leave near the front.
void LiveList::Chunk::erase(std::size_t first, std::size_t last) {
  CHECK(begin <= first && first <= last);
  if (first - begin <= entries.size() - last) {
    std::move_backward(at(entries, begin), at(entries, first), at(entries, last));
    begin += static_cast<std::uint32_t>(last - first);
  } else {
    entries.erase(at(entries, first), at(entries, last));
  }
  if (size() > 0) return;
  begin = 0;
  if (entries.capacity() > spare_entries_max)
    std::vector<Entry>().swap(entries);
  else
    entries.clear();
}

void LiveList::split(std::size_t index) {
  Chunk& lower = chunks_[index];
  CHECK(lower.size() >= 2);
  const auto middle = at(lower.entries, lower.begin + lower.size() / 2);
  const std::uint32_t shift = middle->delta;
  Chunk upper{lower.base + shift, 0, {middle, lower.entries.end()}};
  lower.entries.erase(middle, lower.entries.end());
  for (Entry& entry : upper.entries) entry.delta -= shift;
  chunks_.insert(at(chunks_, index + 1), std::move(upper));
}

void LiveList::settle(std::uint64_t first, std::uint64_t last) {
  CHECK(first <= last);
  for (std::size_t i = find_chunk(first); i < chunks_.size() && chunks_[i].base <= last; ++i) {
    settle_in(chunks_[i], first, last);
    if (chunks_[i].size() > chunk_entries_max) split(i);
  }
  drop_front();
}

void LiveList::settle_in(Chunk& chunk, std::uint64_t first, std::uint64_t last) {
  CHECK(chunk.base <= last);
  const std::uint64_t from = first <= chunk.base ? 0 : first - chunk.base;
  const std::uint64_t end = last - chunk.base == UINT64_MAX ? UINT64_MAX : last - chunk.base + 1;
  std::size_t index = chunk.find(from);
  if (index < chunk.entries.size() && chunk.entries[index].delta < from) {
    // In the middle of a run: what is before stays, and perhaps what is behind.
    Entry rest = chunk.entries[index];
    Entry& before = chunk.entries[index];
    before.count = static_cast<std::uint32_t>(from - before.delta);
    rest.drop_first(before.count);
    chunk.insert(++index, rest);
    index = chunk.find(from);
  }
  const std::size_t begin = index;
  for (; index < chunk.entries.size() && chunk.entries[index].delta < end; ++index) {
    Entry& entry = chunk.entries[index];
    const auto dead = static_cast<std::uint32_t>(std::min(entry.end(), end) - entry.delta);
    CHECK(count_ >= dead);
    count_ -= dead;
    if (dead == entry.count) continue;
    entry.drop_first(dead);
    break;
  }
  chunk.erase(begin, index);
}

void LiveList::drop_before(std::uint32_t segment) {
  for (std::size_t i = first_; i < chunks_.size(); ++i) {
    Chunk& chunk = chunks_[i];
    const auto is_dead = [segment](const Entry& entry) { return entry.place.segment < segment; };
    const auto begin = at(chunk.entries, chunk.begin);
    for (auto entry = begin; entry != chunk.entries.end(); ++entry)
      if (is_dead(*entry)) count_ -= entry->count;
    const auto end = std::remove_if(begin, chunk.entries.end(), is_dead);
    chunk.erase(static_cast<std::size_t>(end - chunk.entries.begin()), chunk.entries.size());
  }
  drop_front();
}

/// Forgets empty chunks at the front but for the last one; their memory is given back when they are
/// the most.
void LiveList::drop_front() {
  CHECK(first_ <= chunks_.size());
  while (first_ + 1 < chunks_.size() && chunks_[first_].size() == 0) {
    std::vector<Entry>().swap(chunks_[first_].entries);
    ++first_;
  }
  if (first_ < chunks_.size() - first_ || first_ < 16) return;
  chunks_.erase(chunks_.begin(), at(chunks_, first_));
  first_ = 0;
}

std::uint64_t LiveList::memory_bytes() const {
  std::uint64_t bytes = chunks_.capacity() * sizeof(Chunk);
  for (const Chunk& chunk : chunks_) bytes += chunk.entries.capacity() * sizeof(Entry);
  return bytes;
}

bool LiveList::Entry::goes_on_with(const Entry& next) const {
  CHECK(count > 0);
  return next.delta == end() && follows(place, count, next.place) && next.body_size == body_size &&
         next.ttl == ttl && next.ttl_unit == ttl_unit && next.enqueued_low == enqueued_low &&
         next.enqueued_high == enqueued_high;
}

void LiveList::Entry::drop_first(std::uint32_t dropped) {
  CHECK(dropped < count);
  delta += dropped;
  count -= dropped;
  place.offset += dropped * place.size;
}

LiveList::Entry LiveList::pack(std::uint32_t delta, const LiveRun& run) {
  const LiveMessage& message = run.message;
  const std::uint64_t enqueued_ms = std::min(message.enqueued_ms, enqueued_max);
  // Bodies are shorter than their records, and those fit 32 bits. The expiration property does by
  // the protocol's rules; a delay of more than 49 days is rounded up.
  CHECK(message.body_size <= UINT32_MAX);
  std::uint16_t ttl_unit = 0;
  std::uint64_t ttl = 0;
  if (message.ttl_ms != core::Message::no_ttl) {
    ttl = message.ttl_ms;
    for (ttl_unit = 1; ttl > UINT32_MAX; ++ttl_unit) ttl = ttl / 2 + ttl % 2;
  }
  return {.delta = delta,
          .count = run.count,
          .place = message.place,
          .body_size = static_cast<std::uint32_t>(message.body_size),
          .ttl = static_cast<std::uint32_t>(ttl),
          .enqueued_low = static_cast<std::uint32_t>(enqueued_ms),
          .enqueued_high = static_cast<std::uint16_t>(enqueued_ms >> 32),
          .ttl_unit = ttl_unit};
}

LiveRun LiveList::unpack(std::uint64_t base, const Entry& entry) {
  const std::uint64_t enqueued_ms = std::uint64_t{entry.enqueued_high} << 32 | entry.enqueued_low;
  return {
      .position = base + entry.delta,
      .count = entry.count,
      .message = {.place = entry.place,
                  .enqueued_ms = enqueued_ms,
                  .ttl_ms = entry.ttl_unit == 0 ? core::Message::no_ttl
                                                : std::uint64_t{entry.ttl} << (entry.ttl_unit - 1),
                  .body_size = entry.body_size}};
}

}  // namespace lepus::persist
