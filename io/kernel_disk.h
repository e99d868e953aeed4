// The disk that is the kernel's file systems: what io/disk.h promises, with plain calls.
//
// A call that was interrupted is made again, one that did a part goes on with the rest. A name that
// was made or removed is durable before the call returns: the directory that holds it is synced,
// also when the name was there already, because the process that made it may have died before its
// own sync. A failed sync is returned, never tried again: the kernel marks what it could not write
// as clean, and a second sync would succeed without having written it.
#pragma once

#include <sys/types.h>

#include "io/disk.h"

namespace lepus::io {

/// Of files made by open(): the data is the user's and the group's business.
constexpr mode_t file_permissions = 0640;
constexpr mode_t directory_permissions = 0750;

/// Flags of open(2), always with O_CLOEXEC.
int open_flags(const OpenMode& mode);

/// Without state: any thread, as many as wanted.
class KernelDisk final : public Disk {
 public:
  int make_directory(const std::string& path) override;
  int list(const std::string& path, std::vector<std::string>& names) override;
  int open(const std::string& path, const OpenMode& mode) override;
  void close(int fd) override;
  std::int64_t size(int fd) override;
  std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* cursor, std::size_t size) override;
  std::unique_ptr<ReadAhead> read_ahead() override;
  int write(int fd, std::uint64_t offset, core::Bytes bytes) override;
  int sync(int fd) override;
  int fill(int fd, std::uint64_t size) override;
  int truncate(int fd, std::uint64_t size) override;
  int remove(const std::string& path) override;
  int rename(const std::string& path, const std::string& new_path) override;
  int link(const std::string& path, const std::string& new_path) override;
  int clone(const std::string& path, const std::string& new_path) override;
  int link_count(const std::string& path) override;
  std::int64_t free_bytes(const std::string& path) override;
};

}  // namespace lepus::io
