// The bytes of a journal on disk. docs/FORMAT.md has the diagrams and the reasons; this file has
// the numbers. Everything is little-endian; structs are written as they lie in memory.
//
//   <data_dir>/journal/shard-<id>/<index>.seg
//   segment:  | SegmentHeader, 4 KiB | batch | batch | ... | zeros or an older use of the file
//   batch:    | record | record | ... | zeros up to the next 4 KiB boundary |
//   record:   | RecordHeader | what its type says | zeros up to a multiple of 8 |
//
// A file is used again and again; which part of the journal it holds now is said by
// the segment number in its header. The sequence of records grows by one within a segment; a
// restart leaves a gap between segments, so a stale record never looks like the next one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lepus::persist {

constexpr std::uint64_t segment_magic = 0x4c4e'524a'5355'5045ULL;  ///< "EPUSJRNL" in the file.
constexpr std::uint32_t format_version = 2;
constexpr std::size_t block_size = 4096;  ///< Batches start and writes end at multiples of it.
constexpr std::size_t record_alignment = 8;
/// Added to the sequence by each recovery.
constexpr std::uint64_t sequence_gap = std::uint64_t{1} << 32;

/// Of a segment's first record: no journal counts so far, and what comes behind it fits 64 bits.
constexpr std::uint64_t first_sequence_max = std::uint64_t{1} << 63;

/// The first bytes of a segment; the rest of its block is zero. Magic, CRC and version mean the
/// same in every version, and the CRC covers the same bytes: else a torn write could look like
/// another version.
struct SegmentHeader {
  std::uint64_t magic = segment_magic;
  std::uint32_t crc = 0;  ///< CRC-32C of everything behind this field.
  std::uint32_t version = format_version;
  std::uint64_t number = 0;          ///< Of the segment; the first is 1.
  std::uint64_t first_sequence = 0;  ///< Of the segment's first record.
  std::uint64_t log_start = 0;       ///< Segments before this one held nothing when it began.
  std::uint64_t size = 0;            ///< Of the file, bytes.
  std::uint64_t created_ms = 0;      ///< Since 1970.
  std::uint64_t store = 0;           ///< The data directory's own number; not for strangers.
  std::uint32_t shard = 0;
  std::uint32_t writer = 0;  ///< Version of the program that began it (writer_version()); 0: older.
};
static_assert(sizeof(SegmentHeader) == 72);

constexpr std::uint64_t newest_magic = 0x5457'454e'5355'5045ULL;  ///< "EPUSNEWT" in the file.

/// The file `newest` of a shard (persist/journal/newest_segment_file.h); the rest of its
/// block is zero.
struct NewestBlock {
  std::uint64_t magic = newest_magic;
  std::uint32_t crc = 0;  ///< CRC-32C of everything behind this field.
  std::uint32_t shard = 0;
  std::uint64_t store = 0;    ///< As of SegmentHeader.
  std::uint64_t segment = 0;  ///< The newest whose first batch is durable; 0: none.
};
static_assert(sizeof(NewestBlock) == 32);

constexpr std::uint64_t index_magic = 0x5844'4e49'5355'5045ULL;  ///< "EPUSINDX" in the file.
constexpr std::uint32_t index_version = 1;

/// The first bytes of `<index>.idx`, beside the segment that it tells about; what follows is
/// persist/journal/index/index_entry.h's. It counts for the segment whose header has the same
/// number, store, shard and first sequence.
struct SegmentIndexHeader {
  std::uint64_t magic = index_magic;
  /// CRC-32C of the store's number, as of a record, then of everything behind this field.
  std::uint32_t crc = 0;
  std::uint32_t version = index_version;
  std::uint64_t number = 0;  ///< As of SegmentHeader, like the next two and `shard`.
  std::uint64_t store = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t next_sequence = 0;  ///< One above the last record's.
  std::uint64_t end_offset = 0;     ///< Behind the last record, in the segment.
  std::uint32_t shard = 0;
  std::uint32_t size = 0;  ///< Of the entries behind the header, bytes.
};
static_assert(sizeof(SegmentIndexHeader) == 64);

enum class RecordType : std::uint8_t {
  message = 1,    ///< MessageHead, `count` QueueRefs, exchange, routing key, properties, body.
  settle = 2,     ///< `count` SequenceRanges: these messages left these queues for good.
  delivered = 3,  ///< `count` QueueRefs: what is below the sequence may have been delivered.
  truncate = 4,   ///< One segment number, 8 bytes: what lies before it is dead.
  seal = 5,       ///< Nothing. The last record of a segment.
};

/// Bits of RecordHeader::flags. A batch is what one turn recorded, or several turns: recovery takes
/// it as a whole or not at all. Where it crosses into the next segment, the seal in between carries
/// no flag. A batch is written when the one before it is durable, so damage before a later batch is
/// damage, not the end of the journal.
constexpr std::uint8_t flag_batch_first = 1;
constexpr std::uint8_t flag_batch_last = 2;
/// A program that does not know the record's type goes over it. Without this flag a record of an
/// unknown type is damage.
constexpr std::uint8_t flag_skippable = 4;

struct RecordHeader {
  /// CRC-32C of SegmentHeader::store, then of everything behind this field, up to `length`. Whoever
  /// sends messages does not know the store's number: nothing in a body passes for a record.
  std::uint32_t crc = 0;
  std::uint32_t length = 0;  ///< Of the whole record, a multiple of 8.
  std::uint64_t sequence = 0;
  RecordType type = RecordType::message;
  std::uint8_t flags = 0;
  std::uint16_t reserved = 0;
  std::uint32_t count = 0;  ///< Of the items its type says.
};
static_assert(sizeof(RecordHeader) == 24);

/// Behind the RecordHeader of a message.
struct MessageHead {
  std::uint64_t enqueued_ms = 0;  ///< Since 1970.
  std::uint64_t ttl_ms = 0;       ///< The expiration property; core::Message::no_ttl when none.
  std::uint64_t body_size = 0;
  std::uint32_t properties_size = 0;
  std::uint8_t exchange_size = 0;
  std::uint8_t key_size = 0;
  std::uint8_t priority = 0;
  std::uint8_t flags = 0;
};
static_assert(sizeof(MessageHead) == 32);

/// Bits of MessageHead::flags. Written because memory was short: it means nothing after a
/// restart, but the positions it had are not given out again.
constexpr std::uint8_t head_flag_paged = 1;
/// The message is transient (delivery mode 1). Only together with the other one.
constexpr std::uint8_t head_flag_transient = 2;

/// A queue and a position in it. Queue 0: a queue that refused the message.
struct QueueRef {
  std::uint64_t queue = 0;
  std::uint64_t sequence = 0;
};

struct SequenceRange {
  std::uint64_t queue = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< Inclusive.
};
static_assert(sizeof(SequenceRange) == 24);

constexpr std::size_t round_up(std::size_t size, std::size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}
/// Where the block begins in which this offset lies.
constexpr std::uint64_t block_of(std::uint64_t offset) { return offset / block_size * block_size; }

}  // namespace lepus::persist
