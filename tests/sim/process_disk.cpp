// A write in which the process dies: some of its blocks get to the disk.
#include "tests/sim/process_disk.h"

namespace lepus::sim {

namespace {
constexpr std::size_t block_size = 4096;
}

int ProcessDisk::write(int fd, std::uint64_t offset, core::Bytes bytes) {
  CHECK(!is_dead_);
  if (forgets_writes_) return 0;
  if (!is_last()) return disk_.write(fd, offset, bytes);
  const std::size_t part = random_.below(bytes.size() / block_size + 1) * block_size;
  if (part > 0) (void)disk_.write(fd, offset, bytes.first(part));
  end();
}

}  // namespace lepus::sim
