// Records and headers: what is written is read back, and no bytes lead out of the range.
#include "persist/journal/record.h"

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "persist/journal/crc.h"
#include "tests/unit/persist/recovery/journal_builder.h"

namespace lepus::persist {
namespace {

const RecordSeed record_seed = RecordSeed::of(SegmentBuilder::store);

using core::as_text;
using core::Bytes;

Bytes first_record(const std::vector<std::uint8_t>& file) {
  return Bytes(file).subspan(block_size);
}

TEST(Crc, IsCastagnoli) {
  EXPECT_EQ(crc32c(core::as_bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c({}), 0u);
  EXPECT_EQ(crc32c(core::as_bytes("6789"), crc32c(core::as_bytes("12345"))), 0xe3069283u);
}

TEST(Record, ItsCrcBeginsWithTheNumberOfTheStore) {
  SegmentBuilder builder(1, 1);
  builder.seal();
  auto file = builder.bytes();
  const Bytes record = first_record(file).first(sizeof(RecordHeader));
  std::vector<std::uint8_t> covered{0x7e, 0x70, 0x05, 0, 0, 0, 0, 0};
  covered.insert(covered.end(), record.begin() + sizeof(RecordHeader::crc), record.end());
  std::uint32_t crc = 0;
  std::memcpy(&crc, record.data(), sizeof crc);
  EXPECT_EQ(crc, crc32c(covered));
  EXPECT_EQ(read_record(record, record_seed).fault, RecordFault::none);
  EXPECT_EQ(read_record(record, RecordSeed::of(1)).fault, RecordFault::crc);
  EXPECT_EQ(read_record(record, {}).fault, RecordFault::crc) << "a body that looks like one";
}

TEST(Record, MessageIsReadBack) {
  SegmentBuilder builder(1, 7);
  builder.head = {.enqueued_ms = 11, .ttl_ms = 12, .priority = 3};
  builder.message({{4, 5}, {6, 8}}, "the body", "the key");
  const auto file = builder.bytes();
  const RecordRead read = read_record(first_record(file), record_seed);
  ASSERT_EQ(read.fault, RecordFault::none);
  EXPECT_EQ(read.record.header().sequence, 7u);
  ASSERT_EQ(read.record.queues().size(), 2u);
  EXPECT_EQ(read.record.queues()[1].queue, 6u);
  EXPECT_EQ(read.record.queues()[1].sequence, 8u);
  EXPECT_EQ(read.record.head().ttl_ms, 12u);
  EXPECT_EQ(read.record.exchange(), "ex");
  EXPECT_EQ(read.record.routing_key(), "the key");
  EXPECT_EQ(as_text(read.record.properties()), std::string_view("\0\0p", 3));
  EXPECT_EQ(as_text(read.record.body()), "the body");
  EXPECT_EQ(read.length, message_record_size(read.record.head(), 2));
}

TEST(Record, OtherTypesAreReadBack) {
  SegmentBuilder builder(1, 1);
  builder.settle({{1, 2, 3}})
      .end_batch()
      .delivered({{4, 5}})
      .end_batch()
      .truncate(6)
      .end_batch()
      .seal();
  const auto file = builder.bytes();
  const Bytes bytes = first_record(file);
  EXPECT_EQ(read_record(bytes, record_seed).record.ranges()[0].last, 3u);
  EXPECT_EQ(read_record(bytes.subspan(block_size), record_seed).record.queues()[0].sequence, 5u);
  EXPECT_EQ(read_record(bytes.subspan(2 * block_size), record_seed).record.log_start(), 6u);
  EXPECT_EQ(read_record(bytes.subspan(3 * block_size), record_seed).record.header().type,
            RecordType::seal);
  EXPECT_EQ(read_record(bytes.subspan(4 * block_size), record_seed).fault, RecordFault::blank);
}

TEST(Record, EachChangedByteIsFound) {
  SegmentBuilder builder(1, 1);
  builder.message({{1, 1}});
  const auto good = builder.bytes();
  for (std::size_t i = 0; i < builder.last_size(); ++i) {
    auto bad = good;
    bad[block_size + i] ^= 0x40;
    EXPECT_NE(read_record(first_record(bad), record_seed).fault, RecordFault::none) << i;
  }
}

TEST(Record, EachShorterRangeIsCut) {
  SegmentBuilder builder(1, 1);
  builder.message({{1, 1}});
  const auto file = builder.bytes();
  for (std::size_t size = 0; size < builder.last_size(); ++size)
    EXPECT_EQ(read_record(first_record(file).first(size), record_seed).fault, RecordFault::cut)
        << size;
}

/// With a right CRC over wrong contents: only the checks inside are left.
RecordFault fault_with(SegmentBuilder& builder, std::size_t offset, std::uint8_t value) {
  auto file = builder.bytes();
  file[block_size + offset] = value;
  set_record_crc({file.data() + block_size, builder.last_size()}, record_seed);
  return read_record(first_record(file), record_seed).fault;
}

TEST(Record, SizesThatContradictAreFound) {
  SegmentBuilder builder(1, 1);
  builder.message({{1, 1}});
  constexpr std::size_t head = sizeof(RecordHeader);
  EXPECT_EQ(fault_with(builder, offsetof(RecordHeader, count), 200), RecordFault::contents);
  EXPECT_EQ(fault_with(builder, offsetof(RecordHeader, count) + 3, 255), RecordFault::contents);
  EXPECT_EQ(fault_with(builder, head + offsetof(MessageHead, body_size), 99),
            RecordFault::contents);
  EXPECT_EQ(fault_with(builder, head + offsetof(MessageHead, body_size) + 7, 255),
            RecordFault::contents);
  EXPECT_EQ(fault_with(builder, head + offsetof(MessageHead, properties_size) + 3, 255),
            RecordFault::contents);
  EXPECT_EQ(fault_with(builder, head + offsetof(MessageHead, key_size), 255),
            RecordFault::contents);
}

TEST(Record, RangesThatContradictAreFound) {
  SegmentBuilder builder(1, 1);
  builder.settle({{1, 2, 3}});
  constexpr std::size_t first = sizeof(RecordHeader) + offsetof(SequenceRange, first);
  EXPECT_EQ(fault_with(builder, first, 3), RecordFault::none);
  EXPECT_EQ(fault_with(builder, first, 4), RecordFault::contents);
  EXPECT_EQ(fault_with(builder, offsetof(RecordHeader, count), 2), RecordFault::contents);
  EXPECT_EQ(fault_with(builder, offsetof(RecordHeader, count), 0), RecordFault::contents);
}

TEST(SegmentHeader, IsReadBackAndEachChangedByteIsFound) {
  std::vector<std::uint8_t> block(block_size);
  encode_segment_header({.number = 3, .first_sequence = 4, .size = 1 << 20, .shard = 5}, block);
  SegmentHeader header;
  ASSERT_EQ(check_segment_header(block, header), HeaderFault::none);
  EXPECT_EQ(header.number, 3u);
  EXPECT_EQ(header.shard, 5u);
  for (std::size_t i = 0; i < sizeof header; ++i) {
    auto bad = block;
    bad[i] ^= 1;
    EXPECT_NE(check_segment_header(bad, header), HeaderFault::none) << i;
  }
}

TEST(SegmentHeader, NamesWhatIsWrong) {
  std::vector<std::uint8_t> block(block_size);
  SegmentHeader header;
  EXPECT_EQ(check_segment_header(block, header), HeaderFault::blank);
  EXPECT_EQ(check_segment_header({}, header), HeaderFault::blank);
  encode_segment_header({.number = 3, .first_sequence = 1, .size = 1 << 20}, block);
  EXPECT_EQ(check_segment_header(Bytes(block).first(40), header), HeaderFault::magic);
  block[offsetof(SegmentHeader, version)] = format_version + 1;
  EXPECT_EQ(check_segment_header(block, header), HeaderFault::crc) << "a torn write";
  encode_segment_header(
      {.version = format_version + 1, .number = 3, .first_sequence = 1, .size = 1 << 20}, block);
  EXPECT_EQ(check_segment_header(block, header), HeaderFault::version);
  EXPECT_EQ(header.version, format_version + 1);
}

}  // namespace
}  // namespace lepus::persist
