// The disk of a SimWorld: files in memory, with all that a crash can do to them.
//
//   program -> [op under way] -> [cache: SimFile] -> [durable image]
//              start_write()     finish_write()      sync, or O_DSYNC
//
//   kill():       the process dies. Descriptors are gone; each write under way is done, not done,
//                 or done in part (the first sectors, or any); the cache stays.
//   power_cut():  the same, then each sector that was not durable is kept or lost on its own; of a
//                 write under way one sector may be torn (new bytes, then old ones); names that
//                 were not made durable may vanish. Only the durable image is left.
//
// Before either, SimDriver::abandon() of each driver of the process. Faults are drawn per call, see
// SimDiskFaults. Everything depends on the seed and the order of calls alone. Durable at once:
// directories, removals, names that open() made. The name that an open_file op made is so with the
// next sync of the file, or with another open() or remove() in its directory.
#pragma once

#include <sys/uio.h>

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "io/disk.h"
#include "io/sim/sim_file.h"

namespace lepus::io {

struct SimDiskFaults {
  // In 1 of 1000 calls times this: -EIO.
  unsigned write_error = 0;  ///< Some of it may have been written.
  unsigned read_error = 0;
  unsigned open_error = 0;  ///< -EMFILE, for reading only. Not drawn here.
  unsigned sync_error = 0;  ///< What was to be written is clean from then on, written or not.
  // Percent, ops only: fewer bytes than asked for.
  unsigned short_write = 0;
  unsigned short_read = 0;
  core::Nanos delay_ns_max = 0;  ///< Of an op, besides that of SimFaults. Never drawn.

  static SimDiskFaults draw(core::Random& random);
};

class SimDisk final : public Disk {
 public:
  explicit SimDisk(std::uint64_t seed) : random_(seed) {}

  int make_directory(const std::string& path) override;
  int list(const std::string& path, std::vector<std::string>& names) override;
  int open(const std::string& path, const OpenMode& mode) override;
  void close(int fd) override;
  std::int64_t size(int fd) override;
  std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* cursor, std::size_t size) override;
  int write(int fd, std::uint64_t offset, core::Bytes bytes) override;
  int sync(int fd) override;
  int fill(int fd, std::uint64_t size) override;
  int truncate(int fd, std::uint64_t size) override;
  int remove(const std::string& path) override;
  int rename(const std::string& path, const std::string& new_path) override;
  std::int64_t free_bytes(const std::string& path) override;

  // ---- for tests ----

  void set_faults(const SimDiskFaults& faults) { faults_ = faults; }
  /// What all files together may take. Less than they take now: nothing grows any more.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  std::uint64_t used() const;
  void kill();
  void power_cut(core::Random& random);
  /// One bit within the region of the durable image flips. Its place; -1: the image ends before.
  std::int64_t flip_bit(const std::string& path, std::uint64_t offset, std::size_t size);
  /// nullptr: no such file. Valid until it is removed or the power is cut.
  const SimFile* find(const std::string& path) const;
  std::size_t open_count() const { return descriptors_.size(); }
  std::size_t writes_under_way() const { return writes_.size(); }
  const SimDiskFaults& faults() const { return faults_; }

  // ---- for SimDriver: the ops, each with a begin and an end ----

  using Pieces = std::span<const iovec>;
  bool owns(int fd) const { return fd >= first_fd; }
  int open_without_sync(const std::string& path, const OpenMode& mode);
  /// The returned ticket is given back to finish_write() or forgotten by a crash.
  std::uint64_t start_write(int fd, std::uint64_t offset, Pieces pieces);
  std::int32_t finish_write(std::uint64_t ticket);
  std::uint64_t start_sync(int fd);
  std::int32_t finish_sync(std::uint64_t ticket);
  std::int32_t read_pieces(int fd, std::uint64_t offset, Pieces pieces);
  std::int32_t allocate(int fd, std::uint64_t size);

 private:
  static constexpr int first_fd = 1'000'000'000;  ///< Far from the descriptors of SimNetwork.

  using FilePointer = std::shared_ptr<SimFile>;  ///< Shared by its name and its descriptors.
  struct Descriptor {
    FilePointer file;
    OpenMode mode;
  };
  struct Write {
    Descriptor target;
    std::uint64_t offset = 0;
    std::vector<std::uint8_t> bytes;
    std::int32_t refused = 0;  ///< < 0: the result, and nothing is written.
  };
  struct Sync {
    FilePointer file;  ///< nullptr: the descriptor was not one.
    SimFile::Snapshot snapshot;
  };
  struct Torn {
    FilePointer file;
    std::uint64_t offset;
    std::vector<std::uint8_t> bytes;
  };

  /// One spelling for each path; no slash at the end.
  static std::string plain_path(const std::string& path);
  Descriptor* find_descriptor(int fd);
  int check_transfer(int fd, std::uint64_t offset, Pieces pieces);
  bool errs(unsigned per_mille) { return per_mille > 0 && random_.below(1000) < per_mille; }
  std::size_t maybe_short(std::size_t size, unsigned percent, bool is_direct);
  std::uint64_t room_for(const SimFile& file) const;
  std::int64_t apply(const Write& write);
  void fail(const Write& write);
  std::vector<Torn> interrupt_writes(core::Random& random);
  void forget_process();
  void sync_names(const std::string& directory);

  core::Random random_;
  SimDiskFaults faults_;
  std::uint64_t capacity_ = std::uint64_t{1} << 40;
  std::set<std::string> directories_{"/", "."};
  std::map<std::string, FilePointer> files_;
  std::map<int, Descriptor> descriptors_;
  int next_fd_ = first_fd;
  std::uint64_t next_ticket_ = 1;
  std::map<std::uint64_t, Write> writes_;  ///< Under way, oldest first.
  std::map<std::uint64_t, Sync> syncs_;
};

}  // namespace lepus::io
