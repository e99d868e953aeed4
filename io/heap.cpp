// The allocator is linked into the program, not into this library: the reference is weak.
#include "io/heap.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): mimalloc's name.
extern "C" void mi_collect(bool force) __attribute__((weak));

namespace lepus::io {

void trim_heap() {
  if (mi_collect != nullptr) mi_collect(true);
}

/// The second number of statm, in pages.
std::uint64_t resident_size() {
  const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  std::array<char, 128> bytes{};
  const ssize_t size = ::read(fd, bytes.data(), bytes.size());
  ::close(fd);
  if (size <= 0) return 0;
  std::string_view text(bytes.data(), static_cast<std::size_t>(size));
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return 0;
  text.remove_prefix(blank + 1);
  std::uint64_t pages = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), pages);
  if (read.ec != std::errc{}) return 0;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace lepus::io
