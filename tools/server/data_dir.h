// The directory of a broker's data: made when missing, and held by one broker at a time through a
// lock on the file "lock" in it, which the kernel drops when the process ends however it ends.
#pragma once

#include <string>

namespace lepus::server {

class DataDir {
 public:
  DataDir() = default;
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  /// "" or what is wrong and what to do. At most once.
  [[nodiscard]] std::string open(const std::string& path);

 private:
  int lock_fd_ = -1;
};

}  // namespace lepus::server
