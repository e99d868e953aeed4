// Makes the directory, locks the file "lock" in it with flock and writes the own pid there, for the
// message that the next broker on the same directory gives.
#include "tools/server/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/base/assert.h"
#include "tools/server/config_file.h"
#include "tools/server/config_value.h"

namespace lepus::server {

DataDir::~DataDir() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

std::string DataDir::open(const std::string& path) {
  CHECK(lock_fd_ < 0);
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code)
    return fmt::format(
        "cannot make data_dir {}: {}; set data_dir to a directory this user may write", path,
        code.message());
  const std::string lock_path = path + "/lock";
  lock_fd_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_fd_ < 0)
    return fmt::format("cannot write in data_dir {}: {}; give it to this user or set data_dir",
                       path, std::strerror(errno));
  if (flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
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

}  // namespace lepus::server
