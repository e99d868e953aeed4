// Replay. Of a sealed segment its index is read, else the segment itself, from its header to its
// end.
#include "persist/recovery/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "persist/journal/index/segment_index.h"
#include "persist/journal/index/segment_index_builder.h"
#include "persist/journal/index/segment_index_file.h"
#include "persist/recovery/segment_scan.h"

namespace lepus::persist {

namespace {

Severity worst_of(const std::vector<Finding>& findings) {
  Severity worst = Severity::normal;
  for (const Finding& finding : findings) worst = std::max(worst, finding.severity());
  return worst;
}

RecordSeed seed_of(const SegmentFile& file) {
  CHECK(file.number > 0);
  return RecordSeed::of(file.header.store);
}

class Recovery {
 public:
  Recovery(io::Disk& disk, const std::string& directory, const RecoveryOptions& options)
      : disk_(disk),
        directory_(directory),
        options_(options),
        reader_(disk),
        list_(list_segment_files(disk, directory, {options.shard, options.store})),
        replay_(report_.queues, report_.counters, options.timed_queues) {}

  RecoveryReport run();

 private:
  Finding& found(RecoveryCase which, const std::string& file);
  void continue_above_all();
  void replay_all();
  void replay_sealed(SegmentFile& file, std::uint64_t sequence_end);
  bool replay_index(SegmentFile& file, std::uint64_t sequence_end);
  void begin_index(const SegmentFile& file);
  void keep_index(SegmentFile& file);
  void replay_newest(SegmentFile& file);
  void make_tail_index(const SegmentFile& file);
  bool looks_begun(const SegmentScan& scan);
  void judge_tail(const SegmentFile& file, const SegmentScan& scan);
  void note_damage(const SegmentFile& file, const Damage& damage, RecoveryCase which);
  void replay_record(const SegmentScan& scan, const SegmentFile& file);
  void grade_damage();
  void find_missing();
  void apply_truncation();
  void count_live_bytes();
  bool open(SegmentFile& file);

  io::Disk& disk_;
  const std::string& directory_;
  const RecoveryOptions& options_;
  SegmentReader reader_;
  SegmentFileList list_;
  RecoveryReport report_;
  Replay replay_;
  std::vector<std::uint8_t> index_;  ///< Of the segment at hand, as it is on the disk.
  SegmentIndexBuilder builder_;      ///< Of the segment at hand, when one is made.
};

RecoveryReport Recovery::run() {
  report_.log_start = list_.log_start;
  const bool refused = worst_of(list_.findings) == Severity::refused;
  if (!refused && !list_.live.empty()) replay_all();
  judge_suspects(list_, report_.log_start);
  if (report_.tail.segment > 0) report_.next_segment = report_.tail.segment + 1;
  continue_above_all();
  // Those of the list are complete only now.
  report_.findings.insert(report_.findings.begin(), list_.findings.begin(), list_.findings.end());
  report_.files = std::move(list_.files);
  report_.indexes = std::move(list_.indexes);
  return std::move(report_);
}

void Recovery::continue_above_all() {
  const JournalTail& tail = report_.tail;
  const std::uint64_t seal_count = tail.sealed ? 0 : 1;
  std::uint64_t above = tail.segment > 0 ? tail.next_sequence + seal_count : 0;
  for (const Suspect& suspect : list_.suspects) above = std::max(above, suspect.first_sequence);
  report_.next_sequence = above > 0 ? above + sequence_gap : 1;
}

Finding& Recovery::found(RecoveryCase which, const std::string& file) {
  report_.findings.push_back({.which = which, .file = file});
  return report_.findings.back();
}

void Recovery::replay_all() {
  CHECK(!list_.live.empty());
  std::vector<SegmentFile>& files = list_.files;
  for (std::size_t i = 0; i + 1 < list_.live.size(); ++i) {
    const SegmentFile& next = files[list_.live[i + 1]];
    replay_sealed(files[list_.live[i]], next.header.first_sequence);
    if (next.number != files[list_.live[i]].number + 1) replay_.on_damage();
  }
  replay_newest(files[list_.live.back()]);
  if (report_.counters.records_dropped > 0) found(RecoveryCase::cut_batch, {});
  replay_.on_end();
  report_.log_start = std::max(list_.log_start, replay_.log_start());
  grade_damage();
  find_missing();
  apply_truncation();
  count_live_bytes();
}

/// The file may have been changed by another program since it was listed.
bool Recovery::open(SegmentFile& file) {
  CHECK(file.number > 0);
  const int opened = reader_.open(segment_file_path(directory_, file.index));
  if (opened < 0)
    found(RecoveryCase::unreadable_file, segment_file_name(file.index)).detail =
        std::strerror(-opened);
  // Behind it offsets may not fit a place.
  reader_.limit_size(file.header.size);
  if (opened >= 0) file.size = std::min(file.size, reader_.size());
  return opened >= 0;
}

void Recovery::replay_sealed(SegmentFile& file, std::uint64_t sequence_end) {
  if (replay_index(file, sequence_end)) return;
  if (!open(file)) return;
  begin_index(file);
  const std::uint64_t first = file.header.first_sequence;
  SegmentScan scan(reader_, {first, std::max(first, sequence_end), seed_of(file)});
  for (ScanStep step = scan.next(); step != ScanStep::end; step = scan.next()) {
    if (step == ScanStep::damage) {
      const bool no_seal = scan.end() == ScanEnd::lost && scan.damage().records_lost <= 1 &&
                           scan.damage().fault == RecordFault::blank;
      note_damage(file, scan.damage(),
                  no_seal ? RecoveryCase::missing_seal : RecoveryCase::damaged_sealed);
      continue;
    }
    replay_record(scan, file);
  }
  file.used_bytes = scan.end_offset();
  keep_index(file);
}

/// Returns true if the index of the segment counts, and was replayed in place of its records.
bool Recovery::replay_index(SegmentFile& file, std::uint64_t sequence_end) {
  const std::vector<std::uint32_t>& indexes = list_.indexes;
  if (!std::binary_search(indexes.begin(), indexes.end(), file.index)) return false;
  index_ = read_segment_index(disk_, segment_index_path(directory_, file.index));
  const std::uint64_t file_size = std::min(file.size, file.header.size);
  const IndexFault fault = check_segment_index(index_, {file.header, file_size, sequence_end});
  file.index_state =
      fault == IndexFault::none ? SegmentIndexState::valid : SegmentIndexState::unusable;
  if (fault != IndexFault::none) {
    Finding& finding = found(RecoveryCase::unusable_index, segment_file_name(file.index));
    finding.detail = fmt::format("segment {}: {}", file.number, text_of(fault));
    return false;
  }
  if (options_.reads_all) return false;
  SegmentIndexReader reader(index_);
  RecordSummary record;
  while (reader.next(record)) replay_.on_record(record);
  CHECK(reader.is_complete());
  file.used_bytes = segment_index_header(index_).end_offset;
  return true;
}

void Recovery::begin_index(const SegmentFile& file) {
  CHECK(!builder_.is_begun());
  const bool compares = options_.reads_all && file.index_state == SegmentIndexState::valid;
  if (options_.writes_indexes || compares)
    builder_.begin({file.number, file.header.store, file.header.first_sequence, file.header.shard});
}

/// What was made of a sealed segment is compared with the index it has, or becomes its index.
void Recovery::keep_index(SegmentFile& file) {
  if (!builder_.is_begun()) return;
  const std::vector<std::uint8_t> made = builder_.finish(file.header.size);
  if (made.empty()) return;
  if (file.index_state == SegmentIndexState::valid) {
    const bool is_same =
        index_.size() >= made.size() && std::equal(made.begin(), made.end(), index_.begin());
    if (!is_same)
      found(RecoveryCase::wrong_index, segment_file_name(file.index)).detail =
          fmt::format("segment {}", file.number);
    return;
  }
  const int code = write_segment_index(disk_, directory_, file.index, made);
  if (code == 0) file.index_state = SegmentIndexState::valid;
  if (code < 0 && report_.index_error == 0) report_.index_error = code;
}

/// How far the newest segment counts: to its last record, or to the last complete batch when its
/// writer marks batches. What is behind that, Replay holds back.
void Recovery::replay_newest(SegmentFile& file) {
  if (!open(file)) return;
  if (options_.writes_indexes) begin_index(file);
  SegmentScan scan(reader_, {file.header.first_sequence, 0, seed_of(file)});
  JournalTail& tail = report_.tail;
  tail = {.path = segment_file_path(directory_, file.index),
          .file = file.index,
          .segment = file.number,
          .store = file.header.store,
          .file_size = file.size,
          .end_offset = block_size,
          .next_sequence = file.header.first_sequence};
  for (ScanStep step = scan.next(); step != ScanStep::end; step = scan.next()) {
    if (step == ScanStep::damage)
      note_damage(file, scan.damage(), RecoveryCase::damaged_newest);
    else
      replay_record(scan, file);
    if (replay_.is_in_batch()) continue;
    builder_.mark();
    tail.end_offset = scan.position();
    tail.next_sequence = scan.next_sequence();
    tail.sealed = step == ScanStep::record && scan.record().header().type == RecordType::seal;
  }
  file.used_bytes = tail.end_offset;
  if (tail.end_offset < scan.end_offset()) {
    Finding& finding = found(RecoveryCase::torn_batch, segment_file_name(file.index));
    finding.offset = tail.end_offset;
    finding.size = scan.end_offset() - tail.end_offset;
  }
  judge_tail(file, scan);
  if (builder_.is_begun()) make_tail_index(file);
}

/// Of what a later start will read there: the records that count, and the seal.
void Recovery::make_tail_index(const SegmentFile& file) {
  const JournalTail& tail = report_.tail;
  CHECK(tail.segment == file.number);
  builder_.rewind();
  constexpr std::uint8_t both = flag_batch_first | flag_batch_last;
  constexpr std::uint32_t seal_size = sizeof(RecordHeader);
  const bool is_whole = builder_.end_offset() == tail.end_offset;
  if (!is_whole) builder_.give_up();
  if (is_whole && !tail.sealed && tail.end_offset + seal_size <= tail.file_size)
    builder_.add({.type = RecordType::seal,
                  .flags = both,
                  .place = {static_cast<std::uint32_t>(tail.segment),
                            static_cast<std::uint32_t>(tail.end_offset), seal_size}});
  report_.tail_index = builder_.finish(file.header.size);
}

/// Where the next batch would begin: a header with the number that comes next was written there,
/// and what it announces is not all there. What an older use of the file left has another number.
bool Recovery::looks_begun(const SegmentScan& scan) {
  const core::Bytes begin =
      reader_.window(round_up(scan.end_offset(), block_size), sizeof(RecordHeader));
  if (begin.size() < sizeof(RecordHeader)) return false;
  RecordHeader header;
  std::memcpy(&header, begin.data(), sizeof header);
  return header.sequence == scan.next_sequence();
}

void Recovery::judge_tail(const SegmentFile& file, const SegmentScan& scan) {
  CHECK(scan.end() != ScanEnd::none);
  RecoveryCase which = RecoveryCase::clean_tail;
  if (scan.end() == ScanEnd::seal)
    which = RecoveryCase::sealed_newest;
  else if (scan.has_later_record())
    which = RecoveryCase::hole_in_tail;
  else if (scan.end() == ScanEnd::invalid && (replay_.is_in_batch() || looks_begun(scan)))
    which = RecoveryCase::torn_tail;
  Finding& finding = found(which, segment_file_name(file.index));
  finding.offset = scan.end_offset();
  if (reader_.unreadable_count() == 0) return;
  Finding& unreadable = found(RecoveryCase::unreadable_block, segment_file_name(file.index));
  unreadable.offset = reader_.unreadable_offset();
  unreadable.size = reader_.unreadable_count() * block_size;
}

void Recovery::note_damage(const SegmentFile& file, const Damage& damage, RecoveryCase which) {
  CHECK(row_of(which).severity == Severity::loss);
  // It must be found again at each start.
  builder_.give_up();
  replay_.on_damage();
  Finding& finding = found(which, segment_file_name(file.index));
  finding.offset = damage.offset;
  finding.size = damage.size;
  finding.records_lost = damage.records_lost;
  finding.segment = file.number;
  finding.detail = fmt::format(
      "segment {}: {}", file.number,
      damage.fault == RecordFault::none ? "not the next record" : text_of(damage.fault));
}

/// Damage in what is dead is none: the file may have been in use again already. Counts the rest.
void Recovery::grade_damage() {
  for (Finding& finding : report_.findings) {
    if (finding.segment == 0) continue;
    CHECK(finding.severity() == Severity::loss);
    if (finding.segment < report_.log_start) {
      finding.which = RecoveryCase::truncated_and_reused;
      finding.records_lost = 0;
    } else if (finding.which != RecoveryCase::missing_seal) {
      report_.counters.records_lost += finding.records_lost;
      report_.counters.damaged_bytes += finding.size;
    }
  }
}

void Recovery::replay_record(const SegmentScan& scan, const SegmentFile& file) {
  const RecordHeader& header = scan.record().header();
  CHECK(scan.offset() + header.length <= file.size);
  const RecordSummary summary =
      summary_of(scan.record(), {static_cast<std::uint32_t>(file.number),
                                 static_cast<std::uint32_t>(scan.offset()), header.length});
  if (builder_.is_begun()) builder_.add(summary);
  replay_.on_record(summary);
}

void Recovery::find_missing() {
  std::uint64_t expected = list_.log_start;
  for (const std::uint32_t i : list_.live) {
    const std::uint64_t number = list_.files[i].number;
    for (; expected < number; ++expected) {
      // Numbers come from files: a wild one must not keep us busy for ever.
      if (number - expected > 2 * list_.files.size() + 1000) expected = number - 1;
      const bool is_dead = expected < report_.log_start;
      Finding& finding =
          found(is_dead ? RecoveryCase::truncated_and_reused : RecoveryCase::missing_segment, {});
      finding.detail = fmt::format("segment {}", expected);
    }
    expected = number + 1;
  }
}

/// A truncation beyond the newest segment would be a fault of the writer: everything is dead then.
void Recovery::apply_truncation() {
  const std::uint64_t newest = list_.files[list_.live.back()].number;
  report_.log_start = std::min(report_.log_start, newest + 1);
  // What lies before the log start of the headers was not replayed.
  if (report_.log_start > list_.log_start)
    report_.queues.drop_before(
        static_cast<std::uint32_t>(std::min<std::uint64_t>(report_.log_start, UINT32_MAX)));
  for (SegmentFile& file : list_.files)
    if (file.state == SegmentFileState::live && file.number < report_.log_start &&
        file.number != newest)
      file.state = SegmentFileState::free;
}

std::vector<std::pair<std::uint64_t, SegmentFile*>> files_by_number(
    std::vector<SegmentFile>& files) {
  std::vector<std::pair<std::uint64_t, SegmentFile*>> order;
  for (SegmentFile& file : files)
    if (file.state == SegmentFileState::live) order.emplace_back(file.number, &file);
  std::sort(order.begin(), order.end());
  return order;
}

template <class F>
void for_each_live_run(RecoveryReport& report, std::vector<SegmentFile>& files, std::uint64_t queue,
                       F&& visit) {
  const auto order = files_by_number(files);
  if (order.empty()) return;
  std::pair<std::uint64_t, SegmentFile*> last = order.front();
  report.queues.for_each_run(queue, [&](const RecoveredRun& run) {
    const std::uint64_t number = run.message.place.segment;
    if (number != last.first)
      last =
          *std::lower_bound(order.begin(), order.end(), std::pair{number, (SegmentFile*)nullptr});
    CHECK(last.first == number);
    visit(*last.second, std::uint64_t{run.message.place.size} * run.count);
  });
}

void Recovery::count_live_bytes() {
  report_.queues.for_each_queue([&](std::uint64_t queue) {
    for_each_live_run(report_, list_.files, queue,
                      [](SegmentFile& file, std::uint64_t bytes) { file.live_bytes += bytes; });
  });
}

}  // namespace

Severity RecoveryReport::worst() const { return worst_of(findings); }

void RecoveryReport::drop_queue(std::uint64_t queue) {
  for_each_live_run(*this, files, queue, [](SegmentFile& file, std::uint64_t bytes) {
    CHECK(file.live_bytes >= bytes);
    file.live_bytes -= bytes;
  });
  queues.forget(queue);
}

RecoveryReport recover(io::Disk& disk, const std::string& directory,
                       const RecoveryOptions& options) {
  return Recovery(disk, directory, options).run();
}

std::string_view text_of(Severity severity) {
  switch (severity) {
    case Severity::normal:
      return "normal";
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::loss:
      return "loss";
    case Severity::refused:
      return "refused";
  }
  return "?";
}

std::string Finding::text() const {
  std::string text = fmt::format("{}: {}", name(), row_of(which).found);
  if (!detail.empty()) text += fmt::format(" ({})", detail);
  if (!file.empty()) text += fmt::format(", {}", file);
  if (offset > 0) text += fmt::format(" at {}", offset);
  if (size > 0) text += fmt::format(", {} bytes", size);
  if (records_lost > 0) text += fmt::format(", {} records lost", records_lost);
  return text + fmt::format("; {}", row_of(which).decision);
}

}  // namespace lepus::persist
