// What a killed process and a power cut leave behind, and bit rot.
#include <algorithm>
#include <array>

#include "io/sim/sim_disk.h"

namespace lepus::io {
namespace {

/// How far a write under way got.
enum class Progress : std::uint8_t { none, all, first_sectors, any_sectors };

/// Pieces of `bytes` that lie in one sector each.
std::vector<std::size_t> sector_starts(std::uint64_t offset, std::size_t size) {
  CHECK(size > 0);
  std::vector<std::size_t> starts;
  std::size_t index = 0;
  while (index < size) {
    starts.push_back(index);
    index += sim_sector_size - (offset + index) % sim_sector_size;
  }
  return starts;
}

}  // namespace

void SimDisk::kill() {
  interrupt_writes(random_);
  forget_process();
}

void SimDisk::power_cut(core::Random& random) {
  const std::vector<Torn> torn = interrupt_writes(random);
  forget_process();
  std::erase_if(files_, [&random](const auto& entry) {
    return !entry.second->name_is_durable() && random.chance(50);
  });
  // Half of the cuts are pure: all that was not durable is there, or none of it.
  constexpr std::array<unsigned, 2> extremes{0, 100};
  const unsigned keep =
      random.chance(50) ? extremes[random.below(2)] : static_cast<unsigned>(random.below(100));
  for (const auto& [name, file] : files_) {
    file->cut_power(random, keep);
    file->set_name_durable();
  }
  for (const Torn& sector : torn) {
    // A file without a name is gone, and nobody has cut its power.
    if (!sector.file->has_dirty()) sector.file->tear(sector.offset, sector.bytes, random);
  }
}

/// Nothing of it is durable yet: a sector that an unfinished write has brought to the disk may
/// still be in the disk's own cache. Returns what may be torn.
std::vector<SimDisk::Torn> SimDisk::interrupt_writes(core::Random& random) {
  std::vector<Torn> torn;
  for (const auto& [ticket, write] : writes_) {
    if (write.refused < 0 || write.bytes.empty()) continue;
    SimFile& file = *write.target.file;
    const std::uint64_t end = write.offset + write.bytes.size();
    if (end > file.size() && end > room_for(file)) continue;
    const std::vector<std::size_t> starts = sector_starts(write.offset, write.bytes.size());
    const auto progress = static_cast<Progress>(random.below(4));
    const std::size_t first_count = random.below(starts.size());
    std::size_t last = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const bool is_done = progress == Progress::all ||
                           (progress == Progress::first_sectors && i < first_count) ||
                           (progress == Progress::any_sectors && random.chance(50));
      if (!is_done) continue;
      const std::size_t next = i + 1 < starts.size() ? starts[i + 1] : write.bytes.size();
      CHECK(next > starts[i]);
      CHECK(next - starts[i] <= sim_sector_size);
      file.write(write.offset + starts[i],
                 core::Bytes(write.bytes).subspan(starts[i], next - starts[i]));
      last = std::min(i + 1, starts.size() - 1);
    }
    if (random.chance(50)) continue;
    const std::size_t next = last + 1 < starts.size() ? starts[last + 1] : write.bytes.size();
    const auto begin = write.bytes.begin();
    torn.push_back({write.target.file,
                    write.offset + starts[last],
                    {begin + static_cast<std::ptrdiff_t>(starts[last]),
                     begin + static_cast<std::ptrdiff_t>(next)}});
  }
  return torn;
}

void SimDisk::forget_process() {
  writes_.clear();
  syncs_.clear();
  descriptors_.clear();
}

std::int64_t SimDisk::flip_bit(const std::string& path, std::uint64_t offset, std::size_t size) {
  CHECK(size > 0);
  const auto found = files_.find(plain_path(path));
  if (found == files_.end()) return -1;
  return found->second->flip_bit(offset, size, random_);
}

}  // namespace lepus::io
