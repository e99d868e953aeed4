// One file for each record: damage is rare, and a file is easy to look at and to carry away.
#include "persist/journal/compaction/damaged_records.h"

#include <fmt/format.h>

#include <cstring>

#include "core/limits/unreadable.h"

namespace lepus::persist {

DamagedRecords::DamagedRecords(io::Disk& disk, const std::string& shard_directory) : disk_(disk) {
  const std::size_t slash = shard_directory.rfind('/');
  const bool has_parent = slash != std::string::npos;
  directory_ = (has_parent ? shard_directory.substr(0, slash) : ".") + "/damaged-records";
  shard_name_ = has_parent ? shard_directory.substr(slash + 1) : shard_directory;
}

std::string DamagedRecords::keep(const Place& place, core::Bytes record) {
  if (count_ >= core::limits::damaged_records_max)
    return fmt::format("{} damaged records were copied already", count_);
  path_ = fmt::format("{}/{}-segment-{}-offset-{}.record", directory_, shard_name_, place.segment,
                      place.offset);
  if (const int made = disk_.make_directory(directory_); made < 0)
    return fmt::format("cannot make {}: {}", directory_, std::strerror(-made));
  const int fd = disk_.open(path_, {.write = true, .create = true});
  if (fd < 0) return fmt::format("cannot make {}: {}", path_, std::strerror(-fd));
  int code = disk_.write(fd, 0, record);
  if (code == 0) code = disk_.sync(fd);
  disk_.close(fd);
  if (code < 0) return fmt::format("cannot write {}: {}", path_, std::strerror(-code));
  ++count_;
  return {};
}

}  // namespace lepus::persist
