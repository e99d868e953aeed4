// Indexes are read and built again by the broker's own code; only what goes into them is wrong.
#include "tests/sim/saboteur_index.h"

#include <cstring>

#include "persist/journal/index/segment_index.h"
#include "persist/journal/index/segment_index_builder.h"
#include "persist/journal/segment_header.h"

namespace lepus::sim {

using persist::RecordSummary;
using persist::RecordType;
using persist::SegmentIndexBuilder;

namespace {

/// All records that can be read one behind the other, as if each were durable.
std::uint64_t add_all(SegmentIndexBuilder& builder, const persist::SegmentHeader& header,
                      std::vector<std::uint64_t>& aligned) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(aligned.data());
  const std::size_t size = aligned.size() * sizeof(std::uint64_t);
  const persist::RecordSeed seed = persist::RecordSeed::of(header.store);
  std::uint64_t sequence = header.first_sequence;
  for (std::size_t offset = persist::block_size; offset + sizeof(persist::RecordHeader) <= size;) {
    const persist::RecordRead read =
        persist::read_record(core::Bytes{bytes, size}.subspan(offset), seed);
    const bool is_next =
        read.fault == persist::RecordFault::none && read.record.header().sequence == sequence;
    if (!is_next && offset % persist::block_size == 0) break;
    if (!is_next) {
      offset = persist::round_up(offset, persist::block_size);
      continue;
    }
    if (read.record.header().type == RecordType::seal) break;
    builder.add(
        persist::summary_of(read.record, {static_cast<std::uint32_t>(header.number),
                                          static_cast<std::uint32_t>(offset), read.length}));
    offset += read.length;
    ++sequence;
  }
  return sequence;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> without_a_settle(core::Bytes index, core::Random& random) {
  if (index.size() < sizeof(persist::SegmentIndexHeader)) return std::nullopt;
  const persist::SegmentIndexHeader header = persist::segment_index_header(index);
  const bool is_index =
      header.magic == persist::index_magic && header.size <= index.size() - sizeof header &&
      header.crc == persist::index_crc(index.first(sizeof header + header.size), header.store);
  if (!is_index) return std::nullopt;
  SegmentIndexBuilder builder;
  builder.begin({header.number, header.store, header.first_sequence, header.shard});
  persist::SegmentIndexReader reader(index);
  bool is_done = false;
  for (RecordSummary record; reader.next(record);) {
    if (record.type == RecordType::settle && !is_done && random.chance(30)) {
      record.ranges = {};
      record.place.size = sizeof(persist::RecordHeader);
      is_done = true;
    }
    builder.add(record);
  }
  std::vector<std::uint8_t> changed = builder.finish(UINT64_MAX);
  if (!is_done || changed.empty()) return std::nullopt;
  return changed;
}

void EarlyIndexes::remember(io::SimDisk& disk, const std::string& directory) {
  segments_.clear();
  std::vector<std::string> shards;
  if (disk.list(directory, shards) < 0) return;
  for (const std::string& shard : shards) {
    const std::string base = directory + "/" + shard + "/";
    std::vector<std::string> names;
    if (disk.list(base, names) < 0) continue;
    for (const std::string& name : names) {
      if (!name.ends_with(".seg")) continue;
      const core::Bytes cache = disk.find(base + name)->cache();
      segments_[base + name.substr(0, name.size() - 4) + ".idx"].assign(cache.begin(), cache.end());
    }
  }
}

std::optional<std::vector<std::uint8_t>> EarlyIndexes::early(const std::string& path,
                                                             core::Bytes index) const {
  const auto found = segments_.find(path);
  if (found == segments_.end() || found->second.size() < persist::block_size) return std::nullopt;
  const std::vector<std::uint8_t>& bytes = found->second;
  persist::SegmentHeader header;
  if (persist::check_segment_header(core::Bytes(bytes).first(persist::block_size), header) !=
      persist::HeaderFault::none)
    return std::nullopt;
  const persist::SegmentIndexHeader made = persist::segment_index_header(index);
  if (made.number != header.number || made.first_sequence != header.first_sequence)
    return std::nullopt;
  std::vector<std::uint64_t> aligned(bytes.size() / sizeof(std::uint64_t));
  std::memcpy(aligned.data(), bytes.data(), aligned.size() * sizeof(std::uint64_t));
  SegmentIndexBuilder builder;
  builder.begin({header.number, header.store, header.first_sequence, header.shard});
  const std::uint64_t next = add_all(builder, header, aligned);
  // The seal counts, too.
  if (next + 1 <= made.next_sequence) return std::nullopt;
  RecordSummary seal;
  seal.flags = persist::flag_batch_first | persist::flag_batch_last;
  seal.place = {static_cast<std::uint32_t>(header.number),
                static_cast<std::uint32_t>(builder.end_offset()), sizeof(persist::RecordHeader)};
  builder.add(seal);
  std::vector<std::uint8_t> changed = builder.finish(UINT64_MAX);
  if (changed.empty()) return std::nullopt;
  return changed;
}

}  // namespace lepus::sim
