// A start writes the catalog and the names of its files before it serves anybody.
#include "tools/server/service/exit_codes.h"

#include <cstdint>

#include "core/limits/service.h"
#include "io/kernel_disk.h"

namespace lepus::server {

int failure_code(const ServerConfig& config) {
  const std::int64_t free = io::KernelDisk{}.free_bytes(config.data_dir);
  return free >= 0 && free < core::limits::start_space_min ? exit_disk_full : exit_failed;
}

}  // namespace lepus::server
