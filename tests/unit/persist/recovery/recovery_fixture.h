// A shard's journal in memory and what recovery makes of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/limits.h"
#include "persist/journal/crc.h"
#include "persist/recovery/recovery.h"
#include "tests/unit/persist/memory_disk.h"
#include "tests/unit/persist/recovery/journal_builder.h"

namespace lepus::persist {

using Sequences = std::vector<std::uint64_t>;

class RecoveryTest : public ::testing::Test {
 protected:
  static constexpr const char* directory = "data/journal/shard-0";

  void put(std::uint32_t index, const SegmentBuilder& segment) {
    disk.files[segment_file_path(directory, index)] = segment.bytes();
  }
  std::vector<std::uint8_t>& file(std::uint32_t index) {
    return disk.files.at(segment_file_path(directory, index));
  }
  /// As it is, also with numbers that the journal never writes.
  static void put_header(SegmentHeader header, std::vector<std::uint8_t>& bytes) {
    constexpr std::size_t crc_end = offsetof(SegmentHeader, crc) + sizeof header.crc;
    header.crc =
        crc32c({reinterpret_cast<const std::uint8_t*>(&header) + crc_end, sizeof header - crc_end});
    std::memcpy(bytes.data(), &header, sizeof header);
  }
  RecoveryReport run() {
    RecoveryReport report = recover(disk, directory, {.shard = 0, .store = SegmentBuilder::store});
    EXPECT_EQ(disk.open_count, 0);
    return report;
  }
  static std::size_t times(const RecoveryReport& report, RecoveryCase which) {
    std::size_t count = 0;
    for (const Finding& finding : report.findings) count += finding.which == which ? 1 : 0;
    return count;
  }
  static const Finding& only(const RecoveryReport& report, RecoveryCase which) {
    EXPECT_EQ(times(report, which), 1u);
    for (const Finding& finding : report.findings)
      if (finding.which == which) return finding;
    return report.findings.at(0);
  }
  static std::vector<std::uint64_t> live(const RecoveryReport& report, std::uint64_t queue) {
    std::vector<std::uint64_t> sequences;
    report.queues.for_each(queue,
                           [&](const LiveEntry& entry) { sequences.push_back(entry.sequence); });
    return sequences;
  }

  MemoryDisk disk;
};

}  // namespace lepus::persist
