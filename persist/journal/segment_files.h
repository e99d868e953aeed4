// The files of one shard's journal: which holds which segment, and which segments are part of
// the journal's present. Only headers are read.
//
//   <directory>/000000.seg, 000001.seg, ...     each is used again and again
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/disk.h"
#include "persist/journal/format.h"
#include "persist/recovery/recovery_cases.h"

namespace lepus::persist {

enum class SegmentFileState : std::uint8_t {
  free,       ///< May be used for the next segment.
  live,       ///< Holds a segment between the oldest live and the newest one.
  set_aside,  ///< (lost_header); never to be used.
};

/// Of a file that holds a live segment.
enum class SegmentIndexState : std::uint8_t {
  none,      ///< There is no index, or it was not looked for.
  unusable,  ///< It is damaged, cut off, or of an older use of the file.
  valid,
};

struct SegmentFile {
  std::uint32_t index = 0;  ///< The number in the file's name.
  SegmentFileState state = SegmentFileState::free;
  SegmentHeader header;          ///< Valid when number > 0.
  std::uint64_t number = 0;      ///< Of the segment; 0: none.
  std::uint64_t size = 0;        ///< Of the file, bytes, as it is.
  std::uint64_t live_bytes = 0;  ///< Records count once for each live message in a queue.
  std::uint64_t used_bytes = 0;  ///< Up to the end of the last valid record.
  SegmentIndexState index_state = SegmentIndexState::none;  ///< Once recover() looked at it.
};

struct SegmentFileOptions {
  std::uint32_t shard = 0;
  std::optional<std::uint64_t> store;  ///< Nothing: any, for tools.
};

/// A file with a damaged header.
struct Suspect {
  std::size_t position = 0;          ///< In SegmentFileList::files.
  std::uint64_t first_sequence = 0;  ///< Of the record behind the header; 0: no valid one.
};

struct SegmentFileList {
  std::vector<SegmentFile> files;   ///< In order of their index.
  std::vector<std::uint32_t> live;  ///< Positions in `files`, ascending by segment number.
  std::vector<Finding> findings;
  std::vector<Suspect> suspects;
  /// Numbers of files that have an index (persist/journal/index/segment_index_file.h), ascending.
  std::vector<std::uint32_t> indexes;
  std::uint64_t log_start = 1;  ///< By the newest header.
};

/// The name of the file that a start copies the newest segment to, until it takes that one's place.
/// What is left of one means nothing.
inline constexpr const char* tail_copy_file = "tail.new";

std::string segment_file_name(std::uint32_t index);
std::string segment_file_path(const std::string& directory, std::uint32_t index);
/// The index in a file's file name.
std::optional<std::uint32_t> parse_segment_file_name(const std::string& name);

SegmentFileList list_segment_files(io::Disk& disk, const std::string& directory,
                                   const SegmentFileOptions& options);

/// Once it is known which segments are dead: a file without a header is part of the journal's
/// present when its first record is, and then it is kept.
void judge_suspects(SegmentFileList& list, std::uint64_t log_start);

std::string shard_directory(const std::string& data_directory, std::uint32_t shard);
/// Shards that have a directory under <data_directory>/journal, ascending; empty when there is
/// none. `error` is set when that cannot be found out.
std::vector<std::uint32_t> list_shards(io::Disk& disk, const std::string& data_directory,
                                       std::string& error);

}  // namespace lepus::persist
