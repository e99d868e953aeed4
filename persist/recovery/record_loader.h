// Reads single messages back from their places in the journal. One file is open at a time and its
// window (persist/recovery/segment_reader.h) stays where it was: places in order of the journal, as
// after a restart, are read at the speed of the disk; anything else costs a read of 64 KiB.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/disk.h"
#include "persist/journal/record.h"
#include "persist/journal/segment_files.h"
#include "persist/recovery/segment_reader.h"

namespace lepus::persist {

class RecordLoader {
 public:
  RecordLoader(io::Disk& disk, std::string directory, const std::vector<SegmentFile>& files);

  struct Loaded {
    RecordView record;  ///< A message; valid until the next call. Only when error is empty.
    std::string error;
  };
  Loaded load(const Place& place);

 private:
  struct Segment {
    std::uint32_t number;
    std::uint32_t file;
    RecordSeed seed;
  };

  std::string open(std::uint32_t segment);

  SegmentReader reader_;
  std::string directory_;
  std::vector<Segment> segments_;  ///< Ascending by number.
  std::uint32_t open_segment_ = 0;
  RecordSeed seed_;  ///< Of its records.
};

}  // namespace lepus::persist
