// The disk as one process of the broker sees it while it starts: it can die in the middle of a
// blocking call, which is an exception here, because nothing of a dead process goes on. What is
// destroyed afterwards still closes its files, and that has no effect any more.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/sim/sim_disk.h"
#include "tests/sim/saboteur.h"

namespace lepus::sim {

struct ProcessDied {};

class ProcessDisk final : public io::Disk {
 public:
  ProcessDisk(io::SimDisk& disk, core::Random& random) : disk_(disk), random_(random) {}

  /// The process dies in the call after so many. `on_death` is called just before.
  void die_after(std::uint64_t calls) { calls_left_ = calls; }
  void set_on_death(std::function<void()> call) { on_death_ = std::move(call); }
  void live_on() { calls_left_ = UINT64_MAX; }
  /// finish_recovery() only seems to write (a planted mistake).
  void forget_writes() { forgets_writes_ = true; }
  void ignore_dsync() { ignores_dsync_ = true; }
  /// Whoever reads a journal file finds every checksum right, whatever the bytes are.
  void hide_damage() { hides_damage_ = true; }
  /// Where the write was in which the process died: a power cut may leave a sector there that is
  /// neither old nor new.
  struct Place {
    std::string path;  ///< Empty: it died elsewhere.
    std::uint64_t offset = 0;
  };
  const Place& interrupted() const { return interrupted_; }
  /// Makes the mistakes about indexes, when it is one of these.
  void set_saboteur(Saboteur& saboteur) { saboteur_ = &saboteur; }

  int make_directory(const std::string& path) override {
    step();
    return disk_.make_directory(path);
  }
  int list(const std::string& path, std::vector<std::string>& names) override {
    step();
    return disk_.list(path, names);
  }
  int open(const std::string& path, const io::OpenMode& mode) override {
    step();
    io::OpenMode changed = mode;
    changed.dsync = mode.dsync && !ignores_dsync_;
    const int fd = disk_.open(path, changed);
    if (fd >= 0) paths_[fd] = path;
    return fd;
  }
  void close(int fd) override {
    if (!is_dead_) disk_.close(fd);
  }
  std::int64_t size(int fd) override {
    step();
    const std::int64_t size = disk_.size(fd);
    return size > 0 && makes(Mistake::forget_index_settle, fd) ? size + index_room : size;
  }
  std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* at, std::size_t size) override;
  int write(int fd, std::uint64_t offset, core::Bytes bytes) override;
  int sync(int fd) override {
    step();
    return disk_.sync(fd);
  }
  int fill(int fd, std::uint64_t size) override {
    step();
    return disk_.fill(fd, size);
  }
  int truncate(int fd, std::uint64_t size) override {
    step();
    return disk_.truncate(fd, size);
  }
  int remove(const std::string& path) override {
    step();
    return disk_.remove(path);
  }
  int rename(const std::string& path, const std::string& new_path) override {
    step();
    return disk_.rename(path, new_path);
  }
  std::int64_t free_bytes(const std::string& path) override {
    step();
    return disk_.free_bytes(path);
  }

 private:
  bool is_last() { return !is_dead_ && calls_left_ != UINT64_MAX && calls_left_-- == 0; }
  void step() {
    CHECK(!is_dead_);
    if (is_last()) end();
  }
  [[noreturn]] void end() {
    is_dead_ = true;
    if (on_death_) on_death_();
    throw ProcessDied{};
  }

  bool makes(Mistake mistake, int fd) const {
    if (saboteur_ == nullptr || saboteur_->mistake() != mistake) return false;
    const auto path = paths_.find(fd);
    return path != paths_.end() && path->second.ends_with(".idx");
  }
  std::int64_t read_index(int fd, std::span<std::uint8_t> window);
  void correct(const std::string& path, std::uint64_t offset, std::span<std::uint8_t> window);

  io::SimDisk& disk_;
  core::Random& random_;
  std::uint64_t calls_left_ = UINT64_MAX;
  std::function<void()> on_death_;
  bool is_dead_ = false;
  Place interrupted_;
  bool forgets_writes_ = false;
  bool ignores_dsync_ = false;
  bool hides_damage_ = false;
  /// An index that lacks something may be that much longer than it was.
  static constexpr std::int64_t index_room = 64;
  Saboteur* saboteur_ = nullptr;
  std::map<int, std::string> paths_;  ///< Of all descriptors so far.
};

}  // namespace lepus::sim
