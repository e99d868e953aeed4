// A map by name, one by record, and what the message log is told of them.
#include "core/stream/stream_offsets.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/limits.h"

namespace lepus::core {

void StreamOffsets::restore(const RestoredRun& run) {
  RecordLocation place = run.place;
  for (Sequence sequence = run.first; sequence < run.first + run.count; ++sequence) {
    CHECK(owns(sequence));
    entries_[sequence].place = place;
    place.offset += place.size;
    ++unread_count_;
  }
  if (!entries_.empty()) continue_at(entries_.rbegin()->first + 1);
}

void StreamOffsets::continue_at(Sequence next) { next_ = std::max(next_, next); }

bool StreamOffsets::load() {
  if (!std::exchange(is_asked_, true))
    for (const auto& [sequence, entry] : entries_) ask(sequence, entry.place);
  return is_loaded();
}

void StreamOffsets::ask(Sequence sequence, const RecordLocation& place) {
  const MessageLog::FetchRequest wanted{{queue_, sequence}, place};
  message_log_.fetch({&wanted, 1});
}

std::optional<Sequence> StreamOffsets::find(std::string_view name) const {
  CHECK(is_loaded());
  const auto found = by_name_.find(std::string{name});
  if (found == by_name_.end()) return std::nullopt;
  return entries_.at(found->second).offset;
}

void StreamOffsets::store(const std::string& name, Sequence offset) {
  CHECK(is_loaded());
  CHECK(!name.empty());
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    const auto before = entries_.find(found->second);
    if (before->second.offset >= offset) return;
    forget(before);
  } else if (by_name_.size() >= limits::stream_names_max) {
    forget(entries_.begin());
  }
  const Sequence sequence = next_++;
  const RecordLocation place = record(name, offset);
  if (place) message_log_.enqueued(place, 0, {queue_, sequence});
  entries_.emplace(sequence, Entry{place, name, offset});
  by_name_[name] = sequence;
}

RecordLocation StreamOffsets::record(const std::string& name, Sequence offset) {
  std::array<std::uint8_t, sizeof offset> body{};
  store_u64(body.data(), offset);
  constexpr std::array<std::uint8_t, 2> no_properties{};
  MemoryAccount account;
  Message::Parts parts;
  parts.routing_key = name;
  parts.properties = no_properties;
  parts.body_size = body.size();
  parts.persistent = true;
  const MessageRef message = Message::create(parts, account);
  message->append_body(body);
  return message_log_.append(*message, 1);
}

void StreamOffsets::forget(Entries::iterator entry) {
  const auto& [sequence, held] = *entry;
  if (held.place) message_log_.settled(held.place, {queue_, sequence});
  by_name_.erase(held.name);
  entries_.erase(entry);
}

std::optional<LocatedRecord> StreamOffsets::locate(Sequence sequence) const {
  const auto found = entries_.find(sequence);
  if (found == entries_.end() || !found->second.place) return std::nullopt;
  return LocatedRecord{found->second.place, nullptr};
}

void StreamOffsets::on_moved(Sequence sequence, const RecordLocation& place) {
  const auto found = entries_.find(sequence);
  CHECK(found != entries_.end());
  found->second.place = place;
}

bool StreamOffsets::on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  CHECK(entry.name.empty());
  if (entry.place != place) {
    ask(sequence, entry.place);
    return false;
  }
  const bool is_readable =
      message && !message->routing_key().empty() && message->body_size() == sizeof entry.offset;
  if (!is_readable) {
    lose(sequence);
    return true;
  }
  --unread_count_;
  entry.name = message->routing_key();
  entry.offset = load_u64(message->inline_body().data());
  const auto [named, is_new] = by_name_.try_emplace(entry.name, sequence);
  if (!is_new) keep_later(found, entries_.find(named->second));
  return false;
}

/// Damage of the journal may bring an earlier one back.
void StreamOffsets::keep_later(Entries::iterator one, Entries::iterator other) {
  CHECK(one != other);
  const bool is_one_later = one->first > other->first;
  forget(is_one_later ? other : one);
  const auto& [sequence, entry] = is_one_later ? *one : *other;
  by_name_[entry.name] = sequence;
}

void StreamOffsets::lose(Sequence sequence) {
  const auto found = entries_.find(sequence);
  CHECK(found != entries_.end());
  if (found->second.name.empty()) --unread_count_;
  forget(found);
}

void StreamOffsets::drop_records() {
  for (const auto& [sequence, entry] : entries_)
    if (entry.place) message_log_.dropped(entry.place);
}

}  // namespace lepus::core
