// See turn_profile.h.
#include "core/base/turn_profile.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"

namespace lepus::core {

std::string_view name_of(TurnJob job) {
  constexpr std::array<std::string_view, turn_job_count> names{
      "commands",   "topology",     "input",    "files",    "timers",   "deadlines",
      "pump",       "transactions", "discards", "eviction", "journal",  "output",
      "statistics", "messages",     "heap",     "submit",   "requests", "catalog"};
  const auto index = static_cast<std::size_t>(job);
  CHECK(index < names.size());
  return names[index];
}

void TurnProfile::begin_turn() {
  ticks_ = {};
  job_ = TurnJob::commands;
  entered_at_ = source_.ticks();
}

void TurnProfile::end_turn(Nanos length) {
  CHECK(length >= 0);
  CHECK(index_of(job_) < turn_job_count);
  if (!std::exchange(has_begun_, true)) return;
  const auto microseconds = static_cast<std::uint64_t>(length / nanos_per_us);
  const auto bucket = static_cast<std::size_t>(std::bit_width(microseconds));
  ++totals_.buckets[std::min(bucket, bucket_count - 1)];
  ++totals_.turns;
  totals_.busy += length;
  const bool is_stall = length >= limits::turn_stall;
  if (!is_stall && length <= totals_.longest.length) return;
  enter(job_);
  const Longest described = describe(length);
  if (length > totals_.longest.length) totals_.longest = described;
  if (!is_stall) return;
  ++totals_.stalls;
  ++totals_.stalls_by_job[index_of(described.job)];
  ++unreported_count_;
  if (length > unreported_.length) unreported_ = described;
}

TurnProfile::Longest TurnProfile::describe(Nanos length) const {
  const auto most = std::max_element(ticks_.begin(), ticks_.end());
  const std::uint64_t all = std::accumulate(ticks_.begin(), ticks_.end(), std::uint64_t{0});
  CHECK(most != ticks_.end());
  CHECK(*most <= all);
  const double share = all == 0 ? 0 : static_cast<double>(*most) / static_cast<double>(all);
  return {length, static_cast<TurnJob>(most - ticks_.begin()),
          static_cast<Nanos>(static_cast<double>(length) * share)};
}

TurnProfile::Longest TurnProfile::take_stalls() {
  unreported_count_ = 0;
  return std::exchange(unreported_, {});
}

std::uint64_t TurnProfile::Totals::quantile_us(unsigned permille) const {
  CHECK(permille <= 1000);
  if (turns == 0) return 0;
  const std::uint64_t wanted = turns - turns * (1000 - permille) / 1000;
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    below += buckets[bucket];
    if (below >= wanted) return std::uint64_t{1} << bucket;
  }
  return std::uint64_t{1} << bucket_count;
}

}  // namespace lepus::core
