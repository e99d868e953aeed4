// What the service manager hears while the journals are read, which may take minutes.
#pragma once

#include <cstdint>
#include <future>
#include <string>

#include "tools/server/service/service_manager.h"
#include "tools/server/service/watched_disk.h"

namespace lepus::server {

class StartProgress {
 public:
  /// Both outlive it.
  StartProgress(const ServiceManager& manager, const WatchedDisk& disk, const std::string& data_dir)
      : manager_(manager), disk_(disk), total_(bytes_below(data_dir + "/journal")) {}

  /// Blocks until the outcome is there, and returns it. The manager is asked for more time as long
  /// as something is read.
  std::string wait_for(std::future<std::string>& outcome) const;

 private:
  const ServiceManager& manager_;
  const WatchedDisk& disk_;
  std::uint64_t total_;
};

}  // namespace lepus::server
