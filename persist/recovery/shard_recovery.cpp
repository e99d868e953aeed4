// From the report of a recovery to queues with messages and a journal that goes on.
#include "persist/recovery/shard_recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "persist/journal/index/segment_index_file.h"
#include "persist/journal/journal_check.h"
#include "persist/recovery/kept_aside.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

namespace {

LogLevel level_of(Severity severity) {
  switch (severity) {
    case Severity::normal:
      return LogLevel::debug;
    case Severity::note:
      return LogLevel::info;
    case Severity::warning:
      return LogLevel::warning;
    case Severity::loss:
    case Severity::refused:
      return LogLevel::error;
  }
  return LogLevel::error;
}

}  // namespace

ShardRecovery::ShardRecovery(const Journal::Parts& parts) : parts_(parts), journal_(parts) {}

std::string ShardRecovery::open(const KnownQueues& known, const Expected& expected) {
  if (const int code = parts_.disk->make_directory(parts_.directory); code < 0)
    return fmt::format("cannot make {}: {}", parts_.directory, std::strerror(-code));
  report_ = recover(*parts_.disk, parts_.directory,
                    {.shard = parts_.shard,
                     .store = parts_.store,
                     .timed_queues = &known.timed(),
                     .writes_indexes = true});
  log_findings();
  if (report_.refused()) {
    for (const Finding& finding : report_.findings)
      if (finding.severity() == Severity::refused)
        return fmt::format("{}: {}; look at it with lepus-journal before anything is changed",
                           parts_.directory, finding.text());
  }
  if (const std::string text = find_contradiction(report_, known, parts_.shard); !text.empty())
    return fmt::format("{}: {}; put back what belongs together, from one backup", parts_.directory,
                       text);
  if (std::string error = judge_losses(known, expected); !error.empty()) return error;
  if (std::string error = finish(); !error.empty()) return error;
  if (std::string error = move_lost_headers(expected.kept_aside); !error.empty()) return error;
  const std::vector<SequenceRange> tombstones = drop_misplaced_queues(known);
  if (std::string error = journal_.start(found(), report_.next_sequence); !error.empty())
    return error;
  for (const SequenceRange& range : tombstones) journal_.records().append_tombstone(range);
  repeat_watermarks();
  return {};
}

/// The newest segment is sealed where its last complete batch ends, so an index that it may have
/// goes before.
std::string ShardRecovery::finish() {
  JournalTail& tail = report_.tail;
  io::Disk& disk = *parts_.disk;
  const bool has_index =
      std::binary_search(report_.indexes.begin(), report_.indexes.end(), tail.file);
  const int removed =
      tail.segment > 0 && has_index ? remove_segment_index(disk, parts_.directory, tail.file) : 0;
  if (removed < 0)
    return fmt::format("cannot remove {}: {}", segment_index_path(parts_.directory, tail.file),
                       std::strerror(-removed));
  if (std::string error = finish_recovery(disk, tail); !error.empty()) return error;
  for (SegmentFile& file : report_.files)
    if (tail.segment > 0 && file.index == tail.file) file.size = tail.file_size;
  int code = report_.index_error;
  if (!report_.tail_index.empty() && code == 0)
    code = write_segment_index(disk, parts_.directory, tail.file, report_.tail_index);
  std::vector<std::uint8_t>().swap(report_.tail_index);
  log_index_error(code);
  remove_orphan_indexes();
  return {};
}

void ShardRecovery::log_index_error(int code) {
  if (code == 0 || is_no_room(-code)) return;
  parts_.log->write(LogLevel::warning, LogCategory::general,
                    "cannot write the index of a journal file: the next start reads the file",
                    {{"directory", parts_.directory}, {"error", std::strerror(-code)}});
}

/// Their segment files are gone, or out of use for good. What cannot be removed is found again.
void ShardRecovery::remove_orphan_indexes() {
  for (const std::uint32_t index : report_.indexes) {
    const auto file = std::lower_bound(
        report_.files.begin(), report_.files.end(), index,
        [](const SegmentFile& one, std::uint32_t wanted) { return one.index < wanted; });
    const bool has_file = file != report_.files.end() && file->index == index &&
                          file->state != SegmentFileState::set_aside;
    if (!has_file) (void)remove_segment_index(*parts_.disk, parts_.directory, index);
  }
}

std::string ShardRecovery::judge_losses(const KnownQueues& known, const Expected& expected) {
  const std::uint64_t newest =
      read_newest_segment(*parts_.disk, parts_.directory, {parts_.shard, parts_.store});
  const std::vector<std::string> losses =
      find_losses(report_, known, std::max(expected.segment_min, newest));
  if (!losses.empty() && !expected.accepts_loss)
    return fmt::format("{}: {}; put back what is missing, or {}", parts_.directory, losses.front(),
                       advice_on_loss());
  for (const std::string& loss : losses)
    parts_.log->write(LogLevel::error, LogCategory::general, "messages are lost",
                      {{"directory", parts_.directory}, {"text", loss}});
  return keep_unknown_aside(known, expected.kept_aside);
}

std::string ShardRecovery::keep_unknown_aside(const KnownQueues& known, const std::string& target) {
  const std::vector<std::uint64_t> queues = find_unknown_queues(report_, known);
  if (queues.empty()) return {};
  const KeepAside options{parts_.directory, target, parts_.shard, parts_.store};
  return log_kept_aside(*parts_.log, keep_aside(*parts_.disk, report_, queues, options), options);
}

/// Without a directory for it they stay beside the others, under a name that no file of ours has.
std::string ShardRecovery::move_lost_headers(const std::string& target) {
  return persist::move_lost_headers(
      *parts_.disk, *parts_.log, report_.files,
      {parts_.directory, target.empty() ? parts_.directory : target, parts_.shard, parts_.store});
}

/// Drops the messages of queues that do not live here. Returns the ranges that need a tombstone:
/// those of queues that live elsewhere, as taking over a journal may have been cut short and the
/// copies must not be there when the queue comes back some day; and those of queues that the
/// catalog never had, as it may give their ids once more. Queues that are gone need none.
std::vector<SequenceRange> ShardRecovery::drop_misplaced_queues(const KnownQueues& known) {
  std::vector<SequenceRange> tombstones;
  for (const std::uint64_t queue : report_.queues.ids()) {
    if (known.lives_in(queue, parts_.shard)) continue;
    const bool needs_tombstone =
        (known.contains(queue) || known.is_unknown(queue)) && report_.queues.count(queue) > 0;
    if (needs_tombstone)
      for (const RecoveredLevel& level : report_.queues.levels(queue))
        if (level.next_sequence > level.first_sequence)
          tombstones.push_back({queue, level.first_sequence, level.next_sequence - 1});
    report_.drop_queue(queue);
  }
  return tombstones;
}

/// The segments that hold them may be given up before the queues are there to repeat them.
void ShardRecovery::repeat_watermarks() {
  for (const std::uint64_t queue : report_.queues.ids()) {
    if (report_.queues.count(queue) == 0) continue;
    for (const RecoveredLevel& level : report_.queues.levels(queue))
      if (level.delivered_below != 0)
        journal_.delivery_watermark({core::QueueId{queue}, level.delivered_below});
  }
}

void ShardRecovery::log_findings() {
  for (const Finding& finding : report_.findings)
    parts_.log->write(level_of(finding.severity()), LogCategory::general, "journal",
                      {{"directory", parts_.directory},
                       {"case", finding.name()},
                       {"text", finding.text()},
                       {"records_lost", finding.records_lost}});
}

/// The segments in use without a gap: where a file is missing, nothing is live. The files come in
/// order.
Segments::Found ShardRecovery::found() const {
  Segments::Found found;
  found.next_number = report_.next_segment;
  for (std::uint64_t number = report_.log_start; number < report_.next_segment; ++number)
    found.in_use.push_back({number, no_file, 0, 0});
  for (const SegmentFile& file : report_.files) {
    for (; found.file_count < file.index; ++found.file_count)
      found.unused.push_back(found.file_count);
    found.file_count = file.index + 1;
    const std::string path = segment_file_path(parts_.directory, file.index);
    if (parts_.disk->link_count(path) > 1) found.shared.insert(file.index);
    if (file.state == SegmentFileState::free) found.free.push_back({file.index, file.size});
    if (file.state != SegmentFileState::live) continue;
    CHECK(file.number < report_.next_segment);
    if (file.number < report_.log_start) {
      found.free.push_back({file.index, file.size});
    } else {
      found.in_use[static_cast<std::size_t>(file.number - report_.log_start)] = {
          file.number, file.index, file.live_bytes, file.size};
    }
  }
  return found;
}

/// Places only: what is in the records is read when it is needed, and checked then.
core::RestoredQueue ShardRecovery::restore(const core::QueueSpec& queue) {
  core::RestoredQueue restored;
  const std::uint64_t id = queue.id.value;
  report_.queues.for_each_run(id, [&](const RecoveredRun& run) {
    restored.runs.push_back({run.sequence, run.count, run.message.place,
                             static_cast<std::uint32_t>(run.message.body_size),
                             past(run.message.enqueued_ms), deadline_of(run.message),
                             run.redelivered});
  });
  for (const RecoveredLevel& level : report_.queues.levels(id)) {
    restored.next.push_back(level.next_sequence);
    restored.delivered_below.push_back(level.delivered_below);
  }
  report_.queues.forget(id);
  return restored;
}

/// The clock may have been set back since: nothing came later than now.
std::uint64_t ShardRecovery::past(std::uint64_t enqueued_ms) const {
  const core::Nanos now = parts_.loop->now() + parts_.loop->wall_offset();
  return std::min(enqueued_ms,
                  static_cast<std::uint64_t>(std::max<core::Nanos>(now, 0) / core::nanos_per_ms));
}

core::Nanos ShardRecovery::deadline_of(const LiveMessage& message) const {
  constexpr std::uint64_t ms_max = core::never / core::nanos_per_ms;
  if (message.ttl_ms == core::Message::no_ttl) return core::never;
  const std::uint64_t enqueued_ms = past(message.enqueued_ms);
  const std::uint64_t since_1970_ms = std::min(message.ttl_ms, ms_max - enqueued_ms) + enqueued_ms;
  return std::max<core::Nanos>(
      static_cast<core::Nanos>(since_1970_ms) * core::nanos_per_ms - parts_.loop->wall_offset(), 0);
}

}  // namespace lepus::persist
