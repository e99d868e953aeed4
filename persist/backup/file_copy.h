// The bytes of one file into another, for backups: past what cannot be read, which is filled with
// zeros and told.
//
// Blocking. Errors are texts that name the file; "" is none.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "io/disk.h"

namespace lepus::persist {

/// Told of every piece.
class CopyMonitor {
 public:
  CopyMonitor() = default;
  CopyMonitor(const CopyMonitor&) = delete;
  CopyMonitor& operator=(const CopyMonitor&) = delete;
  virtual ~CopyMonitor() = default;
  /// So many bytes more are copied; may wait. Returns false if nothing more is to be copied.
  [[nodiscard]] virtual bool on_copied(std::uint64_t bytes) = 0;
};

/// What a copy stopped by its monitor says.
inline constexpr const char* copy_stopped = "it was stopped";

struct UnreadableBytes {
  std::vector<std::string> places;  ///< "FILE: OFFSET", limits::backup_places_max at most.
  std::uint64_t bytes = 0;
};

class FileCopy {
 public:
  /// All outlive it.
  FileCopy(io::Disk& disk, CopyMonitor& monitor, UnreadableBytes& unreadable);

  struct Order {
    std::string from;
    std::string to;           ///< Must not be there.
    std::uint64_t bytes = 0;  ///< To be copied, from the beginning.
    std::uint64_t size = 0;   ///< Of the new file; what is behind `bytes` is zeros.
  };
  /// The new file is durable, without its name if that was not there.
  [[nodiscard]] std::string copy(const Order& order);

 private:
  int open(const std::string& path, bool writes);
  std::string copy_pieces(const Order& order, int from, int to);
  int read_piece(const Order& order, int from, std::uint64_t offset, std::size_t size);
  int read_block(const Order& order, int from, std::uint64_t offset, std::uint8_t* block);

  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  io::Disk& disk_;
  CopyMonitor& monitor_;
  UnreadableBytes& unreadable_;
  std::unique_ptr<std::uint8_t, Free> piece_;
};

}  // namespace lepus::persist
