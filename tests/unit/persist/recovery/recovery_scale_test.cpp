// What a start reads of a journal of a terabyte: the headers of its segments and their indexes. The
// files are made up as they are read, so that the test takes neither the disk nor the memory.
#include <cerrno>
#include <map>

#include "persist/journal/index/segment_index_builder.h"
#include "persist/journal/index/segment_index_file.h"
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist {
namespace {

constexpr std::uint64_t segment_size = 64 << 20;
constexpr std::uint64_t segment_count = (std::uint64_t{1} << 40) / segment_size;
constexpr std::uint64_t body_size = 4096;
constexpr std::uint64_t batch_size = 240;  ///< Messages.
constexpr std::uint32_t text_size = 20;

/// Segments of messages for one queue, in batches, each with its index; of a segment there is
/// nothing but its header, zeros follow.
class SparseDisk final : public io::Disk {
 public:
  std::uint64_t bytes_read = 0;
  std::uint64_t read_count = 0;
  std::uint64_t per_segment = 0;  ///< Messages.

  SparseDisk() { (void)index_of(1); }

  int make_directory(const std::string&) override { return 0; }
  int list(const std::string&, std::vector<std::string>& names) override {
    for (std::uint32_t i = 0; i < segment_count; ++i) {
      names.push_back(segment_index_name(i));
      names.push_back(segment_file_name(i));
    }
    return 0;
  }
  /// A descriptor is the file's number times 2, plus 1 for the index.
  int open(const std::string& path, const io::OpenMode& mode) override {
    CHECK(!mode.write);
    const std::string name = path.substr(path.rfind('/') + 1);
    if (const auto index = parse_segment_index_name(name)) return static_cast<int>(*index * 2 + 1);
    return static_cast<int>(parse_segment_file_name(name).value() * 2);
  }
  void close(int) override {}
  std::int64_t size(int fd) override {
    return static_cast<std::int64_t>(fd % 2 == 1 ? index_of(number_of(fd)).size() : segment_size);
  }
  std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* at, std::size_t size) override {
    ++read_count;
    bytes_read += size;
    std::fill_n(at, size, std::uint8_t{0});
    if (fd % 2 == 1) {
      const std::vector<std::uint8_t> index = index_of(number_of(fd));
      CHECK(offset == 0 && size == index.size());
      std::copy(index.begin(), index.end(), at);
    } else if (offset == 0) {
      std::vector<std::uint8_t> block(block_size);
      encode_segment_header(header_of(number_of(fd)), block);
      std::copy(block.begin(), block.end(), at);
    }
    return static_cast<std::int64_t>(size);
  }
  int write(int, std::uint64_t, core::Bytes) override { return -EROFS; }
  int sync(int) override { return -EROFS; }
  int fill(int, std::uint64_t) override { return -EROFS; }
  int truncate(int, std::uint64_t) override { return -EROFS; }
  int remove(const std::string&) override { return -EROFS; }
  int rename(const std::string&, const std::string&) override { return -EROFS; }
  std::int64_t free_bytes(const std::string&) override { return 0; }

 private:
  static std::uint64_t number_of(int fd) { return static_cast<std::uint64_t>(fd / 2) + 1; }
  SegmentHeader header_of(std::uint64_t number) const {
    SegmentHeader header;
    header.number = number;
    header.first_sequence = 1 + (number - 1) * (per_segment + 1);
    header.log_start = 1;
    header.size = segment_size;
    return header;
  }
  std::vector<std::uint8_t> index_of(std::uint64_t number) {
    const SegmentHeader header = header_of(number);
    SegmentIndexBuilder builder;
    builder.begin({number, header.store, header.first_sequence, header.shard});
    RecordSummary batch;
    batch.type = RecordType::message;
    batch.flags = flag_batch_first | flag_batch_last;
    batch.count = batch_size;
    batch.text_size = text_size;
    batch.body_size = body_size;
    batch.ttl_ms = core::Message::no_ttl;
    batch.place.segment = static_cast<std::uint32_t>(number);
    batch.place.size = static_cast<std::uint32_t>(message_size_of(1, text_size, body_size));
    QueueRef ref{7, (number - 1) * per_segment};
    std::uint64_t offset = block_size;
    for (; offset + batch.place.size * batch_size + 2 * block_size <= segment_size;
         offset = round_up(offset + batch.place.size * batch_size, block_size)) {
      batch.place.offset = static_cast<std::uint32_t>(offset);
      batch.queues = {&ref, 1};
      ++batch.enqueued_ms;
      builder.add(batch);
      ref.sequence += batch_size;
    }
    if (per_segment == 0) per_segment = ref.sequence;
    RecordSummary seal;
    seal.flags = batch.flags;
    seal.place = {batch.place.segment, static_cast<std::uint32_t>(offset), sizeof(RecordHeader)};
    builder.add(seal);
    return builder.finish(segment_size);
  }
};

TEST(RecoveryScale, ATerabyteIsReadByItsIndexes) {
  SparseDisk disk;
  const TimedQueues timed_queues;
  RecoveryReport report = recover(disk, "journal", {.timed_queues = &timed_queues});
  EXPECT_EQ(report.worst(), Severity::normal);
  // The newest is read itself, and there is nothing in this one.
  EXPECT_EQ(report.queues.count(7), (segment_count - 1) * disk.per_segment);
  EXPECT_GT(report.queues.count(7) * body_size, 1'000'000'000'000U);
  // A header of 4 KiB and an index of less than 1 KiB each, in two reads; and one segment.
  EXPECT_LT(disk.bytes_read, segment_count * (block_size + 1024) + 3 * segment_size);
  EXPECT_LT(disk.read_count, segment_count * 2 + 1000);
  // In memory a batch is a run.
  EXPECT_LT(report.queues.memory_bytes(), segment_count * 80 * 64);
}

}  // namespace
}  // namespace lepus::persist
