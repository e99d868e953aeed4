// Levels above 0.
#include "core/queue/backlog/priority_levels.h"

#include <bit>

namespace lepus::core {

Backlog& PriorityLevels::higher_level(std::uint8_t number) {
  CHECK(higher_ != nullptr);
  if (higher_->backlogs.empty()) higher_->backlogs.resize(higher_->max);
  CHECK(number <= higher_->backlogs.size());
  std::unique_ptr<Backlog>& found = higher_->backlogs[number - 1U];
  if (!found) found = std::make_unique<Backlog>();
  return *found;
}

const Backlog* PriorityLevels::find_higher(std::uint8_t number) const {
  const bool is_made = higher_ && number <= higher_->backlogs.size();
  return is_made ? higher_->backlogs[number - 1U].get() : nullptr;
}

void PriorityLevels::Higher::note_ready(std::uint8_t number, bool is_ready) {
  const std::uint64_t bit = std::uint64_t{1} << (number % 64);
  std::uint64_t& word = ready[number / 64];
  word = is_ready ? word | bit : word & ~bit;
}

std::uint8_t PriorityLevels::Higher::highest_ready() const {
  for (std::size_t i = ready.size(); i > 0; --i) {
    const std::uint64_t word = ready[i - 1];
    if (word != 0)
      return static_cast<std::uint8_t>((i - 1) * 64 + 63 -
                                       static_cast<std::size_t>(std::countl_zero(word)));
  }
  return 0;
}

}  // namespace lepus::core
