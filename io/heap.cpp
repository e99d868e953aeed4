// The allocator is linked into the program, not into this library: the reference is weak.
#include "io/heap.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

// NOLINTBEGIN(readability-identifier-naming): mimalloc's names.
extern "C" void mi_collect(bool force) __attribute__((weak));
extern "C" void mi_option_set(int option, long value) __attribute__((weak));
// NOLINTEND(readability-identifier-naming)

namespace lepus::io {
namespace {

/// mi_option_decommit_delay, called mi_option_purge_delay since 2.1: how many milliseconds a free
/// span stays with its segment. The default is mimalloc's own.
constexpr int decommit_delay = 15;
constexpr long decommit_delay_default = 25;

/// How many want the delay to be 0. Two threads that change their minds at once may leave the wrong
/// delay behind until the next does: memory goes back sooner or later than it should.
std::atomic<int> prompt_releases{0};

/// Sizes of spans, the largest first, so that a segment that is nearly empty is met, too.
constexpr std::size_t span_size_max = std::size_t{8} << 20;
constexpr std::size_t span_size_min = std::size_t{64} << 10;
constexpr std::size_t spans_per_size = 8;

/// Takes spans of all sizes and gives them back: a segment lets go of what is free in it only when
/// a span of it is taken, whatever mi_collect() is told. Nothing is written to them, so they cost
/// no memory.
void take_free_spans() {
  std::array<void*, 8 * spans_per_size> spans{};
  std::size_t count = 0;
  for (std::size_t size = span_size_max; size >= span_size_min; size /= 2)
    for (std::size_t i = 0; i < spans_per_size; ++i) spans.at(count++) = std::malloc(size);
  for (void* span : spans) std::free(span);
}

}  // namespace

void PromptRelease::set(bool on) {
  if (std::exchange(is_on_, on) == on || mi_option_set == nullptr) return;
  const int before = prompt_releases.fetch_add(on ? 1 : -1, std::memory_order_relaxed);
  if (before + (on ? 1 : -1) == 0) mi_option_set(decommit_delay, decommit_delay_default);
  if (before == 0) mi_option_set(decommit_delay, 0);
}

/// The first round, in which most is freed, goes without: page by page it would take many times as
/// long as whole segments do.
void trim_heap() {
  if (mi_collect == nullptr) return;
  mi_collect(true);
  PromptRelease release;
  release.set(true);
  take_free_spans();
  mi_collect(true);
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
