// The table of a session's consumers.
#include "core/session/session_consumers.h"

#include <utility>

#include "core/limits.h"

namespace lepus::core {

std::uint32_t SessionConsumers::add(SessionConsumer consumer) {
  if (unused_.empty()) {
    unused_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t number = unused_.back();
  unused_.pop_back();
  CHECK(!slots_[number].in_use);
  slots_[number] = {std::move(consumer), true};
  ++count_;
  if (index_ != nullptr) {
    index_->insert_or_assign(slots_[number].consumer.tag, number);
  } else if (count_ > limits::consumers_without_index) {
    build_index();
  }
  CHECK(count_ + unused_.size() == slots_.size());
  return number;
}

void SessionConsumers::build_index() {
  index_ = std::make_unique<TagIndex>();
  for_each([this](std::uint32_t number, const SessionConsumer& one) {
    index_->insert_or_assign(one.tag, number);
  });
}

void SessionConsumers::remove(std::uint32_t number) {
  CHECK(contains(number));
  CHECK(count_ > 0);
  if (index_ != nullptr) index_->erase(slots_[number].consumer.tag);
  slots_[number].in_use = false;
  unused_.push_back(number);
  --count_;
}

std::uint32_t SessionConsumers::find(std::string_view tag) const {
  if (index_ != nullptr) {
    const auto found = index_->find(tag);
    return found == index_->end() ? absent : found->second;
  }
  for (std::uint32_t number = 0; number < slots_.size(); ++number)
    if (slots_[number].in_use && slots_[number].consumer.tag == tag) return number;
  return absent;
}

}  // namespace lepus::core
