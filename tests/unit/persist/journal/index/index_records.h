// Records for tests of indexes, without the segment they would lie in; and what an index says,
// record by record.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "persist/journal/index/segment_index.h"
#include "persist/journal/index/segment_index_builder.h"

namespace lepus::persist::test {

constexpr SegmentIndexBuilder::Identity index_identity{9, 0x5707e, 1000, 3};

inline IndexedSegment indexed_segment() {
  IndexedSegment segment;
  segment.header.number = index_identity.number;
  segment.header.store = index_identity.store;
  segment.header.first_sequence = index_identity.first_sequence;
  segment.header.shard = index_identity.shard;
  segment.header.size = segment.file_size = 64 << 20;
  return segment;
}

/// One line for each record, also of a run.
inline std::vector<std::string> text_of_records(const RecordSummary& record) {
  std::vector<std::string> lines;
  for (std::uint32_t i = 0; i < record.count; ++i) {
    const bool is_first = i == 0;
    const bool is_last = i + 1 == record.count;
    std::string line =
        fmt::format("{} {}{} at {}+{}", text_of(record.type),
                    is_first && (record.flags & flag_batch_first) != 0 ? "{" : "",
                    is_last && (record.flags & flag_batch_last) != 0 ? "}" : "",
                    record.place.offset + std::uint64_t{i} * record.place.size, record.place.size);
    if (record.type == RecordType::message)
      line += fmt::format(" {} {} {} {}", record.enqueued_ms, record.ttl_ms, record.body_size,
                          record.was_paged);
    const std::uint64_t step = record.type == RecordType::message ? i : 0;
    for (const QueueRef& ref : record.queues)
      line += fmt::format(" {}:{:x}", ref.queue, ref.sequence + step);
    for (const SequenceRange& range : record.ranges)
      line += fmt::format(" {}:{:x}-{:x}", range.queue, range.first, range.last);
    lines.push_back(line + fmt::format(" {}", record.log_start));
  }
  return lines;
}

/// The records of a segment, in order, with their places.
class IndexRecords {
 public:
  std::uint8_t first = 0;  ///< Flags of the next record.
  RecordSummary shape;     ///< Of the next messages.

  IndexRecords() { shape.ttl_ms = core::Message::no_ttl; }

  void message(std::vector<QueueRef> queues) {
    RecordSummary record = shape;
    record.type = RecordType::message;
    queues_.push_back(std::move(queues));
    record.queues = queues_.back();
    add(record);
  }
  void settle(std::vector<SequenceRange> ranges) {
    ranges_.push_back(std::move(ranges));
    RecordSummary record;
    record.type = RecordType::settle;
    record.ranges = ranges_.back();
    add(record);
  }
  void delivered(std::vector<QueueRef> marks) {
    queues_.push_back(std::move(marks));
    RecordSummary record;
    record.type = RecordType::delivered;
    record.queues = queues_.back();
    add(record);
  }
  void truncate(std::uint64_t log_start) {
    RecordSummary record;
    record.type = RecordType::truncate;
    record.log_start = log_start;
    add(record);
  }
  void seal() { add({}); }
  void end_batch() {
    if (!records.empty()) records.back().flags |= flag_batch_last;
    first = flag_batch_first;
  }
  /// The next record does not lie where it would be expected.
  void skip(std::uint64_t blocks) { offset_ = round_up(offset_, block_size) + blocks * block_size; }

  std::vector<std::uint8_t> index() const {
    SegmentIndexBuilder builder;
    builder.begin(index_identity);
    for (const RecordSummary& record : records) builder.add(record);
    return builder.finish(UINT64_MAX);
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const RecordSummary& record : records)
      for (std::string& line : text_of_records(record)) lines.push_back(std::move(line));
    return lines;
  }

  std::deque<RecordSummary> records;

 private:
  void add(RecordSummary record) {
    record.flags = std::exchange(first, std::uint8_t{0});
    offset_ = expected_offset(offset_, record.flags);
    record.place = {static_cast<std::uint32_t>(index_identity.number),
                    static_cast<std::uint32_t>(offset_),
                    static_cast<std::uint32_t>(record_size_of(record))};
    offset_ += record.place.size;
    records.push_back(record);
  }

  std::deque<std::vector<QueueRef>> queues_;
  std::deque<std::vector<SequenceRange>> ranges_;
  std::uint64_t offset_ = block_size;
};

inline std::vector<std::string> lines_of(const std::vector<std::uint8_t>& index) {
  std::vector<std::string> lines;
  SegmentIndexReader reader(index);
  for (RecordSummary record; reader.next(record);)
    for (std::string& line : text_of_records(record)) lines.push_back(std::move(line));
  EXPECT_TRUE(reader.is_complete());
  return lines;
}

}  // namespace lepus::persist::test
