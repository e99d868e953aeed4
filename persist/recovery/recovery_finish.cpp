// Makes the newest segment durable as it was read, and seals it: into a new file, which takes the
// place of the old one when all of it is on the disk. So a power cut in the middle of a write,
// which may leave a sector that is neither old nor new, never meets what was confirmed.
//
// On a disk that is nearly full it is written again in its place. Then the last write holds the end
// of the records and the seal together; before it comes back nothing is built on the segment, and
// the bytes of the records are the same before and after.
//
// Either way the file is as large as its contents afterwards: a disk that is full has room for the
// next file then, also when the newest one was the reserve.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/limits.h"
#include "core/limits/disk_full.h"
#include "persist/journal/segment_header.h"
#include "persist/journal/segments/spare_file.h"
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
  TailWriter(io::Disk& disk, JournalTail& tail) : disk_(disk), tail_(tail), reader_(disk) {
    const bool has_room = tail_.end_offset + sizeof(RecordHeader) <= tail_.file_size;
    seals_ = !tail_.sealed && has_room;
    end_ = tail_.end_offset + (seals_ ? sizeof(RecordHeader) : 0);
    new_size_ = std::max<std::uint64_t>(round_up(end_, block_size), 2 * block_size);
  }
  ~TailWriter() { close(); }

  std::string run() {
    if (const int opened = reader_.open(tail_.path); opened < 0) return failed("open", opened);
    buffer_.reset(static_cast<std::uint8_t*>(
        std::aligned_alloc(block_size, core::limits::recovery_write_size)));
    CHECK(buffer_);
    const std::string directory = tail_.path.substr(0, tail_.path.rfind('/') + 1);
    const std::int64_t free = disk_.free_bytes(directory);
    is_full_ = free >= 0 &&
               static_cast<std::uint64_t>(free) < core::limits::tail_copy_room * tail_.file_size;
    if (!is_full_) {
      std::string error = copy_to(directory + tail_copy_file);
      if (!is_full_) return error;
    }
    close();
    (void)disk_.remove(directory + tail_copy_file);
    return write_in_place();
  }

 private:
  std::string failed(const char* label, int error) const {
    return fmt::format("{}: cannot {}: {}", tail_.path, label, std::strerror(-error));
  }

  int open(const std::string& path, bool creates) {
    CHECK(fd_ < 0);
    io::OpenMode mode{.write = true, .create = creates, .direct = true, .dsync = true};
    fd_ = disk_.open(path, mode);
    mode.direct = false;
    if (fd_ == -EINVAL) fd_ = disk_.open(path, mode);
    return fd_;
  }
  void close() {
    if (fd_ >= 0) disk_.close(fd_);
    fd_ = -1;
  }

  /// What is_no_room() says of a failure is in is_full_.
  std::string copy_to(const std::string& path) {
    CHECK(path != tail_.path);
    is_copy_ = true;
    const int removed = disk_.remove(path);
    if (removed < 0 && removed != -ENOENT)
      return failed("remove what is left of its copy", removed);
    int code = open(path, true);
    if (code < 0) return fail_copy(code);
    if (std::string error = write_all(); !error.empty()) return error;
    code = cut();
    if (code < 0) return fail_copy(code);
    code = disk_.rename(path, tail_.path);
    if (code < 0) return failed("put its copy in its place", code);
    tail_.file_size = new_size_;
    return {};
  }
  /// The header says the new size before the file has it: what is behind it counts no more.
  std::string write_in_place() {
    is_copy_ = false;
    if (const int opened = open(tail_.path, false); opened < 0)
      return failed("open for writing", opened);
    if (std::string error = write_all(); !error.empty()) return error;
    if (const int code = cut(); code < 0) return failed("cut off its end", code);
    tail_.file_size = new_size_;
    return {};
  }
  int cut() {
    const int code = disk_.truncate(fd_, new_size_);
    return code < 0 ? code : disk_.sync(fd_);
  }
  std::string fail_copy(int code) {
    CHECK(code < 0);
    CHECK(is_copy_);
    is_full_ = is_no_room(-code);
    return failed("copy", code);
  }

  std::string write_all() {
    CHECK(fd_ >= 0);
    CHECK(end_ >= block_size);
    for (std::uint64_t offset = 0; offset < end_; offset += core::limits::recovery_write_size)
      if (std::string error =
              write_piece(offset, std::min(core::limits::recovery_write_size, end_ - offset));
          !error.empty())
        return error;
    return {};
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
    if (offset == 0 && !put_header()) return failed("read", -EIO);
    const int written = disk_.write(fd_, offset, {buffer_.get(), blocks_size});
    if (written < 0 && is_copy_) return fail_copy(written);
    return written < 0 ? failed("write", written) : std::string();
  }

  /// The file gets another size. Returns false when its header has changed since it was read.
  bool put_header() {
    SegmentHeader header;
    if (check_segment_header({buffer_.get(), block_size}, header) != HeaderFault::none)
      return false;
    header.size = new_size_;
    encode_segment_header(header, {buffer_.get(), block_size});
    return true;
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
  JournalTail& tail_;
  SegmentReader reader_;
  int fd_ = -1;
  bool seals_ = false;
  std::uint64_t end_ = 0;       ///< Of what is to be written: records, and the seal.
  std::uint64_t new_size_ = 0;  ///< Of the file.
  bool is_copy_ = false;        ///< It is written to a new file.
  bool is_full_ = false;        ///< There is too little room for a new file.
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::uint8_t, Free> buffer_;
};

}  // namespace

std::string finish_recovery(io::Disk& disk, JournalTail& tail) {
  if (tail.segment == 0) return {};
  CHECK(tail.end_offset >= block_size && tail.end_offset % record_alignment == 0);
  CHECK(tail.end_offset <= tail.file_size);
  return TailWriter(disk, tail).run();
}

}  // namespace lepus::persist
