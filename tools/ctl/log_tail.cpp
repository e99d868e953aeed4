// See log_tail.h. The end of a file is read backwards in pieces; what comes is looked for a few
// times a second, as the file may be renamed and made anew at any time.
#include "tools/ctl/log_tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace lepus::ctl {

namespace {

constexpr off_t piece_size = 1 << 16;
constexpr int look_interval_ms = 200;

class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  off_t size() const {
    struct stat found {};
    return fd_ >= 0 && ::fstat(fd_, &found) == 0 ? found.st_size : 0;
  }
  bool is_at(const std::string& path) const {
    struct stat mine {};
    struct stat there {};
    if (::fstat(fd_, &mine) != 0 || ::stat(path.c_str(), &there) != 0) return true;
    return mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
  }

 private:
  int fd_;
};

std::string cannot_read(const std::string& path) {
  return fmt::format("cannot read {}: {}", path, std::strerror(errno));
}

/// Prints from there to the end of the file; where that is now.
off_t copy_from(const File& file, off_t offset) {
  std::array<char, piece_size> bytes;
  for (;;) {
    const ssize_t size = ::pread(file.fd(), bytes.data(), bytes.size(), offset);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    (void)std::fwrite(bytes.data(), 1, static_cast<std::size_t>(size), stdout);
    offset += size;
  }
  (void)std::fflush(stdout);
  return offset;
}

/// Where the last lines begin.
off_t find_tail(const File& file, std::uint64_t line_count) {
  std::array<char, piece_size> bytes;
  std::uint64_t ends = 0;
  for (off_t end = file.size(); end > 0;) {
    const off_t begin = std::max<off_t>(0, end - piece_size);
    const ssize_t size =
        ::pread(file.fd(), bytes.data(), static_cast<std::size_t>(end - begin), begin);
    if (size <= 0) return end;
    for (ssize_t i = size - 1; i >= 0; --i)
      if (bytes[static_cast<std::size_t>(i)] == '\n' && ends++ == line_count) return begin + i + 1;
    end = begin;
  }
  return 0;
}

double now_s() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

std::string log_file_of(std::string_view locations) {
  for (std::size_t begin = 0; begin < locations.size();) {
    const std::size_t end = std::min(locations.find('\n', begin), locations.size());
    const std::string_view line = locations.substr(begin, end - begin);
    if (line.starts_with('/')) return std::string{line};
    begin = end + 1;
  }
  return {};
}

std::string print_tail(const std::string& path, std::uint64_t line_count) {
  const File file{path};
  if (file.fd() < 0) return cannot_read(path);
  (void)copy_from(file, find_tail(file, line_count));
  return {};
}

std::string print_stream(const std::string& path, double duration_s) {
  const double end = now_s() + duration_s;
  off_t offset = -1;  ///< Of the first file; others are printed from their begin.
  while (duration_s == 0 || now_s() < end) {
    const File file{path};
    if (file.fd() < 0 && offset < 0) return cannot_read(path);
    if (offset < 0) offset = file.size();
    while (file.fd() >= 0 && file.is_at(path) && (duration_s == 0 || now_s() < end)) {
      if (file.size() < offset) offset = 0;  // It was cut.
      offset = copy_from(file, offset);
      if (std::ferror(stdout) != 0) return "cannot write to standard output";
      (void)::poll(nullptr, 0, look_interval_ms);
    }
    if (file.fd() >= 0) (void)copy_from(file, offset);
    if (file.fd() < 0) (void)::poll(nullptr, 0, look_interval_ms);
    offset = 0;
  }
  return {};
}

}  // namespace lepus::ctl
