// Sectors between cache and durable image. The last sector of a file may be cut short by its size.
#include "io/sim/sim_file.h"

#include <algorithm>
#include <cstring>

namespace lepus::io {
namespace {

constexpr std::uint64_t sector_of(std::uint64_t offset) { return offset / sim_sector_size; }

/// Half of the failed syncs wrote nothing, the others some sectors.
constexpr unsigned failed_sync_writes = 50;

}  // namespace

std::size_t SimFile::read(std::uint64_t offset, std::uint8_t* cursor, std::size_t size) const {
  if (offset >= cache_.size()) return 0;
  const std::size_t part = std::min<std::uint64_t>(size, cache_.size() - offset);
  if (part > 0) std::memcpy(cursor, cache_.data() + offset, part);
  return part;
}

std::size_t SimFile::read_direct(std::uint64_t offset, std::uint8_t* cursor,
                                 std::size_t size) const {
  const std::size_t part = read(offset, cursor, size);
  for (const std::uint64_t sector : stale_) {
    const std::uint64_t begin = std::max(offset, sector * sim_sector_size);
    const std::uint64_t end = std::min(offset + part, (sector + 1) * sim_sector_size);
    for (std::uint64_t i = begin; i < end; ++i) {
      cursor[i - offset] = i < durable_.size() ? durable_[i] : std::uint8_t{0};
    }
  }
  return part;
}

void SimFile::write(std::uint64_t offset, core::Bytes bytes) {
  if (bytes.empty()) return;
  const std::uint64_t end = offset + bytes.size();
  if (end > cache_.size()) resize(end);
  std::memcpy(cache_.data() + offset, bytes.data(), bytes.size());
  mark_dirty(offset, bytes.size());
  check_invariants();
}

void SimFile::resize(std::uint64_t size) {
  const std::uint64_t before = cache_.size();
  if (size == before) return;
  cache_.resize(size, 0);
  size_version_ = ++version_;
  if (size > before) {
    // Zeros, whatever the durable image has there from before a truncation.
    mark_dirty(before, size - before);
    return;
  }
  const std::uint64_t first_beyond = sector_of(size + sim_sector_size - 1);
  dirty_.erase(dirty_.lower_bound(first_beyond), dirty_.end());
  stale_.erase(stale_.lower_bound(first_beyond), stale_.end());
  check_invariants();
}

void SimFile::mark_dirty(std::uint64_t offset, std::uint64_t size) {
  CHECK(size > 0);
  CHECK(offset + size <= cache_.size());
  ++version_;
  for (std::uint64_t sector = sector_of(offset); sector <= sector_of(offset + size - 1); ++sector) {
    dirty_[sector] = version_;
    stale_.erase(sector);
  }
}

void SimFile::check_invariants() const {
  CHECK(size_version_ <= version_);
  CHECK(durable_size_version_ <= size_version_);
  CHECK(size_version_ != durable_size_version_ || cache_.size() == durable_.size());
  for (const auto& [sector, version] : dirty_) {
    CHECK(version <= version_);
    CHECK(sector * sim_sector_size < cache_.size());
    CHECK(!stale_.contains(sector));
  }
  for (const std::uint64_t sector : stale_) CHECK(sector * sim_sector_size < cache_.size());
}

std::vector<std::uint8_t> SimFile::cached_sector(std::uint64_t sector) const {
  const std::uint64_t begin = std::min<std::uint64_t>(sector * sim_sector_size, cache_.size());
  const std::uint64_t end = std::min<std::uint64_t>(begin + sim_sector_size, cache_.size());
  return {cache_.begin() + static_cast<std::ptrdiff_t>(begin),
          cache_.begin() + static_cast<std::ptrdiff_t>(end)};
}

void SimFile::store_durable(std::uint64_t sector, const Snapshot::Sector& content) {
  CHECK(content.bytes.size() <= sim_sector_size);
  std::uint64_t& version = written_[sector];
  if (content.version < version) return;
  version = content.version;
  const std::uint64_t begin = sector * sim_sector_size;
  if (begin >= durable_.size()) return;
  const std::size_t part = std::min<std::uint64_t>(content.bytes.size(), durable_.size() - begin);
  if (part > 0) std::memcpy(durable_.data() + begin, content.bytes.data(), part);
}

void SimFile::store_durable_size(std::uint64_t size, std::uint64_t version) {
  if (version < durable_size_version_) return;
  durable_size_version_ = version;
  durable_.resize(size, 0);
}

void SimFile::flush(std::uint64_t offset, std::size_t size) {
  CHECK(size > 0);
  CHECK(offset + size <= cache_.size());
  // A file has one size: when any of it must be found again, all of it is.
  if (offset + size > durable_.size()) store_durable_size(cache_.size(), size_version_);
  const std::uint64_t last = sector_of(offset + size - 1);
  auto found = dirty_.lower_bound(sector_of(offset));
  while (found != dirty_.end() && found->first <= last) {
    store_durable(found->first, {found->second, cached_sector(found->first)});
    found = dirty_.erase(found);
  }
  check_invariants();
}

// ---- sync ----

SimFile::Snapshot SimFile::snapshot() const {
  Snapshot snapshot{cache_.size(), size_version_, {}};
  for (const auto& [sector, version] : dirty_) {
    snapshot.sectors.emplace(sector, Snapshot::Sector{version, cached_sector(sector)});
  }
  return snapshot;
}

void SimFile::settle_sync(const Snapshot& snapshot) {
  store_durable_size(snapshot.size, snapshot.size_version);
  for (const auto& [sector, content] : snapshot.sectors) {
    store_durable(sector, content);
    mark_clean(sector, content.version);
  }
  check_invariants();
}

void SimFile::fail_sync(const Snapshot& snapshot, core::Random& random) {
  const bool writes_some = random.chance(failed_sync_writes);
  for (const auto& [sector, content] : snapshot.sectors) {
    const bool writes = writes_some && random.chance(50);
    if (writes) store_durable(sector, content);
    if (mark_clean(sector, content.version) && !writes) stale_.insert(sector);
  }
  check_invariants();
}

bool SimFile::mark_clean(std::uint64_t sector, std::uint64_t version) {
  const auto found = dirty_.find(sector);
  if (found == dirty_.end()) return false;
  CHECK(found->second >= version);
  if (found->second > version) return false;
  dirty_.erase(found);
  return true;
}

// ---- what tests do to it ----

void SimFile::cut_power(core::Random& random, unsigned keep) {
  CHECK(keep <= 100);
  if (size_version_ != durable_size_version_ && random.chance(keep)) {
    store_durable_size(cache_.size(), size_version_);
  }
  for (const auto& [sector, version] : dirty_) {
    if (random.chance(keep)) store_durable(sector, {version, cached_sector(sector)});
  }
  dirty_.clear();
  stale_.clear();
  written_.clear();
  size_version_ = durable_size_version_ = version_;
  cache_ = durable_;
  check_invariants();
}

void SimFile::tear(std::uint64_t offset, core::Bytes bytes, core::Random& random) {
  CHECK(!has_dirty());
  CHECK(!bytes.empty());
  CHECK(sector_of(offset) == sector_of(offset + bytes.size() - 1));
  if (offset >= durable_.size()) return;
  const std::size_t room = std::min<std::uint64_t>(bytes.size(), durable_.size() - offset);
  const std::size_t part = random.below(room + 1);
  if (part > 0) std::memcpy(durable_.data() + offset, bytes.data(), part);
  cache_ = durable_;
}

std::int64_t SimFile::flip_bit(std::uint64_t offset, std::size_t size, core::Random& random) {
  CHECK(size > 0);
  const std::uint64_t end = std::min<std::uint64_t>(offset + size, durable_.size());
  if (offset >= end) return -1;
  const std::uint64_t place = offset + random.below(end - offset);
  const auto bit = static_cast<std::uint8_t>(1U << random.below(8));
  durable_[place] = static_cast<std::uint8_t>(durable_[place] ^ bit);
  const bool is_clean = !dirty_.contains(sector_of(place)) && !stale_.contains(sector_of(place));
  if (is_clean && place < cache_.size()) {
    cache_[place] = static_cast<std::uint8_t>(cache_[place] ^ bit);
  }
  return static_cast<std::int64_t>(place);
}

}  // namespace lepus::io
