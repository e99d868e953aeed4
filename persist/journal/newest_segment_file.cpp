// One block with a CRC, overwritten in place: a torn write leaves a file that says nothing.
#include "persist/journal/newest_segment_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "persist/journal/crc.h"
#include "persist/journal/format.h"

namespace lepus::persist {

namespace {

std::uint32_t crc_of(const NewestBlock& block) {
  constexpr std::size_t crc_end = offsetof(NewestBlock, crc) + sizeof block.crc;
  return crc32c({reinterpret_cast<const std::uint8_t*>(&block) + crc_end, sizeof block - crc_end});
}

void encode_newest(const JournalIdentity& identity, std::uint64_t segment,
                   std::uint8_t* whole_block) {
  NewestBlock block;
  block.store = identity.store;
  block.segment = segment;
  block.shard = identity.shard;
  block.crc = crc_of(block);
  std::memset(whole_block, 0, block_size);
  std::memcpy(whole_block, &block, sizeof block);
}

}  // namespace

int write_newest_segment(io::Disk& disk, const std::string& directory,
                         const JournalIdentity& identity, std::uint64_t segment) {
  const int fd = disk.open(directory + "/" + newest_segment_file, {.write = true, .create = true});
  if (fd < 0) return fd;
  std::array<std::uint8_t, block_size> bytes;
  encode_newest(identity, segment, bytes.data());
  int code = disk.write(fd, 0, bytes);
  if (code == 0) code = disk.sync(fd);
  disk.close(fd);
  return code;
}

std::uint64_t read_newest_segment(io::Disk& disk, const std::string& directory,
                                  const JournalIdentity& identity) {
  const int fd = disk.open(directory + "/" + newest_segment_file, {});
  if (fd < 0) return 0;
  NewestBlock block;
  const std::int64_t got = disk.read(fd, 0, reinterpret_cast<std::uint8_t*>(&block), sizeof block);
  disk.close(fd);
  const bool is_whole = got == static_cast<std::int64_t>(sizeof block) &&
                        block.magic == newest_magic && block.crc == crc_of(block);
  const bool is_ours = is_whole && block.store == identity.store && block.shard == identity.shard;
  return is_ours ? block.segment : 0;
}

NewestSegmentFile::NewestSegmentFile(io::Loop& loop, io::Disk& disk, core::Log& log)
    : loop_(loop), disk_(disk), log_(log) {
  op_.bind<&NewestSegmentFile::on_write>(this);
}

NewestSegmentFile::~NewestSegmentFile() {
  if (fd_ >= 0) disk_.close(fd_);
}

void NewestSegmentFile::open(const std::string& directory, const JournalIdentity& identity,
                             std::uint64_t segment) {
  CHECK(fd_ < 0);
  path_ = directory + "/" + newest_segment_file;
  identity_ = identity;
  written_ = wanted_ = read_newest_segment(disk_, directory, identity);
  io::OpenMode mode{.write = true, .create = true, .direct = true, .dsync = true};
  fd_ = disk_.open(path_, mode);
  mode.direct = false;
  if (fd_ == -EINVAL) fd_ = disk_.open(path_, mode);
  if (fd_ < 0) return fail("cannot open it", -fd_);
  block_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(block_size, block_size)));
  CHECK(block_ != nullptr);
  // A new file gets its block now: there may be no room for it later.
  if (written_ == segment && segment != 0) return;
  encode(segment);
  const int code = disk_.write(fd_, 0, {block_.get(), block_size});
  if (code < 0) return fail("cannot write it", -code);
  written_ = wanted_ = segment;
}

void NewestSegmentFile::note(std::uint64_t segment) {
  wanted_ = segment;
  if (op_.in_flight || has_failed_ || fd_ < 0 || written_ == wanted_) return;
  start_write();
}

void NewestSegmentFile::encode(std::uint64_t segment) {
  encode_newest(identity_, segment, block_.get());
}

void NewestSegmentFile::start_write() {
  CHECK(!op_.in_flight);
  written_ = wanted_;
  encode(written_);
  iov_ = {block_.get(), block_size};
  op_.kind = io::OpKind::write;
  op_.fd = fd_;
  op_.offset = 0;
  op_.iov = &iov_;
  op_.iov_count = 1;
  loop_.submit(op_);
}

/// A short write is no error of the disk, but the file says nothing then until the next one.
void NewestSegmentFile::on_write(io::Op&, const io::Completion& completion) {
  if (completion.result < 0 && completion.result != -EAGAIN && completion.result != -EINTR)
    return fail("cannot write it", -completion.result);
  if (completion.result == 0) return fail("cannot write it", ENOSPC);
  const bool is_whole = completion.result == static_cast<std::int32_t>(block_size);
  if (!is_whole || written_ != wanted_) start_write();
}

void NewestSegmentFile::fail(const char* label, int error) {
  if (std::exchange(has_failed_, true)) return;
  log_.write(core::LogLevel::warning, core::LogCategory::general,
             "whether the newest journal files are all there will not be known after a crash",
             {{"file", path_}, {"text", label}, {"error", std::strerror(error)}});
}

}  // namespace lepus::persist
