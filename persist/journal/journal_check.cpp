// Comparisons, and texts that name files, queues and numbers of messages.
#include "persist/journal/journal_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.h"

namespace lepus::persist {

namespace {

bool has_segment_file(io::Disk& disk, const std::string& directory) {
  std::vector<std::string> names;
  if (disk.list(directory, names) < 0) return false;
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return parse_segment_file_name(name).has_value();
  });
}

}  // namespace

std::string advice_on_loss() {
  return fmt::format(
      "to start without them, make an empty file '{}' in data_dir: it is used once, and messages "
      "of "
      "unknown queues are kept aside",
      accept_loss_file);
}

std::vector<std::string> find_lost_journals(io::Disk& disk, const std::string& data_directory,
                                            const std::map<std::uint32_t, std::uint64_t>& ends,
                                            const KnownQueues& known) {
  std::vector<std::string> lost;
  for (const auto& [shard, end] : ends) {
    const std::string directory = shard_directory(data_directory, shard);
    const std::size_t queue_count = known.count_in(shard);
    if (queue_count == 0 || has_segment_file(disk, directory)) continue;
    lost.push_back(fmt::format("the journal {} is gone, with the messages of {} durable queues",
                               directory, queue_count));
  }
  return lost;
}

std::string find_contradiction(const RecoveryReport& report, const KnownQueues& known,
                               std::uint32_t shard) {
  constexpr unsigned level_shift = 56;
  constexpr std::uint64_t position_mask = (std::uint64_t{1} << level_shift) - 1;
  for (const std::uint64_t queue : report.queues.ids()) {
    if (!known.lives_in(queue, shard)) continue;
    for (const RecoveredLevel& level : report.queues.levels(queue)) {
      const std::uint64_t number = level.next_sequence >> level_shift;
      const std::uint64_t position = level.next_sequence & position_mask;
      if (number > known.level_max(queue))
        return fmt::format(
            "queue id {} has messages of priority {}, and at most {} by the catalog: it is not the "
            "one that belongs to the journal",
            queue, number, known.level_max(queue));
      if (position > core::limits::queue_positions_max)
        return fmt::format("queue id {} has the position {}, which no queue reaches", queue,
                           position);
    }
  }
  return {};
}

std::vector<std::string> find_losses(const RecoveryReport& report, const KnownQueues& known,
                                     std::uint64_t segment_min) {
  std::vector<std::string> losses;
  if (report.tail.segment < segment_min)
    losses.push_back(
        fmt::format("the newest files are gone: the journal had segment {}, and ends with {}",
                    segment_min, report.tail.segment));
  std::uint64_t message_count = 0;
  std::size_t queue_count = 0;
  std::string named;
  for (const std::uint64_t queue : report.queues.ids()) {
    const std::uint64_t count = known.is_unknown(queue) ? report.queues.count(queue) : 0;
    if (count == 0) continue;
    message_count += count;
    if (++queue_count <= core::limits::loss_queues_named_max)
      named += fmt::format("{}id {}: {}", named.empty() ? "" : ", ", queue, count);
  }
  if (queue_count > core::limits::loss_queues_named_max) named += ", ...";
  if (message_count > 0)
    losses.push_back(fmt::format(
        "{} messages of {} queues that the catalog does not know ({}): it is older than the "
        "journal, from a backup or without its catalog.sqlite-wal",
        message_count, queue_count, named));
  return losses;
}

}  // namespace lepus::persist
