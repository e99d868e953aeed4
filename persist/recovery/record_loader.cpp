// Everything is checked again: the place may be old, the disk may have changed its mind.
#include "persist/recovery/record_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lepus::persist {

RecordLoader::RecordLoader(io::Disk& disk, std::string directory,
                           const std::vector<SegmentFile>& files)
    : reader_(disk), directory_(std::move(directory)) {
  for (const SegmentFile& file : files)
    if (file.number > 0 && file.state == SegmentFileState::live)
      segments_.push_back(
          {static_cast<std::uint32_t>(file.number), file.index, RecordSeed::of(file.header.store)});
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& left, const Segment& right) { return left.number < right.number; });
}

std::string RecordLoader::open(std::uint32_t segment) {
  const auto found = std::lower_bound(
      segments_.begin(), segments_.end(), segment,
      [](const Segment& other, std::uint32_t number) { return other.number < number; });
  if (found == segments_.end() || found->number != segment)
    return fmt::format("segment {} is not in the journal", segment);
  open_segment_ = 0;
  const std::string path = segment_file_path(directory_, found->file);
  const int opened = reader_.open(path);
  if (opened < 0) return fmt::format("{}: {}", path, std::strerror(-opened));
  open_segment_ = segment;
  seed_ = found->seed;
  return {};
}

RecordLoader::Loaded RecordLoader::load(const Place& place) {
  CHECK(place.segment != 0);
  CHECK(place.offset % record_alignment == 0);
  if (open_segment_ != place.segment) {
    std::string error = open(place.segment);
    if (!error.empty()) return {{}, std::move(error)};
  }
  const core::Bytes window = reader_.window(place.offset, place.size);
  const RecordRead read = read_record(window, seed_);
  const bool is_message =
      read.fault == RecordFault::none && read.record.header().type == RecordType::message;
  if (is_message && read.length == place.size) return {read.record, {}};
  const std::string_view why =
      read.fault == RecordFault::none ? "another record lies there" : text_of(read.fault);
  return {{}, fmt::format("segment {} at {}: {}", place.segment, place.offset, why)};
}

}  // namespace lepus::persist
