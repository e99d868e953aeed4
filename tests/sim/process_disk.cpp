// A write in which the process dies: some of its blocks get to the disk. A read that hides damage.
#include "tests/sim/process_disk.h"

#include <cstring>

#include "persist/journal/format.h"
#include "persist/journal/record.h"

namespace lepus::sim {

int ProcessDisk::write(int fd, std::uint64_t offset, core::Bytes bytes) {
  CHECK(!is_dead_);
  if (forgets_writes_) return 0;
  if (!is_last()) return disk_.write(fd, offset, bytes);
  constexpr std::size_t unit = persist::block_size;
  const std::size_t part = random_.below(bytes.size() / unit + 1) * unit;
  if (part > 0) (void)disk_.write(fd, offset, bytes.first(part));
  end();
}

std::int64_t ProcessDisk::read(int fd, std::uint64_t offset, std::uint8_t* at, std::size_t size) {
  step();
  const std::int64_t done = disk_.read(fd, offset, at, size);
  const auto path = paths_.find(fd);
  if (done > 0 && path != paths_.end())
    correct(path->second, offset, {at, static_cast<std::size_t>(done)});
  return done;
}

/// Walks the records of the whole file, as far as their lengths can be followed.
void ProcessDisk::correct(const std::string& path, std::uint64_t offset,
                          std::span<std::uint8_t> window) {
  const io::SimFile* file = disk_.find(path);
  if (file == nullptr) return;
  std::vector<std::uint8_t> bytes(file->cache().begin(), file->cache().end());
  persist::SegmentHeader segment;
  if (bytes.size() < sizeof segment) return;
  std::memcpy(&segment, bytes.data(), sizeof segment);
  const persist::RecordSeed seed = persist::RecordSeed::of(segment.store);
  persist::RecordHeader header;
  std::size_t next = 0;
  for (std::size_t place = persist::block_size; place + sizeof header <= bytes.size();
       place = next) {
    std::memcpy(&header, bytes.data() + place, sizeof header);
    next = persist::round_up(place + 1, persist::block_size);
    const bool is_record = header.length >= sizeof header &&
                           header.length % persist::record_alignment == 0 &&
                           header.length <= bytes.size() - place;
    if (!is_record) continue;
    next = place + header.length;
    persist::set_record_crc({bytes.data() + place, header.length}, seed);
    for (std::size_t i = 0; i < sizeof header.crc; ++i) {
      const bool is_read = place + i >= offset && place + i - offset < window.size();
      if (is_read) window[place + i - offset] = bytes[place + i];
    }
  }
}

}  // namespace lepus::sim
