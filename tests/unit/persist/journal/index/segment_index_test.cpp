// What goes into an index comes out again, in few bytes; and nothing else comes out.
#include "persist/journal/index/segment_index.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/persist/journal/index/index_records.h"

namespace lepus::persist::test {
namespace {

constexpr std::uint64_t level(std::uint64_t number) { return number << IndexQueue::level_shift; }

IndexRecords one_of_each() {
  IndexRecords records;
  records.first = flag_batch_first;
  records.shape.enqueued_ms = 1'700'000'000'123;
  records.shape.body_size = 128;
  records.shape.text_size = 13;
  for (std::uint64_t i = 0; i < 5; ++i) records.message({{7, 40 + i}});
  records.message({{7, 45}, {8, 0}, {0, 0}});
  records.message({{7, level(3) + 2}});
  records.shape.ttl_ms = 5000;
  records.shape.body_size = 70'000;
  records.message({{7, 46}});
  records.shape.was_paged = true;
  --records.shape.enqueued_ms;
  records.message({{9, 100}});
  records.message({});
  records.settle({{7, 40, 44}, {8, 0, 0}, {7, level(3), level(3) + 9}});
  records.settle({});
  records.delivered({{7, 60}, {8, 1}});
  records.truncate(4);
  records.end_batch();
  records.message({{9, 101}});
  records.end_batch();
  records.skip(2);
  records.settle({{7, 45, 45}});
  records.delivered({{7, 50}});
  records.end_batch();
  records.seal();
  records.end_batch();
  return records;
}

IndexRecords random_records(std::uint64_t seed) {
  core::Random random(seed);
  IndexRecords records;
  std::map<std::uint64_t, std::uint64_t> next;
  const std::uint64_t queue_count = 1 + random.below(6);
  for (std::uint64_t count = random.below(300); count > 0; --count) {
    const std::uint64_t queue = 1 + random.below(queue_count);
    const std::uint64_t what = random.below(100);
    if (what < 10) records.shape.enqueued_ms += random.below(2000);
    if (what == 11) records.shape.enqueued_ms -= random.below(1'000'000);
    if (what < 5) records.shape.body_size = random.below(what == 0 ? 100'000 : 300);
    if (what == 5) records.shape.ttl_ms = random.chance(50) ? core::Message::no_ttl : 1000;
    if (what == 6) records.shape.was_paged = !records.shape.was_paged;
    if (what == 7) records.shape.text_size = static_cast<std::uint32_t>(random.below(400));
    if (what == 8) next[queue] += random.below(1000);
    if (what == 9) next[queue] = level(random.below(256)) + random.below(50);
    if (what < 60) {
      std::vector<QueueRef> refs{{queue, next[queue]++}};
      if (random.chance(20)) refs.push_back({queue + 10, next[queue + 10]++});
      if (random.chance(5)) refs.push_back({0, 0});
      const std::uint64_t repeats = random.chance(20) ? random.below(20) : 0;
      for (std::uint64_t i = 0; i < repeats; ++i) {
        records.message(refs);
        for (QueueRef& ref : refs) ref.sequence = ref.queue == 0 ? 0 : next[ref.queue]++;
      }
      records.message(refs);
    } else if (what < 80) {
      std::vector<SequenceRange> ranges;
      for (std::uint64_t i = random.below(4); i > 0; --i) {
        const std::uint64_t begin = random.below(5000);
        ranges.push_back({1 + random.below(queue_count), begin, begin + random.below(30)});
      }
      records.settle(ranges);
    } else if (what < 90) {
      records.delivered({{queue, next[queue] + random.below(1024)}});
    } else if (what < 92) {
      records.truncate(random.below(1000));
    } else {
      records.end_batch();
      if (random.chance(5)) records.skip(random.below(3));
    }
  }
  records.seal();
  records.end_batch();
  return records;
}

TEST(SegmentIndex, EachKindOfRecordComesBack) {
  const IndexRecords records = one_of_each();
  const std::vector<std::uint8_t> index = records.index();
  ASSERT_EQ(check_segment_index(index, indexed_segment()), IndexFault::none);
  EXPECT_EQ(lines_of(index), records.lines());
  const SegmentIndexHeader header = segment_index_header(index);
  EXPECT_EQ(header.next_sequence, header.first_sequence + records.records.size());
  const Place last = records.records.back().place;
  EXPECT_EQ(header.end_offset, last.offset + last.size);
}

TEST(SegmentIndex, RandomRecordsComeBack) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const IndexRecords records = random_records(seed);
    const std::vector<std::uint8_t> index = records.index();
    ASSERT_EQ(check_segment_index(index, indexed_segment()), IndexFault::none) << seed;
    ASSERT_EQ(lines_of(index), records.lines()) << seed;
  }
}

TEST(SegmentIndex, NeighboursAreOneEntry) {
  IndexRecords records;
  records.first = flag_batch_first;
  records.shape.body_size = 128;
  for (std::uint64_t i = 0; i < 100'000; ++i) records.message({{7, i}});
  records.end_batch();
  records.seal();
  records.end_batch();
  EXPECT_LT(records.index().size(), sizeof(SegmentIndexHeader) + 32);
  EXPECT_EQ(lines_of(records.index()), records.lines());
}

TEST(SegmentIndex, QueuesInTurnsCostFewBytesEach) {
  IndexRecords records;
  records.first = flag_batch_first;
  records.shape.text_size = 20;
  constexpr std::uint64_t count = 50'000;
  core::Random random(1);
  for (std::uint64_t i = 0; i < count; ++i) {
    records.shape.enqueued_ms += i % 100 == 0 ? 1 : 0;
    records.shape.body_size = random.below(256);
    records.message({{1 + i % 1000, i / 1000}});
    if (i % 500 == 499) records.end_batch();
  }
  records.seal();
  records.end_batch();
  EXPECT_LT(records.index().size(), 6 * count);
  EXPECT_EQ(lines_of(records.index()), records.lines());
}

/// Each is named in full, and the index still comes back.
TEST(SegmentIndex, MoreQueuesThanItKnows) {
  IndexRecords records;
  records.first = flag_batch_first;
  constexpr std::uint64_t count = core::limits::segment_index_queues_max + 50;
  for (std::uint64_t i = 0; i < count; ++i) records.message({{1 + i, 5}});
  for (std::uint64_t i = count - 100; i < count; ++i) {
    records.message({{1 + i, 6}});
    records.message({{1 + i, 7}});
    records.settle({{1 + i, 5, 6}});
    records.delivered({{1 + i, 7}});
  }
  records.seal();
  records.end_batch();
  ASSERT_EQ(check_segment_index(records.index(), indexed_segment()), IndexFault::none);
  EXPECT_EQ(lines_of(records.index()), records.lines());
}

TEST(SegmentIndex, TooLargeMeansNone) {
  SegmentIndexBuilder builder;
  builder.begin(index_identity);
  IndexRecords records;
  std::vector<SequenceRange> ranges;
  for (std::uint64_t i = 0; i < 1000; ++i) ranges.push_back({i * 1'000'003, i << 40, i << 40});
  records.settle(ranges);
  RecordSummary record = records.records[0];
  for (std::uint64_t i = 0; i < 2000; ++i) {
    builder.add(record);
    record.place.offset += record.place.size;
    for (SequenceRange& range : ranges) range.queue += 1'000'000'007;
    record.ranges = ranges;
  }
  EXPECT_LE(builder.memory_bytes(), 2 * core::limits::segment_index_size_max);
  EXPECT_TRUE(builder.finish(0).empty());
  builder.begin(index_identity);
  const IndexRecords others = one_of_each();
  for (const RecordSummary& one : others.records) builder.add(one);
  EXPECT_EQ(builder.finish(UINT64_MAX), others.index()) << "the next segment gets one again";
}

TEST(SegmentIndex, ASegmentWithoutASealHasNone) {
  IndexRecords records;
  records.message({{7, 1}});
  EXPECT_TRUE(records.index().empty());
  SegmentIndexBuilder builder;
  builder.begin(index_identity);
  builder.add(records.records[0]);
  const std::uint64_t end = builder.end_offset();
  const std::vector<std::uint8_t> full = builder.finish(end + sizeof(RecordHeader) - 8);
  ASSERT_FALSE(full.empty()) << "there is no room for one";
  IndexedSegment segment = indexed_segment();
  EXPECT_EQ(check_segment_index(full, segment), IndexFault::contents);
  segment.header.size = end + sizeof(RecordHeader) - 8;
  EXPECT_EQ(check_segment_index(full, segment), IndexFault::none);
}

TEST(SegmentIndex, RewindForgetsWhatCameBehindTheMark) {
  IndexRecords kept;
  kept.first = flag_batch_first;
  kept.message({{7, 1}});
  kept.message({{8, 1}});
  kept.end_batch();
  SegmentIndexBuilder builder;
  builder.begin(index_identity);
  for (const RecordSummary& record : kept.records) builder.add(record);
  builder.mark();
  IndexRecords more = kept;
  more.message({{7, 2}});
  more.message({{7, 3}});
  more.settle({{8, 1, 1}});
  for (std::size_t i = kept.records.size(); i < more.records.size(); ++i)
    builder.add(more.records[i]);
  builder.rewind();
  kept.seal();
  kept.end_batch();
  builder.add(kept.records.back());
  EXPECT_EQ(builder.finish(UINT64_MAX), kept.index());
}

TEST(SegmentIndex, EachTruncationIsRefused) {
  const std::vector<std::uint8_t> index = one_of_each().index();
  for (std::size_t size = 0; size < index.size(); ++size) {
    const core::Bytes part = core::Bytes(index).first(size);
    EXPECT_NE(check_segment_index(part, indexed_segment()), IndexFault::none) << size;
  }
  std::vector<std::uint8_t> longer = index;
  longer.insert(longer.end(), 100, 0xaa);
  EXPECT_EQ(check_segment_index(longer, indexed_segment()), IndexFault::none)
      << "an older index was longer";
}

TEST(SegmentIndex, EachFlippedBitIsRefused) {
  const std::vector<std::uint8_t> index = one_of_each().index();
  for (std::size_t bit = 0; bit < index.size() * 8; ++bit) {
    std::vector<std::uint8_t> bad = index;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_NE(check_segment_index(bad, indexed_segment()), IndexFault::none) << bit;
  }
}

/// As each flipped bit, but with a right CRC: nothing is read out of range, no CHECK fails.
TEST(SegmentIndex, WhatContradictsItselfIsRefusedOrRead) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<std::uint8_t> index =
        seed == 1 ? one_of_each().index() : random_records(seed).index();
    for (std::size_t bit = sizeof(SegmentIndexHeader) * 8; bit < index.size() * 8; ++bit) {
      std::vector<std::uint8_t> bad = index;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      const std::uint32_t crc = index_crc(bad, index_identity.store);
      std::memcpy(bad.data() + offsetof(SegmentIndexHeader, crc), &crc, sizeof crc);
      if (check_segment_index(bad, indexed_segment()) != IndexFault::none) continue;
      SegmentIndexReader reader(bad);
      for (RecordSummary record; reader.next(record);)
        ASSERT_LE(record.place.offset + std::uint64_t{record.place.size} * record.count,
                  segment_index_header(index).end_offset);
    }
  }
}

TEST(SegmentIndex, OfAnotherSegmentItIsStale) {
  const std::vector<std::uint8_t> index = one_of_each().index();
  const auto fault_with = [&](auto change) {
    IndexedSegment segment = indexed_segment();
    change(segment);
    return check_segment_index(index, segment);
  };
  EXPECT_EQ(fault_with([](IndexedSegment& one) { ++one.header.number; }), IndexFault::stale);
  EXPECT_EQ(fault_with([](IndexedSegment& one) { ++one.header.store; }), IndexFault::stale);
  EXPECT_EQ(fault_with([](IndexedSegment& one) { ++one.header.shard; }), IndexFault::stale);
  EXPECT_EQ(fault_with([](IndexedSegment& one) { one.header.first_sequence += sequence_gap; }),
            IndexFault::stale);
  EXPECT_EQ(fault_with([](IndexedSegment& one) { one.file_size = 2 * block_size; }),
            IndexFault::contents)
      << "the file was cut off";
  EXPECT_EQ(
      fault_with([](IndexedSegment& one) { one.sequence_end = index_identity.first_sequence + 3; }),
      IndexFault::contents)
      << "the next segment begins before this one ends";
  EXPECT_EQ(check_segment_index({}, indexed_segment()), IndexFault::missing);
}

}  // namespace
}  // namespace lepus::persist::test
