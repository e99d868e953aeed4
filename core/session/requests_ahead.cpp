// Keeping the order. See requests_ahead.h.
#include "core/session/requests_ahead.h"

namespace lepus::core {

void RequestsAhead::push(Entry entry) {
  CHECK(!is_full());
  CHECK(!entry.is_decided);
  argument_bytes_ += entry.request.arguments.size();
  if (empty()) entries_ = std::make_unique<std::deque<Entry>>();
  entries_->push_back(std::move(entry));
}

RequestsAhead::Entry RequestsAhead::pop() {
  CHECK(!empty());
  CHECK(!is_sent());
  Entry entry = std::move(entries_->front());
  entries_->pop_front();
  if (entries_->empty()) clear();
  return entry;
}

void RequestsAhead::clear() {
  entries_.reset();
  sent_count_ = 0;
  argument_bytes_ = 0;
}

void RequestsAhead::on_decided(std::size_t done_count, const std::unique_ptr<AmqpError>& error) {
  CHECK(is_sent());
  CHECK(error != nullptr ? done_count < sent_count_ : done_count == sent_count_);
  std::deque<Entry>& entries = *entries_;
  for (std::size_t index = 0; index < done_count; ++index) entries[index].is_decided = true;
  if (error != nullptr) {
    entries[done_count].is_decided = true;
    entries[done_count].error = *error;
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(done_count) + 1,
                  entries.begin() + static_cast<std::ptrdiff_t>(sent_count_));
  }
  sent_count_ = 0;
}

}  // namespace lepus::core
