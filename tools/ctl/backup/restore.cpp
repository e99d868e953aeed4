// What was restored belongs to whoever owns the directory it is in: root often restores what
// another user will run.
#include "tools/ctl/backup/restore.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "io/kernel_disk.h"
#include "persist/backup/restore.h"
#include "tools/journal/commands.h"

namespace lepus::ctl {

namespace {

namespace fs = std::filesystem;

class NoMonitor final : public persist::CopyMonitor {
  bool on_copied(std::uint64_t) override { return true; }
};

int fail_restore(int exit_code, std::string_view text) {
  (void)std::fflush(stdout);
  fmt::print(stderr, "Error:\n{}\n", text);
  return exit_code;
}

/// Everything below the directory gets its owner. "" or what failed.
std::string give_to_owner(const fs::path& directory) {
  struct stat owner {};
  if (::stat(directory.c_str(), &owner) < 0) return {};
  std::error_code code;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory, code))
    if (::lchown(entry.path().c_str(), owner.st_uid, owner.st_gid) < 0)
      return fmt::format("cannot give {} to the owner of {}", entry.path().string(),
                         directory.string());
  if (owner.st_uid == 0)
    fmt::print(stderr,
               "Warning: the files belong to root: give them to the user of the broker "
               "(chown -R lepus:lepus {})\n",
               directory.string());
  return {};
}

/// Says what is wrong. Returns false if something is.
bool verify(io::Disk& disk, const std::string& directory, const persist::BackupList& list) {
  journal::Options options;
  options.data_directory = directory;
  options.command = journal::Command::verify;
  return journal::run_command({disk, options, stdout, stderr, &list}) == 0;
}

}  // namespace

int run_restore(const Invocation& invocation) {
  for (const std::string& argument : invocation.arguments)
    if (argument.empty()) return fail_restore(exit_usage, "the name of a directory is empty");
  const std::string backup = fs::absolute(invocation.arguments[0]).lexically_normal().string();
  const std::string target = fs::absolute(invocation.arguments[1]).lexically_normal().string();
  io::KernelDisk disk;
  NoMonitor monitor;
  persist::BackupList list;
  persist::UnreadableBytes unreadable;
  std::string error = persist::restore_backup({&disk, &monitor, backup, target}, list, unreadable);
  if (error.empty() && ::geteuid() == 0) error = give_to_owner(target);
  if (!error.empty()) return fail_restore(exit_data, error);
  for (const std::string& place : unreadable.places)
    fmt::print(stderr, "Warning: the disk does not give back 4096 bytes of {}\n", place);
  if (list.unreadable_bytes > 0)
    fmt::print(stderr,
               "Warning: {} bytes could not be read when the backup was made, and are zeros\n",
               list.unreadable_bytes);
  if (!verify(disk, target, list) || unreadable.bytes > 0)
    return fail_restore(
        exit_data,
        fmt::format("{} is restored, but not in order: what is wrong stands above", target));
  fmt::print("{} is restored from the backup of version {}; the broker can start with it\n", target,
             list.version);
  return exit_ok;
}

}  // namespace lepus::ctl
