// Reading ahead for disks that cannot: nothing happens before the answer is wanted.
#include "io/disk.h"

#include <cerrno>

namespace lepus::io {

namespace {

class BlockingReads final : public ReadAhead {
 public:
  explicit BlockingReads(Disk& disk) : disk_(disk) {}

 private:
  void on_start(std::size_t) override {}
  std::int64_t finish(std::size_t slot) override {
    const Read& read = read_of(slot);
    CHECK(read.at != nullptr);
    return disk_.read(read.fd, read.offset, read.at, read.size);
  }

  void forget(std::size_t) override {}

  Disk& disk_;
};

}  // namespace

std::unique_ptr<ReadAhead> Disk::read_ahead() { return std::make_unique<BlockingReads>(*this); }
int Disk::link(const std::string&, const std::string&) { return -EOPNOTSUPP; }
int Disk::clone(const std::string&, const std::string&) { return -EOPNOTSUPP; }
int Disk::link_count(const std::string&) { return 1; }

}  // namespace lepus::io
