// Makes the newest segment durable as it was read, and seals it. The last write holds the end of
// the records and the seal together; before it comes back nothing is built on the segment, and the
// bytes of the records are the same before and after, so a crash here changes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/limits.h"
#include "persist/recovery/recovery.h"
#include "persist/recovery/segment_reader.h"

namespace lepus::persist {

namespace {

void put_seal(std::uint8_t* cursor, const JournalTail& tail) {
  const RecordHeader seal{.length = sizeof(RecordHeader),
                          .sequence = tail.next_sequence,
                          .type = RecordType::seal,
                          .flags = flag_batch_first | flag_batch_last};
  std::memcpy(cursor, &seal, sizeof seal);
  set_record_crc({cursor, sizeof seal}, RecordSeed::of(tail.store));
}

class TailWriter {
 public:
  TailWriter(io::Disk& disk, const JournalTail& tail) : disk_(disk), tail_(tail), reader_(disk) {}
  ~TailWriter() {
    if (fd_ >= 0) disk_.close(fd_);
  }

  std::string run() {
    if (const int opened = reader_.open(tail_.path); opened < 0) return failed("open", opened);
    fd_ = disk_.open(tail_.path, {.write = true, .direct = true, .dsync = true});
    if (fd_ == -EINVAL) fd_ = disk_.open(tail_.path, {.write = true, .dsync = true});
    if (fd_ < 0) return failed("open for writing", fd_);
    buffer_.reset(static_cast<std::uint8_t*>(
        std::aligned_alloc(block_size, core::limits::recovery_write_size)));
    CHECK(buffer_);
    const bool has_room = tail_.end_offset + sizeof(RecordHeader) <= tail_.file_size;
    seals_ = !tail_.sealed && has_room;
    const std::uint64_t end = tail_.end_offset + (seals_ ? sizeof(RecordHeader) : 0);
    for (std::uint64_t offset = 0; offset < end; offset += core::limits::recovery_write_size)
      if (const std::string error =
              write_piece(offset, std::min(core::limits::recovery_write_size, end - offset));
          !error.empty())
        return error;
    return {};
  }

 private:
  std::string failed(const char* label, int error) const {
    return fmt::format("{}: cannot {}: {}", tail_.path, label, std::strerror(-error));
  }

  std::string write_piece(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t blocks_size = round_up(size, block_size);
    std::memset(buffer_.get(), 0, blocks_size);
    if (offset < tail_.end_offset) {
      const std::uint64_t kept = std::min(size, tail_.end_offset - offset);
      const core::Bytes window = reader_.window(offset, kept);
      if (window.size() < kept || reader_.unreadable_count() > 0) return failed("read", -EIO);
      std::memcpy(buffer_.get(), window.data(), kept);
    }
    put_seal_piece(offset, size);
    const int written = disk_.write(fd_, offset, {buffer_.get(), blocks_size});
    return written < 0 ? failed("write", written) : std::string();
  }

  /// The part of the seal that lies in this piece: it may go over the border of two.
  void put_seal_piece(std::uint64_t offset, std::uint64_t size) {
    if (!seals_) return;
    alignas(record_alignment) std::array<std::uint8_t, sizeof(RecordHeader)> seal;
    put_seal(seal.data(), tail_);
    const std::uint64_t begin = std::max(offset, tail_.end_offset);
    const std::uint64_t end = std::min(offset + size, tail_.end_offset + seal.size());
    if (begin >= end) return;
    CHECK(end - offset <= core::limits::recovery_write_size);
    std::memcpy(buffer_.get() + (begin - offset), seal.data() + (begin - tail_.end_offset),
                end - begin);
  }

  io::Disk& disk_;
  const JournalTail& tail_;
  SegmentReader reader_;
  int fd_ = -1;
  bool seals_ = false;
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::uint8_t, Free> buffer_;
};

}  // namespace

std::string finish_recovery(io::Disk& disk, const JournalTail& tail) {
  if (tail.segment == 0) return {};
  CHECK(tail.end_offset >= block_size && tail.end_offset % record_alignment == 0);
  CHECK(tail.end_offset <= tail.file_size);
  return TailWriter(disk, tail).run();
}

}  // namespace lepus::persist
