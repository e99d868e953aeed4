// Reads ahead are counted when their answer is taken.
#include "tools/server/service/watched_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace lepus::server {

namespace {

/// Answers are taken in the order of the starts above and below.
class WatchedReads final : public io::ReadAhead {
 public:
  WatchedReads(WatchedDisk& disk, std::unique_ptr<io::ReadAhead> below)
      : disk_(disk), below_(std::move(below)) {}
  ~WatchedReads() override { below_->forget_all(); }

 private:
  void on_start(std::size_t slot) override { below_->start(read_of(slot)); }
  std::int64_t finish(std::size_t) override {
    const std::int64_t size = below_->finish_oldest();
    disk_.note_read(size);
    return size;
  }
  void forget(std::size_t) override { (void)below_->finish_oldest(); }

  WatchedDisk& disk_;
  std::unique_ptr<io::ReadAhead> below_;
};

std::string gibibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(1ULL << 30));
}

}  // namespace

std::unique_ptr<io::ReadAhead> WatchedDisk::read_ahead() {
  return std::make_unique<WatchedReads>(*this, below_.read_ahead());
}

std::string recovery_text(std::uint64_t bytes_read, std::uint64_t total) {
  return fmt::format("reading the journals: {} of at most {}", gibibytes(bytes_read),
                     gibibytes(std::max(bytes_read, total)));
}

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t sum = 0;
  std::error_code code;
  for (auto at = std::filesystem::recursive_directory_iterator(directory, code);
       !code && at != std::filesystem::recursive_directory_iterator(); at.increment(code)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored)) continue;
    const std::uintmax_t size = at->file_size(ignored);
    if (!ignored) sum += size;
  }
  return sum;
}

}  // namespace lepus::server
