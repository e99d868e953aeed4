// One journal after the other: read what lives, write it where it belongs, wait. Then the homes,
// then the files.
#include "persist/recovery/shard_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

#include "core/limits.h"
#include "core/limits/segment_index.h"
#include "persist/journal/index/segment_index_file.h"
#include "persist/journal/journal_check.h"
#include "persist/journal/message_record.h"
#include "persist/recovery/kept_aside.h"
#include "persist/recovery/record_loader.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

namespace {

class Importer {
 public:
  Importer(const ShardImport& import, Journal::Parts parts)
      : import_(import), parts_(std::move(parts)), known_(*import.stored) {
    known_.set_newest(import.newest_queue);
  }

  std::string run();

 private:
  core::ShardId home_from(std::uint32_t shard) const {
    return static_cast<core::ShardId>(shard % import_.shard_count);
  }
  std::string take_over(std::uint32_t shard);
  std::string keep_unknown_aside(const KeepAside& options, const RecoveryReport& report);
  std::string copy(const std::string& source, const RecoveryReport& report,
                   const std::vector<std::uint64_t>& queues);
  void append(Journal& journal, const RecordView& record, const core::QueuePosition& position);
  void settle_down(Journal& journal);
  /// Before the journal is destroyed: its operations come back.
  void finish_ops(Journal& journal);
  void turn(Journal& journal);
  std::string give_homes();
  std::string remove_files(std::uint32_t shard);
  std::vector<std::string> newest_first(std::uint32_t shard, const std::string& directory);

  const ShardImport& import_;
  Journal::Parts parts_;
  KnownQueues known_;  ///< Homes as far as taken over.
  core::MemoryAccount account_;
};

std::string Importer::run() {
  CHECK(import_.shard_count > 0);
  std::string error;
  std::vector<std::uint32_t> gone = list_shards(*parts_.disk, import_.data_directory, error);
  std::erase_if(gone, [this](std::uint32_t shard) { return shard < import_.shard_count; });
  for (const std::uint32_t shard : gone)
    if (error.empty()) error = take_over(shard);
  if (error.empty()) error = give_homes();
  for (const std::uint32_t shard : gone)
    if (error.empty()) error = remove_files(shard);
  return error;
}

std::string Importer::take_over(std::uint32_t shard) {
  const std::string source = shard_directory(import_.data_directory, shard);
  // All of it is copied: damage that an index hides is found before.
  RecoveryReport report = recover(
      *parts_.disk, source,
      {.shard = shard, .store = parts_.store, .timed_queues = &known_.timed(), .reads_all = true});
  for (const Finding& finding : report.findings)
    if (finding.severity() == Severity::refused)
      return fmt::format("{}: {}", source, finding.text());
  const std::uint64_t newest = read_newest_segment(*parts_.disk, source, {shard, parts_.store});
  for (const std::string& loss : find_losses(report, known_, newest)) {
    if (!import_.accepts_loss)
      return fmt::format("{}: {}; put back what is missing, or {}", source, loss, advice_on_loss());
    parts_.log->write(LogLevel::error, LogCategory::general, "messages are lost",
                      {{"directory", source}, {"text", loss}});
  }
  if (std::string error =
          keep_unknown_aside({source, import_.kept_aside, shard, parts_.store}, report);
      !error.empty())
    return error;
  std::vector<std::uint64_t> queues;
  for (const std::uint64_t queue : report.queues.ids())
    if (known_.lives_in(queue, shard)) queues.push_back(queue);
  parts_.shard = home_from(shard);
  parts_.directory = shard_directory(import_.data_directory, parts_.shard);
  if (std::string error = copy(source, report, queues); !error.empty()) return error;
  for (const std::uint64_t queue : queues) known_.move(queue, parts_.shard);
  const std::string target = import_.kept_aside.empty() ? parts_.directory : import_.kept_aside;
  return move_lost_headers(*parts_.disk, *parts_.log, report.files,
                           {source, target, shard, parts_.store});
}

std::string Importer::keep_unknown_aside(const KeepAside& options, const RecoveryReport& report) {
  const std::vector<std::uint64_t> queues = find_unknown_queues(report, known_);
  if (queues.empty()) return {};
  return log_kept_aside(*parts_.log, keep_aside(*parts_.disk, report, queues, options), options);
}

std::string Importer::copy(const std::string& source, const RecoveryReport& report,
                           const std::vector<std::uint64_t>& queues) {
  if (queues.empty()) return {};
  ShardRecovery store{parts_};
  if (std::string error = store.open(known_, {0, import_.accepts_loss, import_.kept_aside});
      !error.empty())
    return error;
  if (!store.journal().view().segments.spare().is_ready()) {
    finish_ops(store.journal());
    return fmt::format("{}: there is no room on the disk to take over {}; make some",
                       parts_.directory, source);
  }
  // Settles come last in a batch: copies of an earlier try must not die together with these.
  settle_down(store.journal());
  RecordLoader loader{*parts_.disk, source, report.files};
  std::uint64_t count = 0;
  std::uint64_t pending = 0;  // Bytes that may not be written yet.
  std::string error;
  for (const std::uint64_t queue : queues) {
    report.queues.for_each(queue, [&](const LiveEntry& entry) {
      const RecordLoader::Loaded loaded = loader.load(entry.message.place);
      if (!loaded.error.empty()) error = loaded.error;
      if (!error.empty()) return;
      // Messages may be large: their count alone bounds nothing.
      if (pending + entry.message.place.size > core::limits::import_pending_max && pending > 0) {
        settle_down(store.journal());
        pending = 0;
      }
      pending += entry.message.place.size;
      append(store.journal(), loaded.record, {core::QueueId{queue}, entry.sequence});
      if (++count % core::limits::import_messages_per_turn == 0) turn(store.journal());
    });
    for (const RecoveredLevel& level : report.queues.levels(queue))
      if (level.delivered_below != 0)
        store.journal().delivery_watermark({core::QueueId{queue}, level.delivered_below});
  }
  if (error.empty()) settle_down(store.journal());
  finish_ops(store.journal());
  if (error.empty())
    parts_.log->write(LogLevel::info, LogCategory::general, "journal of a former shard taken over",
                      {{"from", source}, {"to", parts_.directory}, {"messages", count}});
  return error;
}

void Importer::append(Journal& journal, const RecordView& record,
                      const core::QueuePosition& position) {
  const core::MessageRef message = make_message(record, account_);
  journal.enqueued(journal.records().append_as_of(*message, record.head().enqueued_ms, 1), 0,
                   position);
}

void Importer::settle_down(Journal& journal) {
  const std::uint64_t last = journal.open_batch();
  while (journal.durable() < last) turn(journal);
}

void Importer::finish_ops(Journal& journal) {
  while (parts_.loop->ops_in_flight() > 0) turn(journal);
}

void Importer::turn(Journal& journal) {
  journal.flush();
  parts_.loop->run_turn();
}

/// Also of queues whose shard left no journal.
std::string Importer::give_homes() {
  for (core::TopologyChange& change : import_.stored->changes) {
    auto* added = std::get_if<core::QueueAdded>(&change);
    if (added == nullptr || added->queue.home < import_.shard_count) continue;
    added->queue.home = home_from(added->queue.home);
    import_.definitions->record(change);
  }
  return import_.definitions->has_changes() ? import_.definitions->commit() : std::string();
}

/// What an interrupted removal leaves must look like a whole journal: the shard may come back. So
/// the file that says how far it came goes first.
std::vector<std::string> Importer::newest_first(std::uint32_t shard, const std::string& directory) {
  SegmentFileList list = list_segment_files(*parts_.disk, directory, {shard, parts_.store});
  std::stable_sort(
      list.files.begin(), list.files.end(),
      [](const SegmentFile& left, const SegmentFile& right) { return left.number > right.number; });
  std::vector<std::string> names;
  std::vector<std::string> all;
  (void)parts_.disk->list(directory, all);
  if (std::find(all.begin(), all.end(), newest_segment_file) != all.end())
    names.emplace_back(newest_segment_file);
  for (const SegmentFile& file : list.files) names.push_back(segment_file_name(file.index));
  for (const std::uint32_t index : list.indexes) names.push_back(segment_index_name(index));
  return names;
}

/// What the broker did not make is not its own to remove: then the directory stays.
std::string Importer::remove_files(std::uint32_t shard) {
  const std::string directory = shard_directory(import_.data_directory, shard);
  int code = 0;
  for (const std::string& name : newest_first(shard, directory))
    if (code >= 0) code = parts_.disk->remove(directory + "/" + name);
  std::vector<std::string> left;
  if (code >= 0) code = parts_.disk->list(directory, left);
  if (code >= 0 && left.empty()) code = parts_.disk->remove(directory);
  if (code < 0)
    return fmt::format("cannot remove {}, whose messages were taken over: {}", directory,
                       std::strerror(-code));
  if (!left.empty())
    parts_.log->write(LogLevel::warning, LogCategory::general,
                      "the directory of a former shard stays: other files are in it",
                      {{"directory", directory}, {"file", left.front()}});
  return {};
}

}  // namespace

std::string import_gone_shards(const ShardImport& import, Journal::Parts journal) {
  CHECK(import.stored != nullptr && import.definitions != nullptr);
  return Importer{import, std::move(journal)}.run();
}

}  // namespace lepus::persist
