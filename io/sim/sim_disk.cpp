// Names, descriptors and calls; what happens to bytes is in io/sim/sim_file.cpp, what a crash does
// in io/sim/sim_disk_crash.cpp.
#include "io/sim/sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "io/sim/fault_chance.h"

namespace lepus::io {
namespace {

constexpr std::size_t direct_alignment = 4096;

std::string directory_of(const std::string& plain_path) {
  const std::string parent = std::filesystem::path(plain_path).parent_path().string();
  return parent.empty() ? "." : parent;
}

bool is_aligned(std::uint64_t value) { return value % direct_alignment == 0; }

std::size_t size_of(SimDisk::Pieces pieces) {
  std::size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  CHECK(size <= INT32_MAX);
  return size;
}

}  // namespace

std::string SimDisk::plain_path(const std::string& path) {
  CHECK(!path.empty());
  std::string name = std::filesystem::path(path).lexically_normal().string();
  if (name.size() > 1 && name.back() == '/') name.pop_back();
  CHECK(!name.empty());
  return name;
}

SimDiskFaults SimDiskFaults::draw(core::Random& random) {
  FaultChance chance{random, 40};
  SimDiskFaults faults;
  faults.write_error = chance.draw(5);
  faults.read_error = chance.draw(5);
  faults.sync_error = chance.draw(20);
  faults.short_write = chance.draw(30);
  faults.short_read = chance.draw(50);
  return faults;
}

// ---- names ----

int SimDisk::make_directory(const std::string& path) {
  std::string name = plain_path(path);
  std::vector<std::string> missing;
  while (!directories_.contains(name)) {
    if (files_.contains(name)) return -ENOTDIR;
    missing.push_back(name);
    name = directory_of(name);
  }
  directories_.insert(missing.begin(), missing.end());
  return 0;
}

int SimDisk::list(const std::string& path, std::vector<std::string>& names) {
  names.clear();
  const std::string directory = plain_path(path);
  if (!directories_.contains(directory)) return files_.contains(directory) ? -ENOTDIR : -ENOENT;
  const auto add = [&](const std::string& entry) {
    if (entry == directory || directory_of(entry) != directory) return;
    names.push_back(std::filesystem::path(entry).filename().string());
  };
  for (const std::string& entry : directories_) add(entry);
  for (const auto& [entry, file] : files_) add(entry);
  std::erase(names, ".");
  std::sort(names.begin(), names.end());
  return 0;
}

int SimDisk::open(const std::string& path, const OpenMode& mode) {
  const int fd = open_without_sync(path, mode);
  if (fd >= 0 && mode.create) sync_names(directory_of(plain_path(path)));
  return fd;
}

int SimDisk::open_without_sync(const std::string& path, const OpenMode& mode) {
  CHECK(mode.write || !mode.create);
  const std::string name = plain_path(path);
  if (directories_.contains(name)) return -EISDIR;
  if (!mode.write && faults_.open_error > 0 && errs(faults_.open_error)) return -EMFILE;
  auto found = files_.find(name);
  if (found == files_.end()) {
    if (files_.contains(directory_of(name))) return -ENOTDIR;
    if (!mode.create || !directories_.contains(directory_of(name))) return -ENOENT;
    found = files_.emplace(name, std::make_shared<SimFile>()).first;
  }
  const int fd = next_fd_++;
  CHECK(owns(fd));
  descriptors_.emplace(fd, Descriptor{found->second, mode});
  return fd;
}

void SimDisk::close(int fd) {
  const std::size_t count = descriptors_.erase(fd);
  CHECK(count == 1);
}

int SimDisk::remove(const std::string& path) {
  const std::string name = plain_path(path);
  if (directories_.contains(name)) {
    for (const auto& [file_name, file] : files_)
      if (directory_of(file_name) == name) return -ENOTEMPTY;
    directories_.erase(name);
    return 0;
  }
  if (files_.erase(name) == 0) return -ENOENT;
  sync_names(directory_of(name));
  return 0;
}

int SimDisk::rename(const std::string& path, const std::string& new_path) {
  const auto found = files_.find(plain_path(path));
  const std::string new_name = plain_path(new_path);
  if (found == files_.end() || !directories_.contains(directory_of(new_name))) return -ENOENT;
  FilePointer file = std::move(found->second);
  const std::string directory = directory_of(found->first);
  files_.erase(found);
  files_[new_name] = std::move(file);
  sync_names(directory_of(new_name));
  sync_names(directory);
  return 0;
}

void SimDisk::sync_names(const std::string& directory) {
  CHECK(directories_.contains(directory));
  for (const auto& [name, file] : files_) {
    if (directory_of(name) == directory) file->set_name_durable();
  }
}

const SimFile* SimDisk::find(const std::string& path) const {
  const auto found = files_.find(plain_path(path));
  return found == files_.end() ? nullptr : found->second.get();
}

SimDisk::Descriptor* SimDisk::find_descriptor(int fd) {
  const auto found = descriptors_.find(fd);
  return found == descriptors_.end() ? nullptr : &found->second;
}

// ---- space ----

std::uint64_t SimDisk::used() const {
  std::uint64_t sum = 0;
  for (const auto& [name, file] : files_) sum += file->size();
  return sum;
}

std::int64_t SimDisk::free_bytes(const std::string& path) {
  const std::string name = plain_path(path);
  if (!directories_.contains(name) && !files_.contains(name)) return -ENOENT;
  return static_cast<std::int64_t>(capacity_ - std::min(capacity_, used()));
}

/// How large the file can be.
std::uint64_t SimDisk::room_for(const SimFile& file) const {
  return file.size() + capacity_ - std::min(capacity_, used());
}

std::int32_t SimDisk::allocate(int fd, std::uint64_t size) {
  CHECK(size > 0);
  const Descriptor* target = find_descriptor(fd);
  if (target == nullptr || !target->mode.write) return -EBADF;
  SimFile& file = *target->file;
  if (size <= file.size()) return 0;
  if (size > room_for(file)) return -ENOSPC;
  file.resize(size);
  return 0;
}

int SimDisk::fill(int fd, std::uint64_t size) {
  const iovec whole{nullptr, size};
  if (const int code = check_transfer(fd, 0, {&whole, 1}); code < 0) return code;
  if (const int code = allocate(fd, size); code < 0) return code;
  const std::vector<std::uint8_t> zeros(size, 0);
  Write write{*find_descriptor(fd), 0, zeros, 0};
  if (errs(faults_.write_error)) {
    fail(write);
    return -EIO;
  }
  const std::int64_t done = apply(write);
  CHECK(done == static_cast<std::int64_t>(size));
  return sync(fd);
}

int SimDisk::truncate(int fd, std::uint64_t size) {
  const Descriptor* target = find_descriptor(fd);
  if (target == nullptr || !target->mode.write) return -EBADF;
  if (size > target->file->size() && size > room_for(*target->file)) return -ENOSPC;
  target->file->resize(size);
  return 0;
}

std::int64_t SimDisk::size(int fd) {
  const Descriptor* target = find_descriptor(fd);
  return target == nullptr ? -EBADF : static_cast<std::int64_t>(target->file->size());
}

// ---- bytes ----

int SimDisk::check_transfer(int fd, std::uint64_t offset, Pieces pieces) {
  const Descriptor* target = find_descriptor(fd);
  if (target == nullptr) return -EBADF;
  if (!target->mode.direct) return 0;
  bool aligned = is_aligned(offset);
  for (const iovec& piece : pieces) {
    aligned = aligned && is_aligned(piece.iov_len) &&
              is_aligned(reinterpret_cast<std::uintptr_t>(piece.iov_base));
  }
  return aligned ? 0 : -EINVAL;
}

std::size_t SimDisk::maybe_short(std::size_t size, unsigned percent, bool is_direct) {
  CHECK(percent <= 100);
  const std::size_t unit = is_direct ? direct_alignment : 1;
  if (size <= unit || percent == 0 || !random_.chance(percent)) return size;
  const std::size_t part = (1 + random_.below((size - 1) / unit)) * unit;
  CHECK(part < size);
  return part;
}

std::int64_t SimDisk::read(int fd, std::uint64_t offset, std::uint8_t* cursor, std::size_t size) {
  const iovec piece{cursor, size};
  if (const int code = check_transfer(fd, offset, {&piece, 1}); code < 0) return code;
  if (errs(faults_.read_error)) return -EIO;
  const Descriptor& from = *find_descriptor(fd);
  const std::size_t part = from.mode.direct ? from.file->read_direct(offset, cursor, size)
                                            : from.file->read(offset, cursor, size);
  return static_cast<std::int64_t>(part);
}

std::int32_t SimDisk::read_pieces(int fd, std::uint64_t offset, Pieces pieces) {
  if (const int code = check_transfer(fd, offset, pieces); code < 0) return code;
  const bool is_direct = find_descriptor(fd)->mode.direct;
  std::size_t left = maybe_short(size_of(pieces), faults_.short_read, is_direct);
  std::size_t done = 0;
  for (const iovec& piece : pieces) {
    const std::size_t wanted = std::min(piece.iov_len, left);
    if (wanted == 0) break;
    const std::int64_t part =
        read(fd, offset + done, static_cast<std::uint8_t*>(piece.iov_base), wanted);
    if (part < 0) return done > 0 ? static_cast<std::int32_t>(done) : static_cast<int>(part);
    done += static_cast<std::size_t>(part);
    left -= wanted;
    if (static_cast<std::size_t>(part) < wanted) break;
  }
  CHECK(done <= size_of(pieces));
  return static_cast<std::int32_t>(done);
}

int SimDisk::write(int fd, std::uint64_t offset, core::Bytes bytes) {
  const iovec piece{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  if (const int code = check_transfer(fd, offset, {&piece, 1}); code < 0) return code;
  const Descriptor& target = *find_descriptor(fd);
  if (!target.mode.write) return -EBADF;
  const Write write{target, offset, {bytes.begin(), bytes.end()}, 0};
  if (errs(faults_.write_error)) {
    fail(write);
    return -EIO;
  }
  const std::int64_t done = apply(write);
  if (done < 0) return static_cast<int>(done);
  return static_cast<std::size_t>(done) == bytes.size() ? 0 : -ENOSPC;
}

std::uint64_t SimDisk::start_write(int fd, std::uint64_t offset, Pieces pieces) {
  CHECK(!pieces.empty());
  Write write;
  write.offset = offset;
  write.refused = check_transfer(fd, offset, pieces);
  if (write.refused == 0 && !find_descriptor(fd)->mode.write) write.refused = -EBADF;
  if (write.refused == 0) {
    write.target = *find_descriptor(fd);
    for (const iovec& piece : pieces) {
      const auto* at = static_cast<const std::uint8_t*>(piece.iov_base);
      write.bytes.insert(write.bytes.end(), at, at + piece.iov_len);
    }
    write.bytes.resize(
        maybe_short(write.bytes.size(), faults_.short_write, write.target.mode.direct));
  }
  writes_.emplace(next_ticket_, std::move(write));
  return next_ticket_++;
}

std::int32_t SimDisk::finish_write(std::uint64_t ticket) {
  const auto found = writes_.find(ticket);
  CHECK(found != writes_.end());
  const Write write = std::move(found->second);
  writes_.erase(found);
  if (write.refused < 0) return write.refused;
  if (errs(faults_.write_error)) {
    fail(write);
    return -EIO;
  }
  return static_cast<std::int32_t>(apply(write));
}

/// Bytes written: fewer where the disk is full, -ENOSPC when it is none.
std::int64_t SimDisk::apply(const Write& write) {
  CHECK(write.refused == 0);
  SimFile& file = *write.target.file;
  if (write.bytes.empty()) return 0;
  std::uint64_t end = write.offset + write.bytes.size();
  if (end > file.size()) end = std::min(end, room_for(file));
  if (write.target.mode.direct) end -= end % direct_alignment;
  if (end <= write.offset) return -ENOSPC;
  const auto part = static_cast<std::size_t>(end - write.offset);
  CHECK(part <= write.bytes.size());
  CHECK(!write.target.mode.direct || is_aligned(part));
  file.write(write.offset, core::Bytes(write.bytes).first(part));
  if (write.target.mode.dsync) file.flush(write.offset, part);
  return static_cast<std::int64_t>(part);
}

/// A write that ends with -EIO: some of its sectors were written, or all of them into the cache
/// alone and count as clean there.
void SimDisk::fail(const Write& write) {
  CHECK(write.refused == 0);
  SimFile& file = *write.target.file;
  const std::uint64_t end = write.offset + write.bytes.size();
  if (write.bytes.empty() || (end > file.size() && end > room_for(file))) return;
  if (write.target.mode.dsync && !write.target.mode.direct) {
    if (random_.chance(50)) return;
    file.write(write.offset, write.bytes);
    file.fail_sync(file.snapshot(), random_);
    return;
  }
  for (std::size_t index = 0; index < write.bytes.size(); index += sim_sector_size) {
    if (random_.chance(50)) continue;
    const std::size_t part = std::min(sim_sector_size, write.bytes.size() - index);
    file.write(write.offset + index, core::Bytes(write.bytes).subspan(index, part));
    if (write.target.mode.dsync) file.flush(write.offset + index, part);
  }
}

int SimDisk::sync(int fd) { return finish_sync(start_sync(fd)); }

std::uint64_t SimDisk::start_sync(int fd) {
  Sync sync;
  if (const Descriptor* target = find_descriptor(fd); target != nullptr) {
    sync.file = target->file;
    sync.snapshot = target->file->snapshot();
  }
  syncs_.emplace(next_ticket_, std::move(sync));
  return next_ticket_++;
}

std::int32_t SimDisk::finish_sync(std::uint64_t ticket) {
  const auto found = syncs_.find(ticket);
  CHECK(found != syncs_.end());
  const Sync sync = std::move(found->second);
  syncs_.erase(found);
  if (sync.file == nullptr) return -EBADF;
  if (errs(faults_.sync_error)) {
    sync.file->fail_sync(sync.snapshot, random_);
    return -EIO;
  }
  sync.file->settle_sync(sync.snapshot);
  sync.file->set_name_durable();
  return 0;
}

}  // namespace lepus::io
