// Any bytes as the index of a segment, as they are and with a right CRC. What must hold: nothing is
// read out of range; what is accepted lies in the segment and can be replayed; an index that is
// made of what was read is accepted, and says the same.
#include <cstdint>
#include <cstring>
#include <vector>

#include "persist/journal/index/segment_index.h"
#include "persist/journal/index/segment_index_builder.h"
#include "persist/recovery/replay.h"

namespace lepus::persist {
namespace {

constexpr std::uint64_t file_size = 64 << 20;

IndexedSegment segment_of(const SegmentIndexHeader& header) {
  IndexedSegment segment;
  segment.header.number = header.number;
  segment.header.store = header.store;
  segment.header.shard = header.shard;
  segment.header.first_sequence = header.first_sequence;
  segment.header.size = segment.file_size = file_size;
  return segment;
}

std::vector<RecoveredLevel> replay(core::Bytes index, RecoveryCounters& counters) {
  RecoveredQueues queues;
  Replay replay(queues, counters, nullptr);
  SegmentIndexReader reader(index);
  for (RecordSummary record; reader.next(record);) {
    CHECK(record.place.offset >= block_size);
    CHECK(record.place.offset + std::uint64_t{record.place.size} * record.count <= file_size);
    replay.on_record(record);
  }
  CHECK(reader.is_complete());
  replay.on_end();
  std::vector<RecoveredLevel> levels;
  queues.for_each_queue([&](std::uint64_t queue) {
    for (const RecoveredLevel& level : queues.levels(queue)) levels.push_back(level);
  });
  return levels;
}

void build_again(core::Bytes index, const IndexedSegment& segment) {
  const SegmentIndexHeader header = segment_index_header(index);
  SegmentIndexBuilder builder;
  builder.begin({header.number, header.store, header.first_sequence, header.shard});
  SegmentIndexReader reader(index);
  for (RecordSummary record; reader.next(record);) builder.add(record);
  const std::vector<std::uint8_t> again = builder.finish(file_size);
  if (again.empty()) return;
  CHECK(check_segment_index(again, segment) == IndexFault::none);
  RecoveryCounters before;
  RecoveryCounters after;
  CHECK(replay(index, before).size() == replay(again, after).size());
  CHECK(before.records == after.records);
  CHECK(before.bytes_read == after.bytes_read);
}

void read_index(core::Bytes index) {
  const SegmentIndexHeader header = segment_index_header(index);
  const IndexedSegment segment = segment_of(header);
  const bool is_segment = header.number > 0 && header.number <= UINT32_MAX &&
                          header.first_sequence > 0 && header.first_sequence <= first_sequence_max;
  if (!is_segment || check_segment_index(index, segment) != IndexFault::none) return;
  build_again(index.first(sizeof header + header.size), segment);
}

}  // namespace
}  // namespace lepus::persist

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lepus::persist;
  if (size < sizeof(SegmentIndexHeader)) {
    (void)check_segment_index({data, size}, {});
    return 0;
  }
  std::vector<std::uint8_t> index(data, data + size);
  read_index(index);
  SegmentIndexHeader header;
  std::memcpy(&header, index.data(), sizeof header);
  header.magic = index_magic;
  header.version = index_version;
  header.size = static_cast<std::uint32_t>(size - sizeof header);
  std::memcpy(index.data(), &header, sizeof header);
  header.crc = index_crc(index, header.store);
  std::memcpy(index.data(), &header, sizeof header);
  read_index(index);
  return 0;
}
