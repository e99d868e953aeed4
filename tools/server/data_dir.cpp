// Makes the directory, locks it and the file "lock" in it with flock and writes the own pid there,
// for the message that the next broker on the same directory gives. The lock of the directory is
// the one that holds when somebody removes the file.
#include "tools/server/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/base/assert.h"
#include "io/kernel_disk.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

constexpr unsigned permission_bits = 0777;

/// A broker writes these, or a file system does.
bool is_ours(std::string_view name) {
  return name == "lock" || name == "journal" || name == "lepus.sock" || name == "accept_loss" ||
         name == "lost+found" || name.starts_with("catalog.sqlite") ||
         name.find(".log") != std::string_view::npos;
}

struct Repair {
  unsigned mode = 0;  ///< As it was.
  bool is_open = false;
  bool is_done = false;
};

/// Symbolic links are left alone.
Repair close_one(const std::string& path, bool may_change) {
  Repair repair;
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return repair;
  if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) return repair;
  repair.mode = found.st_mode & permission_bits;
  repair.is_open = (repair.mode & closed_to_others) != 0;
  if (repair.is_open && may_change && (found.st_mode & S_ISVTX) == 0)
    repair.is_done = chmod(path.c_str(), repair.mode & ~closed_to_others) == 0;
  return repair;
}

}  // namespace

std::optional<std::uint64_t> data_dir_owner(const std::string& path) {
  const std::string lock_path = path + "/lock";
  const int fd = ::open(lock_path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const bool is_taken = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  std::string pid;
  if (!is_taken || !read_file(lock_path, pid)) return {};
  return parse_number(trim(pid.substr(0, pid.find('\n'))));
}

DataDir::~DataDir() {
  if (lock_fd_ >= 0) close(lock_fd_);
  if (directory_fd_ >= 0) close(directory_fd_);
}

std::string DataDir::open(const std::string& path) {
  CHECK(lock_fd_ < 0);
  if (std::string error = make(path); !error.empty()) return error;
  if (std::string error = lock(path); !error.empty()) return error;
  close_to_others(path);
  return {};
}

std::string DataDir::make(const std::string& path) {
  // A power cut must not take the directory with all that is confirmed in it: its name is synced.
  const int code = io::KernelDisk{}.make_directory(path);
  if (code == 0) return {};
  return fmt::format("cannot make data_dir {}: {}; set data_dir to a directory this user may write",
                     path, std::strerror(-code));
}

std::string DataDir::lock(const std::string& path) {
  const std::string lock_path = path + "/lock";
  directory_fd_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  lock_fd_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_fd_ < 0)
    return fmt::format("cannot write in data_dir {}: {}; give it to this user or set data_dir",
                       path, std::strerror(errno));
  // Some file systems lock no directories.
  const bool is_taken = flock(lock_fd_, LOCK_EX | LOCK_NB) != 0 ||
                        (flock(directory_fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK);
  if (is_taken) {
    std::string pid;
    const bool is_known =
        read_file(lock_path, pid) && parse_number(trim(pid.substr(0, pid.find('\n'))));
    return fmt::format("another lepus (pid {}) uses data_dir {}; stop it or set another data_dir",
                       is_known ? trim(pid.substr(0, pid.find('\n'))) : "unknown", path);
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(lock_fd_, 0) != 0 ||
      pwrite(lock_fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return fmt::format("cannot write {}: {}", lock_path, std::strerror(errno));
  return {};
}

/// A directory that holds other things, too, may have to be open for them: it is left as it is.
void DataDir::close_to_others(const std::string& path) {
  std::size_t repaired = 0;
  std::string failed;
  bool is_shared = false;
  std::error_code code;
  const auto close = [&](const std::string& text, bool may_change) {
    const Repair repair = close_one(text, may_change);
    if (repair.is_done) ++repaired;
    if (repair.is_open && !repair.is_done && failed.empty())
      failed = fmt::format("{} has mode {:04o}", text, repair.mode);
  };
  for (const auto& entry : std::filesystem::directory_iterator(path, code)) {
    const std::string name = entry.path().filename();
    is_shared |= !is_ours(name);
    if (name == "lock" || name == "journal" || name.starts_with("catalog.sqlite"))
      close(entry.path(), true);
  }
  const std::string journal = path + "/journal";
  for (auto at = std::filesystem::recursive_directory_iterator(journal, code);
       !code && at != std::filesystem::recursive_directory_iterator(); at.increment(code))
    close(at->path(), true);
  close(path, !is_shared);
  if (repaired > 0)
    warnings_.push_back(fmt::format(
        "data_dir {} was open to other users of this machine, who could read password hashes and "
        "messages: the modes of {} files and directories are repaired (0750, 0640)",
        path, repaired));
  if (!failed.empty())
    warnings_.push_back(fmt::format(
        "other users of this machine can look into data_dir {}: {} and was not changed{}; give the "
        "broker a directory of its own with mode 0750",
        path, failed, is_shared ? ", as there are other things in it" : ""));
}

}  // namespace lepus::server
