// Reads the header of each file, then decides which of them belong together.
#include "persist/journal/segment_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/limits.h"
#include "persist/journal/index/segment_index_file.h"
#include "persist/journal/newest_segment_file.h"
#include "persist/journal/record.h"
#include "persist/journal/segment_header.h"
#include "persist/recovery/segment_reader.h"

namespace lepus::persist {

namespace {

constexpr std::string_view segment_file_suffix = ".seg";
constexpr std::size_t segment_file_digits = 6;
constexpr std::string_view shard_prefix = "shard-";

template <class Number>
std::optional<Number> parse_digits(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class Lister {
 public:
  Lister(io::Disk& disk, const std::string& directory, const SegmentFileOptions& options)
      : disk_(disk), directory_(directory), options_(options), reader_(disk) {}

  SegmentFileList run() {
    std::vector<std::string> names;
    const int listed = disk_.list(directory_, names);
    if (listed == -ENOENT) {
      found(RecoveryCase::no_directory, directory_);
      return std::move(list_);
    }
    if (listed < 0) found(RecoveryCase::unreadable_file, directory_, std::strerror(-listed));
    for (const std::string& name : names) read_file(name);
    for (Suspect& suspect : list_.suspects) read_first_record(suspect);
    choose_live();
    return std::move(list_);
  }

 private:
  void found(RecoveryCase which, const std::string& file, std::string detail = {}) {
    list_.findings.push_back({.which = which, .file = file, .detail = std::move(detail)});
  }

  void read_file(const std::string& name);
  void take_header(const std::string& name, const SegmentHeader& header);
  void suspect(const std::string& name, HeaderFault fault);
  void read_first_record(Suspect& suspect);
  std::uint64_t store() const;
  void choose_live();

  io::Disk& disk_;
  const std::string& directory_;
  const SegmentFileOptions& options_;
  SegmentReader reader_;
  SegmentFileList list_;
};

void Lister::read_file(const std::string& name) {
  if (name == newest_segment_file || name == tail_copy_file) return;
  if (const auto indexed = parse_segment_index_name(name)) {
    list_.indexes.push_back(*indexed);
    return;
  }
  const std::optional<std::uint32_t> index = parse_segment_file_name(name);
  if (!index) return found(RecoveryCase::foreign_file, name);
  const int opened = reader_.open(directory_ + "/" + name);
  if (opened < 0) return found(RecoveryCase::unreadable_file, name, std::strerror(-opened));
  list_.files.push_back({.index = *index, .size = reader_.size()});
  const core::Bytes block = reader_.first_block();
  if (reader_.unreadable_count() > 0 && reader_.unreadable_offset() == 0)
    return found(RecoveryCase::unreadable_file, name, "its header cannot be read");
  SegmentHeader header;
  const HeaderFault fault = check_segment_header(block, header);
  switch (fault) {
    case HeaderFault::none:
      return take_header(name, header);
    case HeaderFault::blank:
      return found(RecoveryCase::unused_file, name);
    case HeaderFault::version:
      return found(
          RecoveryCase::other_version, name,
          fmt::format("version {}, this program knows {}", header.version, format_version));
    case HeaderFault::magic:
    case HeaderFault::crc:
    case HeaderFault::fields:
      return suspect(name, fault);
  }
}

void Lister::take_header(const std::string& name, const SegmentHeader& header) {
  if (options_.store && header.store != *options_.store)
    return found(RecoveryCase::other_store, name,
                 fmt::format("of store {:016x}, this is {:016x}", header.store, *options_.store));
  if (header.shard != options_.shard)
    return found(RecoveryCase::other_shard, name,
                 fmt::format("of shard {}, this is {}", header.shard, options_.shard));
  SegmentFile& file = list_.files.back();
  CHECK(file.number == 0);
  file.header = header;
  file.number = header.number;
  if (file.size < header.size)
    found(RecoveryCase::short_file, name, fmt::format("{} bytes of {}", file.size, header.size));
}

void Lister::suspect(const std::string& name, HeaderFault fault) {
  CHECK(fault != HeaderFault::none);
  list_.suspects.push_back({list_.files.size() - 1, 0});
  found(RecoveryCase::torn_header, name, std::string(text_of(fault)));
}

/// Once the other headers say whose records these are.
void Lister::read_first_record(Suspect& suspect) {
  const std::uint32_t index = list_.files[suspect.position].index;
  if (reader_.open(segment_file_path(directory_, index)) < 0) return;
  const RecordSeed seed = RecordSeed::of(store());
  RecordRead read = read_record(reader_.window(block_size, block_size), seed);
  if (read.fault == RecordFault::cut && block_size + read.length <= reader_.size())
    read = read_record(reader_.window(block_size, read.length), seed);
  if (read.fault == RecordFault::none) suspect.first_sequence = read.record.header().sequence;
}

std::uint64_t Lister::store() const {
  if (options_.store) return *options_.store;
  for (const SegmentFile& file : list_.files)
    if (file.number > 0) return file.header.store;
  return 0;
}

/// The newest header says where the journal begins.
void Lister::choose_live() {
  std::vector<SegmentFile>& files = list_.files;
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < files.size(); ++i)
    if (files[i].number > 0) order.push_back(i);
  if (order.empty()) return found(RecoveryCase::empty_directory, directory_);
  std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    return files[left].number < files[right].number;
  });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (files[order[i]].number == files[order[i - 1]].number)
      found(RecoveryCase::same_number_twice, segment_file_name(files[order[i]].index),
            fmt::format("segment {}, as {}", files[order[i]].number,
                        segment_file_name(files[order[i - 1]].index)));
  list_.log_start = std::max<std::uint64_t>(files[order.back()].header.log_start, 1);
  const std::uint64_t newest = files[order.back()].number;
  if (newest - list_.log_start >= core::limits::journal_segments_max ||
      newest > UINT32_MAX - core::limits::journal_segments_max)
    found(RecoveryCase::impossible_number, segment_file_name(files[order.back()].index),
          fmt::format("segment {}, the oldest that is needed is {}", newest, list_.log_start));
  for (const std::uint32_t i : order) {
    if (files[i].number < list_.log_start) {
      found(RecoveryCase::stale_segment, segment_file_name(files[i].index));
      continue;
    }
    files[i].state = SegmentFileState::live;
    list_.live.push_back(i);
  }
}

}  // namespace

std::string segment_file_name(std::uint32_t index) { return fmt::format("{:06}.seg", index); }

std::string segment_file_path(const std::string& directory, std::uint32_t index) {
  return directory + "/" + segment_file_name(index);
}

std::optional<std::uint32_t> parse_segment_file_name(const std::string& name) {
  const std::string_view text = name;
  if (text.size() != segment_file_digits + segment_file_suffix.size() ||
      !text.ends_with(segment_file_suffix))
    return std::nullopt;
  return parse_digits<std::uint32_t>(text.substr(0, segment_file_digits));
}

SegmentFileList list_segment_files(io::Disk& disk, const std::string& directory,
                                   const SegmentFileOptions& options) {
  return Lister(disk, directory, options).run();
}

void judge_suspects(SegmentFileList& list, std::uint64_t log_start) {
  // Where the journal's present begins; when the file that says so is the one that is damaged, any
  // record may be part of it.
  std::uint64_t oldest = 0;
  for (const std::uint32_t i : list.live)
    if (list.files[i].number == log_start) oldest = list.files[i].header.first_sequence;
  const bool is_all_dead = !list.live.empty() && list.files[list.live.back()].number < log_start;
  if (is_all_dead) oldest = UINT64_MAX;
  for (const Suspect& suspect : list.suspects) {
    SegmentFile& file = list.files[suspect.position];
    CHECK(file.number == 0);
    if (suspect.first_sequence == 0 || suspect.first_sequence < oldest) continue;
    file.state = SegmentFileState::set_aside;
    const std::string name = segment_file_name(file.index);
    for (Finding& finding : list.findings)
      if (finding.which == RecoveryCase::torn_header && finding.file == name)
        finding.which = RecoveryCase::lost_header;
  }
}

std::string shard_directory(const std::string& data_directory, std::uint32_t shard) {
  return fmt::format("{}/journal/{}{}", data_directory, shard_prefix, shard);
}

std::vector<std::uint32_t> list_shards(io::Disk& disk, const std::string& data_directory,
                                       std::string& error) {
  std::vector<std::uint32_t> shards;
  std::vector<std::string> names;
  const int listed = disk.list(data_directory + "/journal", names);
  if (listed < 0 && listed != -ENOENT)
    error = fmt::format("{}/journal: {}", data_directory, std::strerror(-listed));
  for (const std::string& name : names) {
    if (!name.starts_with(shard_prefix)) continue;
    const auto shard =
        parse_digits<std::uint32_t>(std::string_view(name).substr(shard_prefix.size()));
    if (shard && name == fmt::format("{}{}", shard_prefix, *shard)) shards.push_back(*shard);
  }
  std::sort(shards.begin(), shards.end());
  return shards;
}

}  // namespace lepus::persist
