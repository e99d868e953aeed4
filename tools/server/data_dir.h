// The directory of a broker's data: made when missing, and held by one broker at a time through
// locks on the directory itself and on the file "lock" in it, which the kernel drops when the
// process ends however it ends. Password hashes and messages are in it: nobody but its owner and
// group may look in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lepus::server {

/// What nobody else may do with what the broker makes: the group may not write, others nothing.
inline constexpr unsigned closed_to_others = 027;

/// The process of the broker that uses this directory; nothing: none does, or it does not say.
std::optional<std::uint64_t> data_dir_owner(const std::string& path);

class DataDir {
 public:
  DataDir() = default;
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  /// "" or what is wrong and what to do. At most once.
  [[nodiscard]] std::string open(const std::string& path);
  /// Of open(): what others could see there, and whether it is repaired.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::string make(const std::string& path);
  std::string lock(const std::string& path);
  void close_to_others(const std::string& path);

  int directory_fd_ = -1;
  int lock_fd_ = -1;
  std::vector<std::string> warnings_;
};

}  // namespace lepus::server
