// Any bytes as a journal. The first byte says what is read: a record, or a directory of up to three
// files that hold the rest, as it is or with all CRCs put right. What must hold: nothing is read
// out of range; a record that is accepted has views inside itself; what recovery believes can be
// loaded again; once recovery is finished, a second one finds the same messages.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "io/disk.h"
#include "persist/journal/crc.h"
#include "persist/recovery/record_loader.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {
namespace {

using core::Bytes;

constexpr std::size_t file_count_max = 3;
constexpr std::uint64_t messages_max = 10'000;

/// Files by their index; descriptors are the numbers.
class FuzzDisk final : public io::Disk {
 public:
  std::vector<std::vector<std::uint8_t>> files;

  int make_directory(const std::string&) override { return 0; }
  int list(const std::string&, std::vector<std::string>& names) override {
    for (std::uint32_t i = 0; i < files.size(); ++i) names.push_back(segment_file_name(i));
    return 0;
  }
  int open(const std::string& path, const io::OpenMode&) override {
    const auto index = parse_segment_file_name(path.substr(path.rfind('/') + 1));
    return index && *index < files.size() ? static_cast<int>(*index) : -ENOENT;
  }
  void close(int) override {}
  std::int64_t size(int fd) override { return static_cast<std::int64_t>(file(fd).size()); }
  std::int64_t read(int fd, std::uint64_t offset, std::uint8_t* at, std::size_t size) override {
    const auto& from = file(fd);
    if (offset >= from.size()) return 0;
    const std::size_t count = std::min<std::size_t>(size, from.size() - offset);
    std::memcpy(at, from.data() + offset, count);
    return static_cast<std::int64_t>(count);
  }
  int write(int fd, std::uint64_t offset, Bytes bytes) override {
    CHECK(offset + bytes.size() <= file(fd).size());
    std::memcpy(file(fd).data() + offset, bytes.data(), bytes.size());
    return 0;
  }
  int sync(int) override { return 0; }
  int fill(int, std::uint64_t) override { return 0; }
  int truncate(int fd, std::uint64_t size) override {
    file(fd).resize(size);
    return 0;
  }
  int remove(const std::string&) override { return 0; }
  int rename(const std::string&, const std::string&) override { return 0; }
  std::int64_t free_bytes(const std::string&) override { return 0; }

 private:
  std::vector<std::uint8_t>& file(int fd) { return files.at(static_cast<std::size_t>(fd)); }
};

void check_inside(Bytes part, Bytes whole) {
  if (part.empty()) return;
  CHECK(part.data() >= whole.data());
  CHECK(part.data() + part.size() <= whole.data() + whole.size());
}

void check_record(const RecordView& record) {
  const Bytes whole = record.bytes();
  switch (record.header().type) {
    case RecordType::message:
      check_inside(record.body(), whole);
      check_inside(record.properties(), whole);
      check_inside(core::as_bytes(record.exchange()), whole);
      check_inside(core::as_bytes(record.routing_key()), whole);
      [[fallthrough]];
    case RecordType::delivered:
      for (const QueueRef& at : record.queues())
        check_inside({reinterpret_cast<const std::uint8_t*>(&at), sizeof at}, whole);
      return;
    case RecordType::settle:
      for (const SequenceRange& range : record.ranges()) CHECK(range.first <= range.last);
      return;
    case RecordType::truncate:
      (void)record.log_start();
      return;
    case RecordType::seal:
      CHECK(whole.size() == sizeof(RecordHeader));
      return;
  }
}

/// The record as it is, and again with a right CRC: inputs rarely guess one.
void read_one(Bytes input) {
  std::vector<std::uint64_t> aligned(input.size() / sizeof(std::uint64_t) + 1);
  auto* bytes = reinterpret_cast<std::uint8_t*>(aligned.data());
  if (!input.empty()) std::memcpy(bytes, input.data(), input.size());
  const RecordSeed seed = RecordSeed::of(0);
  const RecordRead read = read_record({bytes, input.size()}, seed);
  if (read.fault == RecordFault::none) check_record(read.record);
  const bool may_be_whole = read.length >= sizeof(RecordHeader) && read.length <= input.size() &&
                            read.length % record_alignment == 0;
  const auto type = may_be_whole ? bytes[offsetof(RecordHeader, type)] : std::uint8_t{0};
  if (type < 1 || type > static_cast<std::uint8_t>(RecordType::seal)) return;
  set_record_crc({bytes, read.length}, seed);
  const RecordRead again = read_record({bytes, input.size()}, seed);
  CHECK(again.fault == RecordFault::none || again.fault == RecordFault::contents);
  if (again.fault == RecordFault::none) check_record(again.record);
}

std::vector<std::uint64_t> load_all(FuzzDisk& disk, const RecoveryReport& report) {
  std::vector<std::uint64_t> found;
  RecordLoader loader(disk, "journal", report.files);
  report.queues.for_each_queue([&](std::uint64_t queue) {
    report.queues.for_each(queue, [&](const LiveEntry& entry) {
      CHECK(loader.load(entry.message.place).error.empty());
      found.push_back(queue);
      found.push_back(entry.sequence);
    });
  });
  return found;
}

/// Right CRCs for whatever looks like a header or a record.
void repair(std::vector<std::uint8_t>& file) {
  SegmentHeader header;
  std::memcpy(&header, file.data(), sizeof header);
  constexpr std::size_t crc_end = offsetof(SegmentHeader, crc) + sizeof header.crc;
  const std::uint32_t crc = crc32c({file.data() + crc_end, sizeof header - crc_end});
  std::memcpy(file.data() + offsetof(SegmentHeader, crc), &crc, sizeof crc);
  for (std::size_t at = block_size; at + sizeof(RecordHeader) <= file.size();) {
    RecordHeader record;
    std::memcpy(&record, file.data() + at, sizeof record);
    const bool fits = record.length >= sizeof record && record.length <= file.size() - at &&
                      record.length % record_alignment == 0;
    const bool is_known = record.type >= RecordType::message && record.type <= RecordType::seal;
    if (fits && is_known)
      set_record_crc({file.data() + at, record.length}, RecordSeed::of(header.store));
    at = fits && is_known ? at + record.length : round_up(at + 1, block_size);
  }
}

void read_files(Bytes input, std::size_t file_count, bool repairs) {
  FuzzDisk disk;
  const std::size_t part = round_up(input.size() / file_count + 1, block_size);
  for (std::size_t i = 0; i < file_count; ++i) {
    std::vector<std::uint8_t> file(part);
    const std::size_t begin = std::min(i * part, input.size());
    const std::size_t size = std::min(part, input.size() - begin);
    if (size > 0) std::memcpy(file.data(), input.data() + begin, size);
    if (repairs) repair(file);
    disk.files.push_back(std::move(file));
  }
  RecoveryReport report = recover(disk, "journal", {});
  for (const Finding& finding : report.findings) CHECK(finding.text().size() > 20);
  if (report.refused() || report.queues.count() > messages_max) return;
  const auto found = load_all(disk, report);
  CHECK(finish_recovery(disk, report.tail).empty());
  const RecoveryReport again = recover(disk, "journal", {});
  CHECK(!again.refused());
  CHECK(again.next_sequence == report.next_sequence || report.tail.segment == 0 ||
        report.tail.end_offset + sizeof(RecordHeader) > report.tail.file_size);
  CHECK(load_all(disk, again) == found);
}

}  // namespace
}  // namespace lepus::persist

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace persist = lepus::persist;
  if (size == 0 || size > 64 << 10) return 0;
  const lepus::core::Bytes rest(data + 1, size - 1);
  const std::size_t kind = data[0] % (2 * persist::file_count_max + 1);
  if (kind == 0)
    persist::read_one(rest);
  else
    persist::read_files(rest, (kind + 1) / 2, kind % 2 == 0);
  return 0;
}
