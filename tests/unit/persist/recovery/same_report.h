// Whether two recoveries of one journal came to the same.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "persist/recovery/recovery.h"

namespace lepus::persist {

inline std::string text_of_queues(const RecoveryReport& report) {
  std::string text;
  report.queues.for_each_queue([&](std::uint64_t queue) {
    for (const RecoveredLevel& level : report.queues.levels(queue))
      text += fmt::format("queue {} level {:x}-{:x} mark {:x}\n", queue, level.first_sequence,
                          level.next_sequence, level.delivered_below);
    report.queues.for_each(queue, [&](const LiveEntry& entry) {
      const LiveMessage& message = entry.message;
      text += fmt::format("  {:x} at {}/{}+{} {} {} {} {}\n", entry.sequence, message.place.segment,
                          message.place.offset, message.place.size, message.body_size,
                          message.enqueued_ms, message.ttl_ms, entry.redelivered);
    });
  });
  return text;
}

/// What `index` says of an index is not compared: findings about indexes, and which file has one.
inline void expect_same_report(const RecoveryReport& left, const RecoveryReport& right) {
  EXPECT_EQ(text_of_queues(left), text_of_queues(right));
  EXPECT_EQ(left.counters.records, right.counters.records);
  EXPECT_EQ(left.counters.bytes_read, right.counters.bytes_read);
  EXPECT_EQ(left.counters.records_dropped, right.counters.records_dropped);
  EXPECT_EQ(left.counters.records_lost, right.counters.records_lost);
  EXPECT_EQ(left.log_start, right.log_start);
  EXPECT_EQ(left.next_segment, right.next_segment);
  EXPECT_EQ(left.next_sequence, right.next_sequence);
  EXPECT_EQ(left.tail.end_offset, right.tail.end_offset);
  EXPECT_EQ(left.tail.next_sequence, right.tail.next_sequence);
  EXPECT_EQ(left.tail.sealed, right.tail.sealed);
  const auto findings = [](const RecoveryReport& report) {
    std::string text;
    for (const Finding& finding : report.findings)
      if (finding.which != RecoveryCase::unusable_index) text += finding.text() + "\n";
    return text;
  };
  EXPECT_EQ(findings(left), findings(right));
  ASSERT_EQ(left.files.size(), right.files.size());
  for (std::size_t i = 0; i < left.files.size(); ++i) {
    EXPECT_EQ(left.files[i].state, right.files[i].state);
    EXPECT_EQ(left.files[i].live_bytes, right.files[i].live_bytes);
    EXPECT_EQ(left.files[i].used_bytes, right.files[i].used_bytes);
  }
}

}  // namespace lepus::persist
