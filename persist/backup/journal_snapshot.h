// What a backup copies of one shard's journal: the segments that were not free at one moment, and
// how many bytes of each counted then.
//
//   segments  | 7: whole | 8: whole | 9: up to the end of its last durable batch |
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lepus::persist {

struct SegmentSnapshot {
  std::uint64_t number = 0;  ///< Of the segment.
  std::uint32_t file = 0;    ///< Number of its file, 000007.seg.
  std::uint64_t size = 0;    ///< Of the file, bytes.
  std::uint64_t bytes = 0;   ///< That count, from the beginning; a multiple of block_size.
};

struct JournalSnapshot {
  std::uint32_t shard = 0;
  std::uint64_t store = 0;                ///< Number of the data directory.
  std::string directory;                  ///< Where the files are.
  std::vector<SegmentSnapshot> segments;  ///< Ascending by number; the last one is the newest.
};

}  // namespace lepus::persist
