// The disk of a start: counts what is read, so that whoever waits can be told how far recovery is.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/disk.h"

namespace lepus::server {

/// Everything is done by `below`, which outlives it. Any threads, as far as that allows it.
class WatchedDisk final : public io::Disk {
 public:
  explicit WatchedDisk(io::Disk& below) : below_(below) {}

  /// Bytes so far. Any thread.
  std::uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }
  void note_read(std::int64_t size) {
    if (size > 0)
      bytes_read_.fetch_add(static_cast<std::uint64_t>(size), std::memory_order_relaxed);
  }

  int make_directory(const std::string& path) override { return below_.make_directory(path); }
  int list(const std::string& path, std::vector<std::string>& names) override {
    return below_.list(path, names);
  }
  int open(const std::string& path, const io::OpenMode& mode) override {
    return below_.open(path, mode);
  }
  void close(int fd) override { below_.close(fd); }
  std::int64_t size(int fd) override { return below_.size(fd); }
  std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* cursor, std::size_t size) override {
    const std::int64_t done = below_.read(fd, offset, cursor, size);
    note_read(done);
    return done;
  }
  std::unique_ptr<io::ReadAhead> read_ahead() override;
  int write(int fd, std::uint64_t offset, core::Bytes bytes) override {
    return below_.write(fd, offset, bytes);
  }
  int sync(int fd) override { return below_.sync(fd); }
  int fill(int fd, std::uint64_t size) override { return below_.fill(fd, size); }
  int truncate(int fd, std::uint64_t size) override { return below_.truncate(fd, size); }
  int remove(const std::string& path) override { return below_.remove(path); }
  int rename(const std::string& path, const std::string& new_path) override {
    return below_.rename(path, new_path);
  }
  int link(const std::string& path, const std::string& new_path) override {
    return below_.link(path, new_path);
  }
  int clone(const std::string& path, const std::string& new_path) override {
    return below_.clone(path, new_path);
  }
  int link_count(const std::string& path) override { return below_.link_count(path); }
  std::int64_t free_bytes(const std::string& path) override { return below_.free_bytes(path); }

 private:
  io::Disk& below_;
  std::atomic<std::uint64_t> bytes_read_{0};
};

/// "reading the journals: 1.5 GiB of at most 4.0 GiB". `total`: what there is to be read.
std::string recovery_text(std::uint64_t bytes_read, std::uint64_t total);

/// Bytes of all files below a directory; 0 when there is none.
std::uint64_t bytes_below(const std::string& directory);

}  // namespace lepus::server
