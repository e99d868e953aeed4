// System calls, one function each; the loops around them are for interruptions and partial results.
#include "io/kernel_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <memory>

#include "core/base/assert.h"
#include "core/limits.h"
#include "io/uring/async_file_reads.h"

namespace lepus::io {
namespace {

constexpr std::size_t alignment = 4096;  ///< Of memory and offsets with O_DIRECT.

/// The result of `call`, made again while a signal interrupts it; < 0: -errno.
template <class Call>
auto uninterrupted(Call&& call) -> decltype(call()) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

std::string parent_of(const std::string& path) {
  CHECK(!path.empty());
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// fsync and not fdatasync: an entry that fits into the directory's size counts as metadata that
/// fdatasync may leave behind.
int sync_directory(const std::string& path) {
  const int fd =
      uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return fd;
  const int code = uninterrupted([fd] { return ::fsync(fd); });
  ::close(fd);
  return code;
}

/// 0: the directory is there; when it was made, its name in its parent is durable.
int make_one_directory(const std::string& path) {
  CHECK(!path.empty());
  if (::mkdir(path.c_str(), directory_permissions) == 0) return sync_directory(parent_of(path));
  if (errno != EEXIST) return -errno;
  struct stat found {};
  if (::stat(path.c_str(), &found) < 0) return -errno;
  return S_ISDIR(found.st_mode) ? 0 : -ENOTDIR;
}

off_t to_offset(std::uint64_t offset) {
  CHECK(offset <= INT64_MAX);
  return static_cast<off_t>(offset);
}

}  // namespace

int open_flags(const OpenMode& mode) {
  CHECK(mode.write || !mode.create);
  int flags = O_CLOEXEC | (mode.write ? O_RDWR : O_RDONLY);
  if (mode.create) flags |= O_CREAT;
  if (mode.direct) flags |= O_DIRECT;
  if (mode.dsync) flags |= O_DSYNC;
  return flags;
}

int KernelDisk::make_directory(const std::string& path) {
  CHECK(!path.empty());
  for (std::size_t end = path.find('/', 1); end != std::string::npos;
       end = path.find('/', end + 1)) {
    if (const int code = make_one_directory(path.substr(0, end)); code < 0) return code;
  }
  if (path.back() == '/') return 0;
  if (const int code = make_one_directory(path); code < 0) return code;
  // Also when it was there: who made it may have died before its sync. A parent that we may not
  // read is not one that we made.
  const int code = sync_directory(parent_of(path));
  return code == -EACCES ? 0 : code;
}

int KernelDisk::list(const std::string& path, std::vector<std::string>& names) {
  names.clear();
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return -errno;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  const int code = -errno;
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  return code;
}

int KernelDisk::open(const std::string& path, const OpenMode& mode) {
  const int fd =
      uninterrupted([&] { return ::open(path.c_str(), open_flags(mode), file_permissions); });
  if (fd < 0 || !mode.create) return fd;
  const int code = sync_directory(parent_of(path));
  if (code == 0) return fd;
  ::close(fd);
  return code;
}

void KernelDisk::close(int fd) {
  CHECK(fd >= 0);
  // Also when it is interrupted the descriptor is gone.
  CHECK(::close(fd) == 0 || errno != EBADF);
}

std::int64_t KernelDisk::size(int fd) {
  CHECK(fd >= 0);
  struct stat found {};
  return ::fstat(fd, &found) < 0 ? -errno : static_cast<std::int64_t>(found.st_size);
}

std::int64_t KernelDisk::read(int fd, std::uint64_t offset, std::uint8_t* cursor,
                              std::size_t size) {
  CHECK(fd >= 0);
  CHECK(cursor != nullptr || size == 0);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t part = uninterrupted(
        [&] { return ::pread(fd, cursor + done, size - done, to_offset(offset + done)); });
    if (part == 0) break;
    // The end of a direct file within a block: going on from there is not aligned, which some file
    // systems refuse before they notice the end.
    if (part == -EINVAL && done % alignment != 0) break;
    if (part < 0) return part;
    done += static_cast<std::size_t>(part);
  }
  CHECK(done <= size);
  return static_cast<std::int64_t>(done);
}

std::unique_ptr<ReadAhead> KernelDisk::read_ahead() {
  std::unique_ptr<ReadAhead> ring = AsyncFileReads::create(*this);
  return ring ? std::move(ring) : Disk::read_ahead();
}

int KernelDisk::write(int fd, std::uint64_t offset, core::Bytes bytes) {
  CHECK(fd >= 0);
  while (!bytes.empty()) {
    const ssize_t part =
        uninterrupted([&] { return ::pwrite(fd, bytes.data(), bytes.size(), to_offset(offset)); });
    if (part < 0) return static_cast<int>(part);
    if (part == 0) return -EIO;
    CHECK(static_cast<std::size_t>(part) <= bytes.size());
    bytes = bytes.subspan(static_cast<std::size_t>(part));
    offset += static_cast<std::uint64_t>(part);
  }
  return 0;
}

int KernelDisk::sync(int fd) {
  CHECK(fd >= 0);
  return uninterrupted([fd] { return ::fdatasync(fd); });
}

int KernelDisk::fill(int fd, std::uint64_t size) {
  CHECK(fd >= 0);
  CHECK(size > 0);
  // Reserved first: when the space is not there, nothing was written. A file system without
  // fallocate finds out while it writes.
  const int reserved = uninterrupted([&] { return ::fallocate(fd, 0, 0, to_offset(size)); });
  if (reserved < 0 && reserved != -EOPNOTSUPP && reserved != -ENOSYS) return reserved;

  std::vector<std::uint8_t> memory(core::limits::fill_write_size + alignment, 0);
  void* aligned = memory.data();
  std::size_t room = memory.size();
  CHECK(std::align(alignment, core::limits::fill_write_size, aligned, room) != nullptr);
  const core::Bytes zeros{static_cast<const std::uint8_t*>(aligned), core::limits::fill_write_size};
  for (std::uint64_t offset = 0; offset < size; offset += core::limits::fill_write_size) {
    const auto part = static_cast<std::size_t>(
        std::min<std::uint64_t>(core::limits::fill_write_size, size - offset));
    if (const int code = write(fd, offset, zeros.first(part)); code < 0) return code;
  }
  return sync(fd);
}

int KernelDisk::truncate(int fd, std::uint64_t size) {
  CHECK(fd >= 0);
  return uninterrupted([&] { return ::ftruncate(fd, to_offset(size)); });
}

int KernelDisk::remove(const std::string& path) {
  if (std::remove(path.c_str()) < 0) return -errno;
  return sync_directory(parent_of(path));
}

int KernelDisk::rename(const std::string& path, const std::string& new_path) {
  if (std::rename(path.c_str(), new_path.c_str()) < 0) return -errno;
  const int code = sync_directory(parent_of(new_path));
  return code < 0 ? code : sync_directory(parent_of(path));
}

int KernelDisk::link(const std::string& path, const std::string& new_path) {
  if (::link(path.c_str(), new_path.c_str()) < 0) return -errno;
  return sync_directory(parent_of(new_path));
}

int KernelDisk::clone(const std::string& path, const std::string& new_path) {
  const int from = open(path, {});
  if (from < 0) return from;
  const int to = uninterrupted([&] {
    return ::open(new_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_permissions);
  });
  int code = to < 0 ? to : uninterrupted([&] { return ::ioctl(to, FICLONE, from); });
  if (code >= 0) code = sync(to);
  if (code >= 0) code = sync_directory(parent_of(new_path));
  if (to >= 0) ::close(to);
  ::close(from);
  if (to >= 0 && code < 0) ::unlink(new_path.c_str());
  return code;
}

int KernelDisk::link_count(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) < 0) return -errno;
  return static_cast<int>(std::min<nlink_t>(found.st_nlink, INT_MAX));
}

std::int64_t KernelDisk::free_bytes(const std::string& path) {
  struct statvfs found {};
  const int code = uninterrupted([&] { return ::statvfs(path.c_str(), &found); });
  if (code < 0) return code;
  return static_cast<std::int64_t>(found.f_bavail) * static_cast<std::int64_t>(found.f_frsize);
}

}  // namespace lepus::io
