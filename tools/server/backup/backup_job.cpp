// See backup_job.h.
#include "tools/server/backup/backup_job.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/time.h"
#include "io/os.h"
#include "persist/catalog/sqlite.h"

namespace lepus::server {

namespace {

constexpr const char* catalog_name = "catalog.sqlite";

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

BackupJob::BackupJob(BackupPlan plan) : plan_(std::move(plan)) {
  for (const persist::JournalSnapshot& journal : plan_.list.journals)
    for (const persist::SegmentSnapshot& segment : journal.segments) total_ += segment.bytes;
  thread_ = std::thread([this] { run(); });
}

void BackupJob::finish() {
  stop();
  if (thread_.joinable()) thread_.join();
}

/// With a rate it waits until so much was due, a little at a time so that a stop is seen.
bool BackupJob::on_copied(std::uint64_t bytes) {
  const std::uint64_t copied = copied_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (plan_.rate == 0) return !is_stopping_.load(std::memory_order_relaxed);
  const double due_s = static_cast<double>(copied) / static_cast<double>(plan_.rate);
  const auto due_ns = started_ns_ + static_cast<std::int64_t>(due_s * 1e9);
  constexpr auto look = std::chrono::milliseconds{20};
  while (!is_stopping_.load(std::memory_order_relaxed) && steady_ns() < due_ns)
    std::this_thread::sleep_for(look);
  return !is_stopping_.load(std::memory_order_relaxed);
}

void BackupJob::run() {
  io::name_thread("backup");
  started_ns_ = steady_ns();
  result_.error = copy_all();
  if (!result_.error.empty()) remove_all();
  is_finished_.store(true, std::memory_order_release);
}

std::string BackupJob::copy_all() {
  if (const int code = disk_.make_directory(plan_.target); code < 0)
    return fmt::format("cannot make {}: {}{}", plan_.target, std::strerror(-code),
                       code == -EROFS || code == -EACCES
                           ? "; the broker writes it, as its own user: choose a directory that it "
                             "may write to (systemd: ReadWritePaths=)"
                           : "");
  if (std::string error = copy_catalog(); !error.empty()) return error;
  using Sharing = persist::JournalCopy::Sharing;
  persist::JournalCopy copy(
      {&disk_, this, &result_.unreadable, plan_.only_bytes ? Sharing::none : Sharing::file});
  for (const persist::JournalSnapshot& journal : plan_.list.journals) {
    std::string error = copy.copy(journal, plan_.target, result_.tallies.emplace_back());
    if (!error.empty()) return error;
  }
  plan_.list.unreadable_bytes = result_.unreadable.bytes;
  return persist::write_backup_list(disk_, plan_.target, plan_.list);
}

std::string BackupJob::copy_catalog() {
  persist::Database from;
  persist::Database to;
  std::string error = from.open(plan_.catalog);
  if (error.empty()) error = to.open(plan_.target + "/" + catalog_name);
  return error.empty() ? from.copy_to(to) : error;
}

/// The directory was empty, or not there; what somebody else put there meanwhile stays.
void BackupJob::remove_all() {
  const std::filesystem::path target = plan_.target;
  const std::string catalog = catalog_name;
  std::error_code ignored;
  for (const std::string& name : {catalog, catalog + "-journal", std::string("journal"),
                                  std::string(persist::backup_list_file)})
    std::filesystem::remove_all(target / name, ignored);
  std::filesystem::remove(target, ignored);
}

}  // namespace lepus::server
