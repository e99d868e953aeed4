// A write in which the process dies: some of its blocks get to the disk. A read that hides damage.
#include "tests/sim/process_disk.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "persist/journal/format.h"
#include "persist/journal/record.h"
#include "tests/sim/saboteur_index.h"

namespace lepus::sim {

int ProcessDisk::write(int fd, std::uint64_t offset, core::Bytes bytes) {
  CHECK(!is_dead_);
  if (forgets_writes_) return 0;
  std::optional<std::vector<std::uint8_t>> early;
  if (makes(Mistake::early_index, fd))
    early = saboteur_->early_indexes().early(paths_.at(fd), bytes);
  if (early) {
    saboteur_->strike();
    bytes = *early;
  }
  if (!is_last()) return disk_.write(fd, offset, bytes);
  constexpr std::size_t unit = persist::block_size;
  const std::size_t part = random_.below(bytes.size() / unit + 1) * unit;
  if (part < bytes.size()) interrupted_ = {paths_.at(fd), offset + part};
  if (part > 0) (void)disk_.write(fd, offset, bytes.first(part));
  end();
}

std::int64_t ProcessDisk::read(int fd, std::uint64_t offset, std::uint8_t* at, std::size_t size) {
  step();
  if (makes(Mistake::forget_index_settle, fd)) return read_index(fd, {at, size});
  const std::int64_t done = disk_.read(fd, offset, at, size);
  const auto path = paths_.find(fd);
  if (done > 0 && hides_damage_ && path != paths_.end())
    correct(path->second, offset, {at, static_cast<std::size_t>(done)});
  return done;
}

/// The whole of an index, as far as there is room; zeros behind it.
std::int64_t ProcessDisk::read_index(int fd, std::span<std::uint8_t> window) {
  std::vector<std::uint8_t> bytes(window.size());
  const std::int64_t done = disk_.read(fd, 0, bytes.data(), bytes.size());
  if (done < 0) return done;
  if (const auto changed = without_a_settle(bytes, random_);
      changed && changed->size() <= bytes.size()) {
    saboteur_->strike();
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    std::copy(changed->begin(), changed->end(), bytes.begin());
  }
  std::memcpy(window.data(), bytes.data(), bytes.size());
  return static_cast<std::int64_t>(bytes.size());
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
