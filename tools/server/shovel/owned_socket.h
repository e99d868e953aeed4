// A connected socket on its way to whoever makes a stream of it; closed when nobody does.
#pragma once

#include <unistd.h>

#include <utility>

namespace lepus::server {

class OwnedSocket {
 public:
  OwnedSocket() = default;
  explicit OwnedSocket(int fd) : fd_(fd) {}
  OwnedSocket(OwnedSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedSocket& operator=(OwnedSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedSocket() {
    if (fd_ >= 0) (void)::close(fd_);
  }

  bool is_connected() const { return fd_ >= 0; }
  /// The caller owns it from now on.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace lepus::server
