// One journal after the other: read what lives, write it where it belongs, wait, remove.
#include "persist/shard_import.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "persist/message_record.h"
#include "persist/record_loader.h"

namespace lepus::persist {

using core::LogCategory;
using core::LogLevel;

namespace {

class Importer {
 public:
  Importer(Journal::Parts parts, const KnownQueues& known)
      : parts_(std::move(parts)), known_(known) {}

  /// From the directory of shard `source` to the journal of parts_.
  std::string run(const std::string& source, std::uint32_t source_shard) {
    RecoveryReport report =
        recover(*parts_.disk, source, {source_shard, parts_.store, &known_.timed()});
    for (const Finding& finding : report.findings)
      if (finding.weight() == Weight::refused) return fmt::format("{}: {}", source, finding.text());
    if (std::string error = copy(source, report); !error.empty()) return error;
    return remove_files(source);
  }

 private:
  std::string copy(const std::string& source, const RecoveryReport& report) {
    ShardStore store{parts_};
    if (std::string error = store.open(known_); !error.empty()) return error;
    RecordLoader loader{*parts_.disk, source, report.slots};
    std::uint64_t count = 0;
    std::string error;
    for (const std::uint64_t queue : report.queues.ids()) {
      if (!known_.contains(queue)) continue;
      report.queues.for_each(queue, [&](const LiveEntry& entry) {
        const RecordLoader::Loaded loaded = loader.load(entry.message.place);
        if (!loaded.error.empty()) error = loaded.error;
        if (!error.empty()) return;
        append(store.journal(), loaded.record, {core::QueueId{queue}, entry.sequence});
        if (++count % 1024 == 0) turn(store.journal());
      });
      for (const RecoveredLevel& level : report.queues.levels(queue))
        if (level.seen_below != 0) store.journal().seen({core::QueueId{queue}, level.seen_below});
    }
    const std::uint64_t last = store.journal().open_batch();
    while (error.empty() && store.journal().durable() < last) turn(store.journal());
    while (parts_.loop->ops_in_flight() > 0) turn(store.journal());
    if (error.empty())
      parts_.log->write(LogLevel::info, LogCategory::general,
                        "journal of a former shard taken over",
                        {{"from", source}, {"to", parts_.directory}, {"messages", count}});
    return error;
  }

  void append(Journal& journal, const RecordView& record, const core::QueuePosition& at) {
    const core::MessageRef message = make_message(record, account_);
    journal.enqueued(journal.append_as_of(*message, record.head().enqueued_ms, 1), 0, at);
  }

  void turn(Journal& journal) {
    journal.flush();
    parts_.loop->run_turn();
  }

  std::string remove_files(const std::string& directory) {
    std::vector<std::string> names;
    int code = parts_.disk->list(directory, names);
    for (const std::string& name : names)
      if (code >= 0) code = parts_.disk->remove(directory + "/" + name);
    if (code >= 0) code = parts_.disk->remove(directory);
    if (code >= 0) return {};
    return fmt::format("cannot remove {}, whose messages were taken over: {}", directory,
                       std::strerror(-code));
  }

  Journal::Parts parts_;
  const KnownQueues& known_;
  core::MemoryAccount account_;
};

}  // namespace

std::string import_gone_shards(const ShardImport& import, Journal::Parts journal,
                               const KnownQueues& known) {
  std::string error;
  const std::vector<std::uint32_t> shards =
      list_shards(*journal.disk, import.data_directory, error);
  for (const std::uint32_t shard : shards) {
    if (!error.empty()) break;
    if (shard < import.shard_count) continue;
    journal.shard = static_cast<core::ShardId>(shard % import.shard_count);
    journal.directory = shard_directory(import.data_directory, journal.shard);
    error = Importer{journal, known}.run(shard_directory(import.data_directory, shard), shard);
  }
  return error;
}

}  // namespace lepus::persist
