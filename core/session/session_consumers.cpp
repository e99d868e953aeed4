// The table of a session's consumers.
#include "core/session/session_consumers.h"

#include <utility>

namespace lepus::core {

std::uint32_t SessionConsumers::add(SessionConsumer consumer) {
  std::uint32_t number = 0;
  while (number < slots_.size() && slots_[number].in_use) ++number;
  if (number == slots_.size()) slots_.emplace_back();
  slots_[number] = {std::move(consumer), true};
  ++count_;
  CHECK(count_ <= slots_.size());
  return number;
}

void SessionConsumers::remove(std::uint32_t number) {
  CHECK(contains(number));
  CHECK(count_ > 0);
  slots_[number].in_use = false;
  --count_;
}

std::uint32_t SessionConsumers::find(std::string_view tag) const {
  for (std::uint32_t number = 0; number < slots_.size(); ++number)
    if (slots_[number].in_use && slots_[number].consumer.tag == tag) return number;
  return absent;
}

}  // namespace lepus::core
