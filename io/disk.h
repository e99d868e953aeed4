// Files, as the program needs them while it starts and in tools: plain blocking calls behind a
// seam, so that the simulation can stand in (SimDisk). A running loop does not use this; it has
// ops (io/op.h), which work on the descriptors that open() gives.
//
// Errors are negative errno values, as in completions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "io/read_ahead.h"

namespace lepus::io {

/// How to open a file. direct: O_DIRECT, and offset, size and memory are multiples of 4 KiB then.
struct OpenMode {
  bool write = false;
  bool create = false;  ///< Made when missing; then also the directory entry is made durable.
  bool direct = false;  ///< Where the file system refuses it, open() gives -EINVAL.
  bool dsync = false;   ///< O_DSYNC: a write that came back is on the disk.
};

class Disk {
 public:
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  virtual ~Disk() = default;

  /// Makes the directory with its parents; 0 when it is there.
  virtual int make_directory(const std::string& path) = 0;
  /// Names of the entries, sorted, without . and .. ; < 0: -errno (-ENOENT: no such directory).
  virtual int list(const std::string& path, std::vector<std::string>& names) = 0;
  /// A descriptor, or -errno.
  virtual int open(const std::string& path, const OpenMode& mode) = 0;
  virtual void close(int fd) = 0;
  /// Bytes, or -errno.
  virtual std::int64_t size(int fd) = 0;
  /// Reads until `size` bytes or the end of the file; bytes read, or -errno.
  virtual std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* cursor,
                            std::size_t size) = 0;
  /// For reads beside the caller's work. The disk outlives it.
  virtual std::unique_ptr<ReadAhead> read_ahead();
  /// Writes all of it; 0 or -errno.
  virtual int write(int fd, std::uint64_t offset, core::Bytes bytes) = 0;
  /// fdatasync; 0 or -errno.
  virtual int sync(int fd) = 0;
  /// Space for `size` bytes, reserved and filled with zeros; 0 or -errno (-ENOSPC).
  virtual int fill(int fd, std::uint64_t size) = 0;
  virtual int truncate(int fd, std::uint64_t size) = 0;
  /// A file or an empty directory. The removal is durable; 0 or -errno.
  virtual int remove(const std::string& path) = 0;
  /// Gives the file another name in the same file system; a file that has that name is replaced.
  /// Durable; 0 or -errno.
  virtual int rename(const std::string& path, const std::string& new_path) = 0;
  /// Gives the file a second name in the same file system: both are one file then. Durable; 0 or
  /// -errno. -EOPNOTSUPP: not here.
  virtual int link(const std::string& path, const std::string& new_path);
  /// Makes a file of the same contents that shares the blocks on the disk until one of both is
  /// written to. 0 or -errno; then there is no new file.
  virtual int clone(const std::string& path, const std::string& new_path);
  /// How many names the file has, or -errno.
  virtual int link_count(const std::string& path);
  /// What the file system that holds `path` has free for this user, bytes; < 0: -errno.
  virtual std::int64_t free_bytes(const std::string& path) = 0;
};

}  // namespace lepus::io
