// Every field of a journal's headers and records with odd values and right CRCs: whatever recovery
// makes of them, what it believes can be loaded, the journal opens or says why not, and a second
// recovery finds the same.
#include "io/sim/sim_driver.h"
#include "persist/recovery/record_loader.h"
#include "persist/recovery/shard_recovery.h"
#include "tests/unit/persist/journal/journal_world.h"
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist::test {
namespace {

class OddFieldsTest : public RecoveryTest {
 protected:
  OddFieldsTest() {
    SegmentBuilder first(1, 1);
    first.marks_batches = true;
    first.message({{7, 0}, {8, 0}}).message({{7, 1}}).delivered({{7, 1}}).end_batch();
    first.message({{8, 1}}).settle({{8, 0, 0}}).end_batch().seal();
    SegmentBuilder second(2, first.next_sequence());
    second.marks_batches = true;
    second.message({{7, 2}}).end_batch().truncate(1).settle({{7, 0, 1}}).end_batch();
    second.message({{8, 2}}).end_batch();
    original = {first.bytes(), second.bytes()};
  }

  struct Record {
    std::size_t file;
    std::size_t offset;
    std::size_t length;
  };
  std::vector<Record> records() const {
    std::vector<Record> all;
    for (std::size_t file = 0; file < original.size(); ++file) {
      for (std::size_t at = block_size; at + sizeof(RecordHeader) <= original[file].size();) {
        RecordHeader header;
        std::memcpy(&header, original[file].data() + at, sizeof header);
        if (header.length == 0) {
          at = round_up(at + 1, block_size);
          continue;
        }
        all.push_back({file, at, header.length});
        at += header.length;
      }
    }
    return all;
  }

  /// Without indexes: a start would read them in place of the records.
  void restore() {
    std::erase_if(disk.files, [](const auto& file) { return file.first.ends_with(".idx"); });
    for (std::size_t i = 0; i < original.size(); ++i)
      disk.files[segment_file_path(directory, static_cast<std::uint32_t>(i))] = original[i];
  }
  static void repair_record(std::vector<std::uint8_t>& bytes, std::size_t at) {
    RecordHeader header;
    std::memcpy(&header, bytes.data() + at, sizeof header);
    const bool is_possible = header.length >= sizeof header && header.length % 8 == 0 &&
                             header.length <= bytes.size() - at &&
                             header.type >= RecordType::message && header.type <= RecordType::seal;
    if (is_possible)
      set_record_crc({bytes.data() + at, header.length}, RecordSeed::of(SegmentBuilder::store));
  }

  std::vector<std::pair<std::uint64_t, std::uint64_t>> load_all(const RecoveryReport& report) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
    RecordLoader loader(disk, directory, report.files);
    report.queues.for_each_queue([&](std::uint64_t queue) {
      report.queues.for_each(queue, [&](const LiveEntry& entry) {
        EXPECT_EQ(loader.load(entry.message.place).error, "");
        found.emplace_back(queue, entry.sequence);
      });
    });
    return found;
  }

  /// As a start of the broker does it.
  std::string open() {
    io::SimWorld world{1, {}};
    io::SimDriver driver(world);
    io::Loop loop(driver, io::IdlePolicy{io::IdleMode::sleep, 0});
    TextLog log;
    Journal::Parts parts{};
    parts.loop = &loop;
    parts.disk = &disk;
    parts.log = &log;
    parts.directory = directory;
    parts.store = SegmentBuilder::store;
    parts.segment_size = SegmentBuilder::default_size;
    KnownQueues known;
    known.add({.id = core::QueueId{7}});
    known.add({.id = core::QueueId{8}});
    ShardRecovery store(parts);
    std::string error = store.open(known);
    for (const std::uint64_t queue : {7, 8})
      if (error.empty()) (void)store.restore({.id = core::QueueId{queue}});
    return error;
  }

  void judge() {
    RecoveryReport report = run();
    for (const Finding& finding : report.findings) EXPECT_GT(finding.text().size(), 20u);
    const auto found = load_all(report);
    if (report.refused()) {
      EXPECT_NE(open(), "");
      ++refused;
      return;
    }
    ASSERT_EQ(finish_recovery(disk, report.tail), "");
    RecoveryReport again = run();
    EXPECT_FALSE(again.refused());
    EXPECT_EQ(load_all(again), found);
    ++opened;
    (void)open();
  }

  std::vector<std::vector<std::uint8_t>> original;
  int refused = 0;
  int opened = 0;
};

constexpr std::uint64_t odd_values[] = {0,
                                        1,
                                        2,
                                        7,
                                        8,
                                        0x7f,
                                        0xff,
                                        0x7fff'ffff,
                                        0xffff'fff8,
                                        0xffff'ffff,
                                        std::uint64_t{1} << 55,
                                        (std::uint64_t{1} << 56) - 1,
                                        std::uint64_t{200} << 56,
                                        std::uint64_t{1} << 63,
                                        UINT64_MAX - 1,
                                        UINT64_MAX};

TEST_F(OddFieldsTest, OfSegmentHeaders) {
  restore();
  ASSERT_EQ(open(), "");
  for (std::size_t file = 0; file < original.size(); ++file) {
    for (std::size_t field = offsetof(SegmentHeader, version); field < sizeof(SegmentHeader);
         field += 4) {
      for (const std::uint64_t value : odd_values) {
        SCOPED_TRACE(fmt::format("file {} field at {}: {:#x}", file, field, value));
        restore();
        std::vector<std::uint8_t>& bytes = this->file(static_cast<std::uint32_t>(file));
        SegmentHeader header;
        std::memcpy(&header, bytes.data(), sizeof header);
        const std::size_t size = std::min<std::size_t>(8, sizeof header - field);
        std::memcpy(reinterpret_cast<std::uint8_t*>(&header) + field, &value, size);
        put_header(header, bytes);
        judge();
      }
    }
  }
  EXPECT_GT(refused, 50);
  EXPECT_GT(opened, 50);
}

TEST_F(OddFieldsTest, OfRecords) {
  for (const Record& record : records()) {
    for (std::size_t field = 4; field + 4 <= record.length; field += 4) {
      for (const std::uint64_t value : odd_values) {
        SCOPED_TRACE(fmt::format("file {} record at {} field at {}: {:#x}", record.file,
                                 record.offset, field, value));
        restore();
        std::vector<std::uint8_t>& bytes = file(static_cast<std::uint32_t>(record.file));
        const std::size_t size = std::min<std::size_t>(8, record.length - field);
        std::memcpy(bytes.data() + record.offset + field, &value, size);
        repair_record(bytes, record.offset);
        judge();
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(opened, 1000);
}

}  // namespace
}  // namespace lepus::persist::test
