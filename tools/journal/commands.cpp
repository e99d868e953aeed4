// Chooses the shards; then summary and verify, which are views of recover()'s report.
#include "tools/journal/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "persist/backup/restore.h"
#include "persist/journal/journal_check.h"
#include "persist/journal/newest_segment_file.h"
#include "persist/journal/segment_header.h"
#include "persist/recovery/recovery.h"
#include "tools/journal/export.h"
#include "tools/journal/queue_names.h"

namespace lepus::journal {

using persist::Finding;
using persist::RecordType;
using persist::RecoveryReport;
using persist::SegmentFile;
using persist::SegmentFileState;
using persist::Severity;

namespace {

constexpr int exit_fine = 0;
constexpr int exit_problems = 1;
constexpr int exit_wrong = 2;

RecoveryReport read_shard(const Context& context, std::uint32_t shard, bool reads_all) {
  // Nothing is said of times here.
  static const persist::TimedQueues timed_queues;
  return persist::recover(context.disk,
                          persist::shard_directory(context.options.data_directory, shard),
                          {.shard = shard, .timed_queues = &timed_queues, .reads_all = reads_all});
}

std::string_view text_of(persist::SegmentIndexState state) {
  switch (state) {
    case persist::SegmentIndexState::none:
      return "none";
    case persist::SegmentIndexState::unusable:
      return "unusable";
    case persist::SegmentIndexState::valid:
      return "valid";
  }
  return "?";
}

std::string catalog_of(const Context& context) {
  return context.options.data_directory + "/catalog.sqlite";
}

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

void print_findings(const Context& context, const RecoveryReport& report, Severity severity_min) {
  for (const Finding& finding : report.findings)
    if (finding.severity() >= severity_min)
      fmt::print(context.out, "  {}: {}\n", persist::text_of(finding.severity()), finding.text());
}

void print_segments(const Context& context, const RecoveryReport& report) {
  std::vector<const SegmentFile*> files;
  std::size_t free_count = 0;
  for (const SegmentFile& file : report.files) {
    if (file.state == SegmentFileState::live) files.push_back(&file);
    free_count += file.state == SegmentFileState::free ? 1 : 0;
  }
  std::sort(files.begin(), files.end(), [](const SegmentFile* left, const SegmentFile* right) {
    return left->number < right->number;
  });
  fmt::print(context.out, "  {} segments, {} free files, next segment {}, next sequence {}\n",
             files.size(), free_count, report.next_segment, report.next_sequence);
  if (files.empty()) return;
  fmt::print(context.out, "  {:>9}  {:<10}  {:>12}  {:>12}  {:>12}  {:>12}  {:<10}  {}\n",
             "segment", "file", "size", "used", "live", "dead", "index", "written by");
  for (const SegmentFile* file : files) {
    // A record in two queues counts twice as live.
    const std::uint64_t live = std::min(file->live_bytes, file->used_bytes);
    fmt::print(context.out, "  {:>9}  {:<10}  {:>12}  {:>12}  {:>12}  {:>12}  {:<10}  {}\n",
               file->number, persist::segment_file_name(file->index), megabytes(file->size),
               megabytes(file->used_bytes), megabytes(live), megabytes(file->used_bytes - live),
               text_of(file->index_state), persist::writer_text(file->header.writer));
  }
}

void print_queues(const Context& context, const RecoveryReport& report) {
  const QueueNames names = read_queue_names(catalog_of(context));
  if (!names.problem.empty())
    fmt::print(context.out, "  queue names are not known: {}\n", names.problem);
  report.queues.for_each_queue([&](std::uint64_t queue) {
    std::uint64_t bytes = 0;
    std::uint64_t redelivered_count = 0;
    report.queues.for_each(queue, [&](const persist::LiveEntry& entry) {
      bytes += entry.message.body_size;
      redelivered_count += entry.redelivered ? 1 : 0;
    });
    const auto name = names.by_id.find(queue);
    const bool is_dead = names.problem.empty() && name == names.by_id.end();
    fmt::print(context.out, "  queue {}{}: {} messages, {} body bytes, {} delivered before{}\n",
               queue, name == names.by_id.end() ? "" : " " + name->second,
               report.queues.count(queue), bytes, redelivered_count, is_dead ? ", deleted" : "");
  });
}

}  // namespace

int print_summary(const Context& context, std::uint32_t shard) {
  const RecoveryReport report = read_shard(context, shard, false);
  fmt::print(context.out, "shard {}\n", shard);
  print_segments(context, report);
  fmt::print(context.out, "  records:");
  for (std::size_t type = 1; type < report.counters.records.size(); ++type)
    fmt::print(context.out, " {} {}", report.counters.records[type],
               persist::text_of(static_cast<RecordType>(type)));
  if (report.counters.records[0] > 0)
    fmt::print(context.out, " {} of a later version, gone over", report.counters.records[0]);
  fmt::print(context.out, "\n");
  print_queues(context, report);
  print_findings(context, report, Severity::note);
  return report.refused() ? exit_problems : exit_fine;
}

namespace {

std::span<const persist::JournalSnapshot> journals_of(const persist::BackupList* backup) {
  if (backup == nullptr) return {};
  return backup->journals;
}

/// A backup's list says how far each journal came.
void find_cut_end(const Context& context, std::uint32_t shard, const persist::JournalTail& tail,
                  std::vector<std::string>& lost) {
  for (const persist::JournalSnapshot& journal : journals_of(context.backup)) {
    if (journal.shard != shard) continue;
    std::string missing = persist::check_journal_end(tail, journal);
    if (!missing.empty()) lost.push_back(std::move(missing));
  }
}

}  // namespace

int verify(const Context& context, std::uint32_t shard) {
  const RecoveryReport report = read_shard(context, shard, true);
  std::uint64_t record_count = 0;
  for (const std::uint64_t count : report.counters.records) record_count += count;
  const JournalKnowledge knowledge = read_journal_knowledge(catalog_of(context));
  const auto end = knowledge.ends.find(shard);
  const std::uint64_t newest = persist::read_newest_segment(
      context.disk, persist::shard_directory(context.options.data_directory, shard),
      {shard, report.tail.store});
  std::vector<std::string> losses = persist::find_losses(
      report, knowledge.queues, std::max(newest, end == knowledge.ends.end() ? 0 : end->second));
  find_cut_end(context, shard, report.tail, losses);
  const bool is_good = report.worst() < Severity::warning && losses.empty();
  fmt::print(context.out, "shard {}: {} records, {} bytes: {}\n", shard, record_count,
             report.counters.bytes_read, is_good ? "no problem" : "PROBLEMS");
  print_findings(context, report, Severity::note);
  for (const std::string& loss : losses) fmt::print(context.out, "  loss: {}\n", loss);
  if (report.counters.damaged_bytes > 0)
    fmt::print(context.out, "  {} bytes damaged, {} records lost\n", report.counters.damaged_bytes,
               report.counters.records_lost);
  return is_good ? exit_fine : exit_problems;
}

namespace {

/// Shards that had a journal, and have none.
int verify_directories(const Context& context, const std::vector<std::uint32_t>& shards) {
  const JournalKnowledge knowledge = read_journal_knowledge(catalog_of(context));
  if (!knowledge.problem.empty())
    fmt::print(context.out, "whether something is missing is not known: {}\n", knowledge.problem);
  std::vector<std::string> lost = persist::find_lost_journals(
      context.disk, context.options.data_directory, knowledge.ends, knowledge.queues);
  for (const persist::JournalSnapshot& journal : journals_of(context.backup))
    if (std::find(shards.begin(), shards.end(), journal.shard) == shards.end())
      find_cut_end(context, journal.shard, {}, lost);
  for (const std::string& text : lost) fmt::print(context.out, "loss: {}\n", text);
  return lost.empty() ? exit_fine : exit_problems;
}

}  // namespace

int run_command(const Context& order) {
  const Options& options = order.options;
  if (options.command == Command::kept_aside) return print_kept_aside(order);
  Context context = order;
  persist::BackupList list;
  const bool is_backup =
      context.backup == nullptr &&
      persist::read_backup_list(context.disk, options.data_directory, list).empty();
  if (is_backup) context.backup = &list;
  std::string error;
  std::vector<std::uint32_t> shards =
      persist::list_shards(context.disk, options.data_directory, error);
  int worst = exit_fine;
  if (error.empty() && options.command == Command::verify)
    worst = verify_directories(context, shards);
  if (error.empty() && shards.empty() && worst == exit_fine)
    error = fmt::format("{}: there is no journal; is it the data directory of a broker?",
                        options.data_directory);
  if (error.empty() && options.shard) {
    if (std::find(shards.begin(), shards.end(), *options.shard) == shards.end())
      error = fmt::format("{}: there is no shard {}", options.data_directory, *options.shard);
    shards = {*options.shard};
  }
  if (!error.empty()) {
    fmt::print(context.errors, "lepus-journal: {}\n", error);
    return exit_wrong;
  }
  for (const std::uint32_t shard : shards) {
    int result = exit_fine;
    switch (options.command) {
      case Command::summary:
        result = print_summary(context, shard);
        break;
      case Command::verify:
        result = verify(context, shard);
        break;
      case Command::print:
        result = print_records(context, shard);
        break;
      case Command::export_messages:
        result = export_messages(context, shard);
        break;
      case Command::kept_aside:
        break;
    }
    worst = std::max(worst, result);
  }
  if (is_broker_running(options.data_directory))
    fmt::print(context.errors,
               "lepus-journal: a broker runs on this directory; the tail may have moved\n");
  return worst;
}

}  // namespace lepus::journal
