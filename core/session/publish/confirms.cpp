// Counting parts down and turning runs of complete numbers into acks.
#include "core/session/publish/confirms.h"

#include <algorithm>

namespace lepus::core {

void ConfirmWindow::expect(std::uint32_t parts) {
  CHECK(parts < announced_bit);
  waiting_.push_back(static_cast<std::uint16_t>(parts));
  if (parts == 0) {
    changed_ = true;
    if (waiting_.size() > 1) early_.push_back(next_number() - 1);
  }
}

void ConfirmWindow::complete(std::uint64_t first, std::uint64_t last, bool refused) {
  CHECK(first <= last);
  CHECK(first >= oldest_);
  CHECK(last < next_number());
  for (std::uint64_t number = first; number <= last; ++number) {
    std::uint16_t& state = waiting_[static_cast<std::size_t>(number - oldest_)];
    CHECK((state & parts_mask) > 0);
    --state;
    if (refused) state |= refused_bit;
    if ((state & parts_mask) > 0) continue;
    changed_ = true;
    if (number != oldest_) early_.push_back(number);
  }
}

std::uint64_t ConfirmWindow::take_acks(std::vector<Ack>& out) {
  changed_ = false;
  const std::uint64_t oldest_before = oldest_;
  std::uint64_t others = 0;  // That are not confirmed now, or were before.
  std::uint64_t run_last =
      0;  // Acknowledged so far, told with one ack(multiple) at the end of the run.
  bool run_many = false;
  const auto end_run = [&] {
    if (run_last != 0) out.push_back({run_last, run_many, false});
    run_last = 0;
    run_many = false;
  };
  while (!waiting_.empty() && (waiting_.front() & parts_mask) == 0) {
    const std::uint16_t state = waiting_.pop_front();
    const std::uint64_t number = oldest_++;
    if ((state & announced_bit) != 0) {
      --early_count_;
      ++others;
    } else if ((state & refused_bit) != 0) {
      end_run();
      out.push_back({number, false, true});
      ++others;
    } else {
      run_many = run_last != 0;
      run_last = number;
    }
  }
  end_run();
  std::uint64_t confirmed = oldest_ - oldest_before - others;
  std::sort(early_.begin(), early_.end());
  for (const std::uint64_t number : early_) {
    if (number < oldest_) continue;
    std::uint16_t& state = waiting_[static_cast<std::size_t>(number - oldest_)];
    if ((state & announced_bit) != 0) continue;
    out.push_back({number, false, (state & refused_bit) != 0});
    if ((state & refused_bit) == 0) ++confirmed;
    state |= announced_bit;
    ++early_count_;
  }
  early_.clear();
  return confirmed;
}

}  // namespace lepus::core
