// One record after the other is read from its place and added to a batch; a batch that is large
// enough is written, a file that is large enough is sealed, synced, and gets its header.
#include "persist/recovery/kept_aside.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

#include "core/limits.h"
#include "persist/journal/batch.h"
#include "persist/journal/message_record.h"
#include "persist/journal/segment_header.h"
#include "persist/recovery/record_loader.h"

namespace lepus::persist {

namespace {

constexpr std::string_view kept_aside_prefix = "kept-aside-";

std::string journals_of(const std::string& data_directory) { return data_directory + "/journal"; }

/// Writes records into sealed segments that are numbered from 1. Every function returns "" or what
/// failed; after a failure only the destructor may follow.
class SegmentCopyWriter {
 public:
  SegmentCopyWriter(io::Disk& disk, std::string directory, const KeepAside& options)
      : disk_(disk), directory_(std::move(directory)), file_size_(options.file_size) {
    header_.number = 1;
    header_.log_start = 1;
    header_.first_sequence = 1;
    header_.shard = options.shard;
    header_.store = options.store;
    header_.writer = writer_version();
  }
  ~SegmentCopyWriter() {
    if (fd_ >= 0) disk_.close(fd_);
  }

  std::string open();
  std::string add_message(const RecordView& record, const QueueRef& ref);
  std::string add_watermark(const QueueRef& below);
  /// Seals the file and gives it its header.
  std::string end_file();

 private:
  std::string failed(const char* label, int error) const {
    return fmt::format("{}: cannot {}: {}", path(), label, std::strerror(-error));
  }
  std::string path() const {
    return segment_file_path(directory_, static_cast<std::uint32_t>(header_.number - 1));
  }
  std::string begin_file();
  std::string make_room(std::uint64_t size);
  std::string write_batch();
  void begin_batch(std::uint64_t offset);

  io::Disk& disk_;
  std::string directory_;
  std::uint64_t file_size_;
  SegmentHeader header_;  ///< Of the file that is being written.
  std::optional<Batch> batch_;
  std::uint64_t batch_count_ = 0;
  std::uint64_t next_sequence_ = 1;
  int fd_ = -1;
};

std::string SegmentCopyWriter::open() {
  if (const int made = disk_.make_directory(directory_); made < 0)
    return fmt::format("cannot make {}: {}", directory_, std::strerror(-made));
  std::vector<std::string> names;
  if (const int listed = disk_.list(directory_, names); listed < 0 && listed != -ENOENT)
    return fmt::format("cannot list {}: {}", directory_, std::strerror(-listed));
  if (!names.empty()) return fmt::format("{}: there are files already", directory_);
  return begin_file();
}

std::string SegmentCopyWriter::begin_file() {
  CHECK(fd_ < 0);
  fd_ = disk_.open(path(), {.write = true, .create = true});
  if (fd_ < 0) return failed("make it", fd_);
  header_.first_sequence = next_sequence_;
  begin_batch(block_size);
  return {};
}

void SegmentCopyWriter::begin_batch(std::uint64_t offset) {
  BlockBuffer buffer;
  if (batch_) {
    buffer = batch_->take_buffer();
    buffer.clear(core::limits::kept_aside_batch_size);
  }
  batch_.emplace(Batch::Start{++batch_count_, header_.number, offset, next_sequence_, false},
                 std::move(buffer));
}

std::string SegmentCopyWriter::make_room(std::uint64_t size) {
  const bool is_full = batch_->end_offset() + size > file_size_;
  const bool is_fresh = batch_->is_empty() && batch_->offset() == block_size;
  if (is_full && !is_fresh) {
    std::string error = end_file();
    ++header_.number;
    return error.empty() ? begin_file() : error;
  }
  return batch_->size() < core::limits::kept_aside_batch_size ? std::string() : write_batch();
}

std::string SegmentCopyWriter::write_batch() {
  CHECK(!batch_->is_empty());
  next_sequence_ = batch_->next_sequence();
  batch_->close(RecordSeed::of(header_.store));
  const int written = disk_.write(fd_, batch_->offset(), batch_->bytes());
  if (written < 0) return failed("write", written);
  begin_batch(batch_->end_offset());
  return {};
}

/// The record names one queue: other queues of it may be known and have it still.
std::string SegmentCopyWriter::add_message(const RecordView& record, const QueueRef& ref) {
  const MessageHead& head = record.head();
  if (std::string error = make_room(message_record_size(head, 1)); !error.empty()) return error;
  std::uint8_t* copy = add_message_record(*batch_, head, 1, record);
  store_queue_ref(copy, 0, ref);
  return {};
}

std::string SegmentCopyWriter::add_watermark(const QueueRef& below) {
  const std::uint64_t size = sizeof(RecordHeader) + sizeof below;
  if (std::string error = make_room(size); !error.empty()) return error;
  std::uint8_t* out = batch_->add(RecordType::delivered, 1, size);
  std::memcpy(out + sizeof(RecordHeader), &below, sizeof below);
  return {};
}

/// The header makes the file count, so everything behind it is durable before.
std::string SegmentCopyWriter::end_file() {
  batch_->add(RecordType::seal, 0, sizeof(RecordHeader));
  if (std::string error = write_batch(); !error.empty()) return error;
  if (const int synced = disk_.sync(fd_); synced < 0) return failed("sync", synced);
  header_.size = batch_->offset();
  BlockBuffer block;
  std::uint8_t* bytes = block.grow(block_size);
  encode_segment_header(header_, {bytes, block_size});
  if (const int written = disk_.write(fd_, 0, {bytes, block_size}); written < 0)
    return failed("write", written);
  if (const int synced = disk_.sync(fd_); synced < 0) return failed("sync", synced);
  disk_.close(std::exchange(fd_, -1));
  return {};
}

/// "20261129T032019Z"
std::string time_text(std::uint64_t seconds) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

/// From the places in the report to the writer, queue by queue.
class QueueCopier {
 public:
  QueueCopier(io::Disk& disk, const RecoveryReport& report, const KeepAside& options)
      : report_(report),
        loader_(disk, options.source, report.files),
        writer_(disk, shard_directory(options.target, options.shard), options) {
    result_.error = writer_.open();
  }

  void copy(std::uint64_t queue);
  KeptAside finish() {
    if (result_.error.empty()) result_.error = writer_.end_file();
    return std::move(result_);
  }

 private:
  void copy_message(std::uint64_t queue, const LiveEntry& entry);

  const RecoveryReport& report_;
  RecordLoader loader_;
  SegmentCopyWriter writer_;
  KeptAside result_;
};

void QueueCopier::copy(std::uint64_t queue) {
  report_.queues.for_each(queue, [&](const LiveEntry& entry) { copy_message(queue, entry); });
  for (const RecoveredLevel& level : report_.queues.levels(queue))
    if (result_.error.empty() && level.delivered_below > level.first_sequence)
      result_.error = writer_.add_watermark({queue, level.delivered_below});
  ++result_.queue_count;
}

void QueueCopier::copy_message(std::uint64_t queue, const LiveEntry& entry) {
  if (!result_.error.empty()) return;
  const RecordLoader::Loaded loaded = loader_.load(entry.message.place);
  if (!loaded.error.empty()) {
    if (result_.unreadable_count++ == 0) result_.first_unreadable = loaded.error;
    return;
  }
  result_.error = writer_.add_message(loaded.record, {queue, entry.sequence});
  ++result_.message_count;
}

}  // namespace

std::string new_kept_aside_directory(io::Disk& disk, const std::string& data_directory,
                                     std::uint64_t now_s) {
  std::vector<std::string> names;
  if (disk.list(journals_of(data_directory), names) < 0) names.clear();
  const std::string first = fmt::format("{}{}", kept_aside_prefix, time_text(now_s));
  std::string name = first;
  for (std::size_t i = 2; std::find(names.begin(), names.end(), name) != names.end(); ++i)
    name = fmt::format("{}-{}", first, i);
  return journals_of(data_directory) + "/" + name;
}

std::vector<std::string> list_kept_aside(io::Disk& disk, const std::string& data_directory,
                                         std::string& error) {
  std::vector<std::string> names;
  std::vector<std::string> paths;
  const int listed = disk.list(journals_of(data_directory), names);
  if (listed < 0 && listed != -ENOENT)
    error = fmt::format("{}: {}", journals_of(data_directory), std::strerror(-listed));
  for (const std::string& name : names)
    if (name.starts_with(kept_aside_prefix))
      paths.push_back(journals_of(data_directory) + "/" + name);
  return paths;
}

std::vector<std::uint64_t> find_unknown_queues(const RecoveryReport& report,
                                               const KnownQueues& known) {
  std::vector<std::uint64_t> queues = report.queues.ids();
  std::erase_if(queues, [&](std::uint64_t queue) {
    return !known.is_unknown(queue) || report.queues.count(queue) == 0;
  });
  return queues;
}

KeptAside keep_aside(io::Disk& disk, const RecoveryReport& report,
                     const std::vector<std::uint64_t>& queues, const KeepAside& options) {
  CHECK(!options.target.empty());
  CHECK(!queues.empty());
  QueueCopier copier{disk, report, options};
  for (const std::uint64_t queue : queues) copier.copy(queue);
  return copier.finish();
}

std::string move_lost_headers(io::Disk& disk, core::Log& log, std::vector<SegmentFile>& files,
                              const KeepAside& options) {
  for (const SegmentFile& file : files) {
    if (file.state != SegmentFileState::set_aside) continue;
    const std::string path = segment_file_path(options.source, file.index);
    const std::string new_path = fmt::format("{}/lost-header-shard-{}-{}", options.target,
                                             options.shard, segment_file_name(file.index));
    int code = disk.make_directory(options.target);
    if (code >= 0) code = disk.rename(path, new_path);
    if (code < 0)
      return fmt::format("cannot move {}, whose header is damaged, to {}: {}", path, new_path,
                         std::strerror(-code));
    log.write(core::LogLevel::error, core::LogCategory::general,
              "a journal file with a damaged header is kept aside",
              {{"file", path}, {"moved_to", new_path}});
  }
  std::erase_if(files,
                [](const SegmentFile& file) { return file.state == SegmentFileState::set_aside; });
  return {};
}

std::string log_kept_aside(core::Log& log, const KeptAside& result, const KeepAside& options) {
  using core::LogCategory;
  using core::LogLevel;
  if (!result.error.empty())
    return fmt::format(
        "{}: messages of queues that the catalog does not know cannot be kept aside: {}; nothing "
        "was changed: mend that, then start again",
        options.source, result.error);
  log.write(LogLevel::warning, LogCategory::general,
            "messages of unknown queues are kept aside: lepus-journal shows them",
            {{"from", options.source},
             {"directory", options.target},
             {"queues", result.queue_count},
             {"messages", result.message_count}});
  if (result.unreadable_count > 0)
    log.write(LogLevel::error, LogCategory::general, "messages are lost: they cannot be read",
              {{"directory", options.source},
               {"messages", result.unreadable_count},
               {"text", result.first_unreadable}});
  return {};
}

}  // namespace lepus::persist
