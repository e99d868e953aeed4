// Files on their way between the pool, the spare and the table.
#include "persist/journal/segments/segments.h"

#include <algorithm>
#include <utility>

namespace lepus::persist {

Segments::Segments(Parts parts)
    : parts_(std::move(parts)),
      table_(parts_.directory),
      pool_(parts_, table_),
      spare_(parts_, pool_) {}

std::string Segments::start(Found found) {
  table_.start(std::move(found.in_use), found.next_number);
  pool_.start({std::move(found.free), std::move(found.unused), found.file_count});
  return spare_.start();
}

int Segments::begin(std::uint64_t number, std::uint64_t size_min) {
  const SpareFile::Opened spare = spare_.take();
  const std::uint64_t size = std::max(spare.file.size, size_min);
  table_.set_file(number, spare.file.number, size);
  pool_.add_disk_bytes(size - spare.file.size);
  return spare.fd;
}

void Segments::free_before(std::uint64_t number) {
  for (const Segment& segment : table_.free_before(number)) pool_.put({segment.file, segment.size});
  spare_.try_free_file();
}

}  // namespace lepus::persist
