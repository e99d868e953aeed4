// What is not in memory: written first, or read ahead of the readers.
#include "core/stream/stream_content.h"

#include <algorithm>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "core/limits.h"

namespace lepus::core {

MessageRef StreamContent::find(StreamReader& reader, std::size_t reader_count) {
  const Slot slot = log_.backlog().slot_at(reader.next);
  CHECK(slot.state() == Slot::State::ready);
  if (!slot.is_evicted()) {
    const RecordLocation& place = slot.message()->place();
    if (!place || place < host_.message_log().written_end())
      return MessageRef::share(slot.message());
    await(place);
    return {};
  }
  read_ahead(reader, reader_count);
  return cache_.find(reader.next);
}

void StreamContent::note_served() {
  cache_.note_served();
  shrink_cache(host_.turn().memory_pressure);
}

/// What was on its way for those who left may have come.
void StreamContent::drop_cache() {
  cache_.note_served();
  cache_.shrink(0);
}

void StreamContent::await(const RecordLocation& place) {
  if (!awaited_) host_.await_written(queue_);
  if (!awaited_ || place < *awaited_) awaited_ = place;
}

bool StreamContent::on_written() {
  if (!awaited_) return false;
  if (!(*awaited_ < host_.message_log().written_end())) return true;
  awaited_.reset();
  return false;
}

/// What of the page of `reader.next` and of those behind it was not asked for yet, once half of
/// what was asked for is used up. Of large messages a part of the page, once that part is used up.
void StreamContent::read_ahead(StreamReader& reader, std::size_t reader_count) {
  CHECK(reader_count > 0);
  const Sequence page = StreamCache::page_of(reader.next);
  const bool is_asked = cache_.is_asked(reader.next);
  if (is_asked && reader.asked_page <= page && !cache_.is_page_asked(page)) return;
  std::uint64_t bytes_left =
      std::min(limits::stream_ahead_bytes,
               (host_.turn().memory_pressure ? limits::stream_cache_bytes_pressure
                                             : limits::stream_cache_bytes) /
                   (2 * reader_count));
  const std::uint64_t pages = std::clamp<std::uint64_t>(
      bytes_left / std::max<std::uint64_t>(page_bytes_, 1), 1, limits::stream_ahead_pages);
  if (!is_asked) reader.asked_page = page;
  if (reader.asked_page > page + pages / 2) return;
  const Sequence page_end = StreamCache::page_of(log_.end() - 1) + 1;
  const Sequence ahead_end = std::min(page + pages, page_end);
  reader.asked_page = std::max(reader.asked_page, page);
  for (; reader.asked_page < ahead_end && bytes_left > 0; ++reader.asked_page) {
    if (cache_.is_page_asked(reader.asked_page)) continue;
    const Sequence from = std::max(reader.next, reader.asked_page * StreamCache::page_size);
    if (!ask_page(from, bytes_left)) return;
  }
}

/// From `from` to the end of its page, but little more than `bytes_left`. True: all of that.
bool StreamContent::ask_page(Sequence from, std::uint64_t& bytes_left) {
  boost::container::small_vector<MessageLog::FetchRequest, StreamCache::page_size> wanted;
  std::uint64_t bytes = 0;
  const Sequence page_end = (StreamCache::page_of(from) + 1) * StreamCache::page_size;
  Sequence sequence = from;
  for (; sequence < page_end && bytes < bytes_left; ++sequence) {
    const Slot slot = log_.backlog().slot_at(sequence);
    if (slot.state() != Slot::State::ready || !slot.is_evicted()) continue;
    if (cache_.is_asked(sequence)) continue;
    cache_.note_asked(sequence);
    wanted.push_back({{queue_, sequence}, slot.place()});
    bytes += slot.place().size;
  }
  bytes_left -= std::min(bytes_left, bytes);
  if (!wanted.empty()) {
    page_bytes_ = bytes * StreamCache::page_size / wanted.size();
    host_.message_log().fetch(wanted);
  }
  return sequence == page_end;
}

bool StreamContent::on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) {
  const Slot slot = log_.backlog().slot_at(sequence);
  const bool is_wanted = slot.state() == Slot::State::ready && slot.is_evicted();
  if (is_wanted && slot.place() != place) {
    const MessageLog::FetchRequest wanted{{queue_, sequence}, slot.place()};
    host_.message_log().fetch({&wanted, 1});
    return false;
  }
  if (is_wanted && !message) {
    cache_.note_unread(sequence);
    log_.park(sequence);
    return true;
  }
  cache_.note_answered(sequence);
  if (!is_wanted) return false;
  ++log_.backlog().tally->disk_reads;
  message->set_place(place);
  cache_.put(sequence, std::move(message));
  return false;
}

void StreamContent::shrink_cache(bool memory_pressure) {
  cache_.shrink(memory_pressure ? limits::stream_cache_bytes_pressure : limits::stream_cache_bytes);
}

}  // namespace lepus::core
