// Reading and completing records. The order of the checks matters: nothing inside a record is
// believed before its CRC, and the CRC is not computed before its length is known to be in range.
#include "persist/journal/record.h"

#include <cstring>

#include "persist/journal/crc.h"

namespace lepus::persist {

using core::Bytes;

namespace {

constexpr std::size_t crc_size = sizeof(std::uint32_t);
constexpr std::size_t blank_size = 2 * sizeof(std::uint32_t);

bool is_aligned(const void* at) {
  return reinterpret_cast<std::uintptr_t>(at) % record_alignment == 0;
}

bool is_known(RecordType type) { return type >= RecordType::message && type <= RecordType::seal; }

/// The rest of the record behind the items, or false when it is shorter than they are.
bool take_items(std::uint64_t& rest, std::uint64_t count, std::uint64_t item_size) {
  if (rest / item_size < count) return false;
  rest -= count * item_size;
  return true;
}

bool message_fits(const RecordHeader& header, const std::uint8_t* contents) {
  std::uint64_t rest = header.length - sizeof(RecordHeader);
  if (rest < sizeof(MessageHead)) return false;
  MessageHead head;
  std::memcpy(&head, contents, sizeof head);
  rest -= sizeof(MessageHead);
  if (!take_items(rest, header.count, sizeof(QueueRef))) return false;
  const std::uint64_t texts =
      std::uint64_t{head.properties_size} + head.exchange_size + head.key_size;
  if (rest < texts) return false;
  rest -= texts;
  return head.body_size <= rest && rest - head.body_size < record_alignment;
}

bool ranges_fit(const RecordHeader& header, const std::uint8_t* contents) {
  std::uint64_t rest = header.length - sizeof(RecordHeader);
  if (!take_items(rest, header.count, sizeof(SequenceRange)) || rest != 0) return false;
  for (std::uint32_t i = 0; i < header.count; ++i) {
    SequenceRange range;
    std::memcpy(&range, contents + i * sizeof range, sizeof range);
    if (range.first > range.last) return false;
  }
  return true;
}

bool contents_fit(const RecordHeader& header, const std::uint8_t* contents) {
  std::uint64_t rest = header.length - sizeof(RecordHeader);
  switch (header.type) {
    case RecordType::message:
      return message_fits(header, contents);
    case RecordType::settle:
      return ranges_fit(header, contents);
    case RecordType::delivered:
      return take_items(rest, header.count, sizeof(QueueRef)) && rest == 0;
    case RecordType::truncate:
      return rest == sizeof(std::uint64_t);
    case RecordType::seal:
      return rest == 0;
  }
  return false;
}

}  // namespace

struct RecordReader {
  static RecordView view(const std::uint8_t* cursor) {
    CHECK(is_aligned(cursor));
    return RecordView(reinterpret_cast<const RecordHeader*>(cursor));
  }
};

RecordSeed RecordSeed::of(std::uint64_t store) {
  return {crc32c({reinterpret_cast<const std::uint8_t*>(&store), sizeof store})};
}

RecordRead read_record(Bytes range, RecordSeed seed) {
  CHECK(is_aligned(range.data()));
  if (range.size() < blank_size) return {RecordFault::cut, {}, 0};
  RecordHeader header;
  std::memcpy(static_cast<void*>(&header), range.data(), blank_size);
  if (header.crc == 0 && header.length == 0) return {RecordFault::blank, {}, 0};
  const std::uint32_t length = header.length;
  if (length < sizeof(RecordHeader) || length % record_alignment != 0)
    return {RecordFault::length, {}, length};
  if (length > range.size()) return {RecordFault::cut, {}, length};
  std::memcpy(&header, range.data(), sizeof header);
  if (crc32c(range.subspan(crc_size, length - crc_size), seed.crc) != header.crc)
    return {RecordFault::crc, {}, length};
  if (!is_known(header.type) && (header.flags & flag_skippable) == 0)
    return {RecordFault::type, {}, length};
  if (is_known(header.type) && !contents_fit(header, range.data() + sizeof header))
    return {RecordFault::contents, {}, length};
  return {RecordFault::none, RecordReader::view(range.data()), length};
}

RecordView view_record(const std::uint8_t* record) { return RecordReader::view(record); }

void set_record_crc(std::span<std::uint8_t> record, RecordSeed seed) {
  CHECK(record.size() >= sizeof(RecordHeader));
  CHECK(record.size() % record_alignment == 0);
  RecordHeader header;
  std::memcpy(&header, record.data(), sizeof header);
  CHECK(header.length == record.size());
  CHECK(is_known(header.type) || (header.flags & flag_skippable) != 0);
  header.crc = crc32c(record.subspan(crc_size), seed.crc);
  std::memcpy(record.data(), &header.crc, crc_size);
}

std::span<const QueueRef> RecordView::queues() const {
  CHECK(header_->type == RecordType::message || header_->type == RecordType::delivered);
  const std::size_t skip = header_->type == RecordType::message ? sizeof(MessageHead) : 0;
  return {reinterpret_cast<const QueueRef*>(at() + sizeof(RecordHeader) + skip), header_->count};
}

std::span<const SequenceRange> RecordView::ranges() const {
  CHECK(header_->type == RecordType::settle);
  return {reinterpret_cast<const SequenceRange*>(at() + sizeof(RecordHeader)), header_->count};
}

std::uint64_t RecordView::log_start() const {
  CHECK(header_->type == RecordType::truncate);
  std::uint64_t number;
  std::memcpy(&number, at() + sizeof(RecordHeader), sizeof number);
  return number;
}

const MessageHead& RecordView::head() const {
  CHECK(header_->type == RecordType::message);
  return *reinterpret_cast<const MessageHead*>(at() + sizeof(RecordHeader));
}

const std::uint8_t* RecordView::text() const {
  CHECK(header_->type == RecordType::message);
  return at() + sizeof(RecordHeader) + sizeof(MessageHead) + sizeof(QueueRef) * header_->count;
}

std::string_view RecordView::exchange() const {
  return core::as_text({text(), head().exchange_size});
}

std::string_view RecordView::routing_key() const {
  return core::as_text({text() + head().exchange_size, head().key_size});
}

Bytes RecordView::properties() const {
  return {text() + head().exchange_size + head().key_size, head().properties_size};
}

Bytes RecordView::body() const {
  const Bytes before = properties();
  return {before.data() + before.size(), head().body_size};
}

std::string_view text_of(RecordFault fault) {
  switch (fault) {
    case RecordFault::none:
      return "valid";
    case RecordFault::blank:
      return "nothing written";
    case RecordFault::cut:
      return "the record runs beyond the end";
    case RecordFault::length:
      return "impossible length";
    case RecordFault::crc:
      return "wrong CRC";
    case RecordFault::type:
      return "unknown type";
    case RecordFault::contents:
      return "sizes inside the record contradict each other";
  }
  return "?";
}

std::string_view text_of(RecordType type) {
  switch (type) {
    case RecordType::message:
      return "message";
    case RecordType::settle:
      return "settle";
    case RecordType::delivered:
      return "delivered";
    case RecordType::truncate:
      return "truncate";
    case RecordType::seal:
      return "seal";
  }
  return "?";
}

}  // namespace lepus::persist
