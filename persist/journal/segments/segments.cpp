// Files on their way between the pool, the spare and the table.
#include "persist/journal/segments/segments.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace lepus::persist {

Segments::Segments(Parts parts)
    : parts_(std::move(parts)),
      table_(parts_.directory),
      pool_(parts_, table_),
      spare_(parts_, pool_) {}

std::string Segments::start(Found found) {
  table_.start(std::move(found.in_use), found.next_number);
  pool_.start({std::move(found.free), std::move(found.unused), found.file_count,
               std::move(found.shared)});
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
  for (const Segment& segment : table_.free_before(number)) {
    const FreeFile file{segment.file, segment.size};
    if (holds_files_)
      held_.push_back(file);
    else
      pool_.put(file);
  }
  if (!holds_files_) spare_.try_free_file();
}

void Segments::hold_files() {
  CHECK(!holds_files_);
  CHECK(held_.empty());
  holds_files_ = true;
}

void Segments::release_files(std::span<const std::uint32_t> shared) {
  holds_files_ = false;
  for (const std::uint32_t file : shared) pool_.share(file);
  for (const FreeFile& file : std::exchange(held_, {})) pool_.put(file);
  spare_.try_free_file();
}

}  // namespace lepus::persist
