// One file of the simulated disk: what readers see (the cache) and what a power cut leaves (the
// durable image).
//
//   write()  -> cache, its sectors dirty            flush(): sectors -> durable image (O_DSYNC)
//   snapshot() ... settle_sync(): what was dirty then -> durable image, clean
//                  fail_sync():   some of it, if any -> durable image, all of it clean all the same
//
// A sector is clean (cache = durable image), dirty (to be written) or stale: clean in the eyes of
// the kernel after a failed sync, but never written. A stale sector reads as if nothing had
// happened, except directly (O_DIRECT asks the disk), and no later sync writes it.
//
// A sync takes time: what is written meanwhile is not part of it. Versions keep a sync that ends
// late from putting old bytes over newer ones that another one has made durable.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/random.h"

namespace lepus::io {

/// What the disk writes as a whole or not at all, but for one that a power cut tears.
constexpr std::size_t sim_sector_size = 512;

class SimFile {
 public:
  /// What a sync that starts now has to write.
  struct Snapshot {
    struct Sector {
      std::uint64_t version = 0;
      std::vector<std::uint8_t> bytes;
    };
    std::uint64_t size = 0;
    std::uint64_t size_version = 0;
    std::map<std::uint64_t, Sector> sectors;  ///< By number.
  };

  std::uint64_t size() const { return cache_.size(); }
  core::Bytes cache() const { return cache_; }
  core::Bytes durable() const { return durable_; }
  bool has_dirty() const { return !dirty_.empty() || size_version_ != durable_size_version_; }
  /// The name in its directory survives a power cut.
  bool name_is_durable() const { return name_is_durable_; }
  void set_name_durable() { name_is_durable_ = true; }

  /// Bytes read: fewer than asked for at the end of the file.
  std::size_t read(std::uint64_t offset, std::uint8_t* cursor, std::size_t size) const;
  /// The same past the cache.
  std::size_t read_direct(std::uint64_t offset, std::uint8_t* cursor, std::size_t size) const;
  void write(std::uint64_t offset, core::Bytes bytes);
  void resize(std::uint64_t size);
  /// What was written there is durable.
  void flush(std::uint64_t offset, std::size_t size);

  Snapshot snapshot() const;
  void settle_sync(const Snapshot& snapshot);
  void fail_sync(const Snapshot& snapshot, core::Random& random);

  /// Each dirty sector is kept in `keep` of 100 cases; then only the durable image is left.
  void cut_power(core::Random& random, unsigned keep);
  /// A sector that was being written when the power went: new bytes up to some point, old ones
  /// behind it. `bytes` lie within one sector. Only after cut_power().
  void tear(std::uint64_t offset, core::Bytes bytes, core::Random& random);
  /// Turns one bit of the durable image and of the cache where it is clean. The place; -1: the
  /// image does not reach that far.
  std::int64_t flip_bit(std::uint64_t offset, std::size_t size, core::Random& random);

 private:
  void check_invariants() const;
  void mark_dirty(std::uint64_t offset, std::uint64_t size);
  std::vector<std::uint8_t> cached_sector(std::uint64_t sector) const;
  void store_durable(std::uint64_t sector, const Snapshot::Sector& content);
  void store_durable_size(std::uint64_t size, std::uint64_t version);
  /// Not when it was written again since `version`. True: it was dirty.
  bool mark_clean(std::uint64_t sector, std::uint64_t version);

  std::vector<std::uint8_t> cache_;
  std::vector<std::uint8_t> durable_;
  std::uint64_t version_ = 0;  ///< Of the last change.
  std::uint64_t size_version_ = 0;
  std::uint64_t durable_size_version_ = 0;
  /// Sector number -> version of its last write. No sector is in stale_ as well.
  std::map<std::uint64_t, std::uint64_t> dirty_;
  std::map<std::uint64_t, std::uint64_t> written_;  ///< The same of what the durable image holds.
  std::set<std::uint64_t> stale_;
  bool name_is_durable_ = false;
};

}  // namespace lepus::io
