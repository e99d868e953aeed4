// Files in memory for the tests of persist, with the faults that these need: a range that cannot be
// read, a file that cannot be opened, writes that fail, and a log of what was written.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "core/base/assert.h"
#include "io/disk.h"

namespace lepus::persist {

class MemoryDisk final : public io::Disk {
 public:
  struct Write {
    std::string path;
    std::uint64_t offset;
    std::size_t size;
    bool dsync;
  };

  std::map<std::string, std::vector<std::uint8_t>> files;
  std::map<std::string, std::uint64_t> bad_offsets;  ///< Reads of a range with it: -EIO.
  std::map<std::string, int> open_errors;
  std::vector<Write> writes;
  int write_error = 0;
  std::int64_t free = std::int64_t{1} << 40;  ///< Bytes of room, as it is told.
  bool takes_direct = true;
  int open_count = 0;
  std::uint64_t read_count = 0;

  int make_directory(const std::string&) override { return 0; }

  int list(const std::string& path, std::vector<std::string>& names) override {
    const std::string prefix = path + "/";
    for (const auto& [name, bytes] : files) {
      if (!name.starts_with(prefix)) continue;
      const std::string entry =
          name.substr(prefix.size(), name.find('/', prefix.size()) - prefix.size());
      if (names.empty() || names.back() != entry) names.push_back(entry);
    }
    return names.empty() ? -ENOENT : 0;
  }

  int open(const std::string& path, const io::OpenMode& mode) override {
    if (const auto error = open_errors.find(path); error != open_errors.end()) return error->second;
    if (mode.direct && !takes_direct) return -EINVAL;
    if (!files.contains(path) && !mode.create) return -ENOENT;
    files.try_emplace(path);
    handles_.push_back({path, mode, true});
    ++open_count;
    return static_cast<int>(handles_.size()) - 1;
  }

  void close(int fd) override {
    CHECK(handle(fd).is_open);
    handle(fd).is_open = false;
    --open_count;
  }

  std::int64_t size(int fd) override { return static_cast<std::int64_t>(bytes(fd).size()); }

  std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* at, std::size_t size) override {
    if (handle(fd).mode.direct) check_aligned(offset, at, size);
    ++read_count;
    const std::vector<std::uint8_t>& file = bytes(fd);
    if (const auto bad = bad_offsets.find(handle(fd).path);
        bad != bad_offsets.end() && bad->second >= offset && bad->second < offset + size)
      return -EIO;
    if (offset >= file.size()) return 0;
    const std::size_t count = std::min<std::size_t>(size, file.size() - offset);
    std::memcpy(at, file.data() + offset, count);
    return static_cast<std::int64_t>(count);
  }

  int write(int fd, std::uint64_t offset, core::Bytes piece) override {
    CHECK(handle(fd).mode.write);
    if (write_error != 0) return write_error;
    if (handle(fd).mode.direct) check_aligned(offset, piece.data(), piece.size());
    std::vector<std::uint8_t>& file = bytes(fd);
    file.resize(std::max<std::size_t>(file.size(), offset + piece.size()));
    std::memcpy(file.data() + offset, piece.data(), piece.size());
    writes.push_back({handle(fd).path, offset, piece.size(), handle(fd).mode.dsync});
    return 0;
  }

  int sync(int) override { return 0; }
  int fill(int fd, std::uint64_t size) override {
    bytes(fd).assign(size, 0);
    return 0;
  }
  int truncate(int fd, std::uint64_t size) override {
    bytes(fd).resize(size);
    return 0;
  }
  int remove(const std::string& path) override { return files.erase(path) == 1 ? 0 : -ENOENT; }
  int rename(const std::string& path, const std::string& new_path) override {
    const auto found = files.find(path);
    if (found == files.end()) return -ENOENT;
    if (write_error != 0) return write_error;
    std::vector<std::uint8_t> bytes = std::move(found->second);
    files.erase(found);
    files[new_path] = std::move(bytes);
    return 0;
  }
  std::int64_t free_bytes(const std::string&) override { return free; }

 private:
  struct Handle {
    std::string path;
    io::OpenMode mode;
    bool is_open;
  };

  static void check_aligned(std::uint64_t offset, const void* at, std::size_t size) {
    CHECK(offset % 4096 == 0);
    CHECK(size % 4096 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(at) % 4096 == 0);
  }
  Handle& handle(int fd) { return handles_.at(static_cast<std::size_t>(fd)); }
  std::vector<std::uint8_t>& bytes(int fd) {
    CHECK(handle(fd).is_open);
    return files.at(handle(fd).path);
  }

  std::vector<Handle> handles_;
};

}  // namespace lepus::persist
