// The table of what a journal may look like when it is opened, and what is done about it. Code that
// decides names its case; a Finding in the report carries it; docs/FORMAT.md explains the format
// around it.
//
// Severity: normal (nothing is said), note, warning (unexpected, nothing confirmed is lost), loss
// (confirmed messages or acknowledgements may be lost; the broker starts and says so), refused (the
// broker must not start: going on would destroy what a person could still save).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.h"

namespace lepus::persist {

enum class RecoveryCase : std::uint8_t {
  no_directory,
  empty_directory,
  unused_file,
  stale_segment,
  torn_header,
  lost_header,
  foreign_file,
  other_version,
  other_store,
  other_shard,
  same_number_twice,
  impossible_number,
  unreadable_file,
  unreadable_block,
  short_file,
  missing_segment,
  truncated_and_reused,
  clean_tail,
  torn_tail,
  hole_in_tail,
  torn_batch,
  cut_batch,
  damaged_newest,
  sealed_newest,
  damaged_sealed,
  missing_seal,
  moved_message,
  shards_changed,
  unusable_index,
  wrong_index,
};

enum class Severity : std::uint8_t { normal, note, warning, loss, refused };
std::string_view text_of(Severity severity);

struct CaseRow {
  RecoveryCase which;
  std::string_view name;
  Severity severity;
  std::string_view found;
  std::string_view decision;
  std::string_view why;
};

constexpr std::array recovery_cases{
    CaseRow{RecoveryCase::no_directory, "no_directory", Severity::normal,
            "the shard's directory does not exist", "begin with segment 1",
            "the first start of this shard"},
    CaseRow{RecoveryCase::empty_directory, "empty_directory", Severity::normal,
            "no file holds a segment", "begin with segment 1",
            "the first start, or one that ended before anything was accepted"},
    CaseRow{RecoveryCase::unused_file, "unused_file", Severity::normal,
            "a file whose first block is zero or missing", "a free file",
            "files are filled before their first use; nothing can have been accepted into one "
            "without a header"},
    CaseRow{RecoveryCase::stale_segment, "stale_segment", Severity::normal,
            "a valid header with a number below the newest log_start", "a free file",
            "log_start is written after everything older was settled or moved forward"},
    CaseRow{RecoveryCase::torn_header, "torn_header", Severity::note,
            "a damaged header, and no record that is part of the journal's present", "a free file",
            "the header is durable before the first record is written, so no record was accepted "
            "behind it"},
    CaseRow{RecoveryCase::lost_header, "lost_header", Severity::loss,
            "a damaged header before records of the journal's present",
            "the file is kept aside and never used again; its records are not replayed",
            "the number is gone, so its place in the order is a guess; a person may still look at "
            "the records"},
    CaseRow{RecoveryCase::foreign_file, "foreign_file", Severity::note,
            "a name that is not <6 digits>.seg", "ignored", "it is not ours to judge or to remove"},
    CaseRow{RecoveryCase::other_version, "other_version", Severity::refused,
            "a header with another format version", "refuse to start",
            "a program must not reuse files whose records it cannot read"},
    CaseRow{RecoveryCase::other_store, "other_store", Severity::refused,
            "a header of another data directory", "refuse to start",
            "files were mixed up; both directories would be wrong"},
    CaseRow{RecoveryCase::other_shard, "other_shard", Severity::refused,
            "a header of another shard", "refuse to start",
            "files were mixed up; the other shard misses this one"},
    CaseRow{RecoveryCase::same_number_twice, "same_number_twice", Severity::refused,
            "two files claim the same segment", "refuse to start",
            "a copy was put there by hand; which one is older cannot be told"},
    CaseRow{RecoveryCase::impossible_number, "impossible_number", Severity::refused,
            "a segment number far above all others, or at the end of its range", "refuse to start",
            "numbers grow by one: somebody put the file there, and what lies between would have to "
            "be made up"},
    CaseRow{RecoveryCase::unreadable_file, "unreadable_file", Severity::refused,
            "a file that cannot be opened, or whose header cannot be read", "refuse to start",
            "permissions or a dying disk: what is in it may be needed and may still be saved"},
    CaseRow{RecoveryCase::unreadable_block, "unreadable_block", Severity::refused,
            "the disk fails to read a block of the newest segment", "refuse to start",
            "the end of the journal cannot be told from a fault of the disk; in an older segment "
            "the block counts as damaged_sealed"},
    CaseRow{RecoveryCase::short_file, "short_file", Severity::warning,
            "a file shorter than its header says", "read as far as it goes",
            "a copy that was cut off; what is missing shows up as damage"},
    CaseRow{RecoveryCase::missing_segment, "missing_segment", Severity::loss,
            "a number between the oldest live and the newest segment that no file has",
            "go on with the others",
            "messages around the hole are good; settles in the hole are lost with it, so messages "
            "may come back"},
    CaseRow{
        RecoveryCase::truncated_and_reused, "truncated_and_reused", Severity::normal,
        "a missing or damaged segment, but a later truncate record says that it is dead",
        "nothing is missing",
        "files are used again as soon as the truncate record is durable; the header that says so "
        "comes with the next segment only"},
    CaseRow{RecoveryCase::clean_tail, "clean_tail", Severity::normal,
            "the newest segment ends in zeros or in records of an older use",
            "the journal ends there; the tail is copied to a new file and sealed",
            "the process died between two batches"},
    CaseRow{RecoveryCase::torn_tail, "torn_tail", Severity::note,
            "the newest segment ends in bytes that are no record",
            "the journal ends before them; the tail is copied to a new file and sealed",
            "the last batch was under way: nothing in it was confirmed. An older use of the file "
            "can look the same"},
    CaseRow{RecoveryCase::hole_in_tail, "hole_in_tail", Severity::note,
            "behind the end of the newest segment there are later records of the same batch",
            "dropped with the batch",
            "the disk wrote the blocks of one batch in another order; no later batch was begun"},
    CaseRow{RecoveryCase::torn_batch, "torn_batch", Severity::note,
            "the last batch of the newest segment has no last record",
            "the whole batch is dropped, also its part in the segment before",
            "a batch is a turn of the shard: all of it or nothing"},
    CaseRow{RecoveryCase::cut_batch, "cut_batch", Severity::normal,
            "a batch that has no last record, and behind it a new one begins",
            "its records are dropped and counted",
            "it was the torn_batch of an earlier start; parts of it stay in older segments"},
    CaseRow{RecoveryCase::damaged_newest, "damaged_newest", Severity::loss,
            "no valid record in the newest segment, but a later batch follows", "as damaged_sealed",
            "a later batch was only begun when this one was durable"},
    CaseRow{RecoveryCase::sealed_newest, "sealed_newest", Severity::normal,
            "the newest segment is sealed", "its bytes are copied to a new file all the same",
            "the process died before the next segment began; the seal may not be durable yet"},
    CaseRow{RecoveryCase::damaged_sealed, "damaged_sealed", Severity::loss,
            "no valid record where an older segment must have one",
            "the range is set aside and counted; the scan goes on at the next block with a later "
            "record",
            "it was durable once: this is a fault of the disk, not of a crash"},
    CaseRow{RecoveryCase::missing_seal, "missing_seal", Severity::loss,
            "an older segment ends without a seal although there is room for one",
            "as damaged_sealed, up to the end of the file",
            "a segment is sealed before the next begins"},
    CaseRow{RecoveryCase::moved_message, "moved_message", Severity::normal,
            "a second record for the same position of a queue", "the later one counts",
            "live messages of old segments are written again at the end so that the old segments "
            "become free"},
    CaseRow{RecoveryCase::shards_changed, "shards_changed", Severity::note,
            "directories of shards that the broker has no longer", "their queues are taken over",
            "the number of shards follows the machine"},
    CaseRow{RecoveryCase::unusable_index, "unusable_index", Severity::normal,
            "an index that is damaged, cut off or of an older use of its file",
            "the segment itself is read, and its index written anew",
            "an index is advice: it is not synced, and a file keeps its old one while it is used "
            "again"},
    CaseRow{RecoveryCase::wrong_index, "wrong_index", Severity::warning,
            "an index that does not say what its segment says (only lepus-journal verify compares "
            "them)",
            "nothing is changed; once the index is removed, the next start reads the segment",
            "a start believes the index: its CRC is right"},
};

/// The table is complete and in the order of the enum.
constexpr bool recovery_cases_in_order() {
  for (std::size_t i = 0; i < recovery_cases.size(); ++i)
    if (static_cast<std::size_t>(recovery_cases[i].which) != i) return false;
  return recovery_cases.size() == static_cast<std::size_t>(RecoveryCase::wrong_index) + 1;
}
static_assert(recovery_cases_in_order());

constexpr const CaseRow& row_of(RecoveryCase which) {
  return recovery_cases[static_cast<std::size_t>(which)];
}

/// One case that was met.
struct Finding {
  RecoveryCase which;
  std::string file;           ///< Its name, or the directory's; empty when no file is concerned.
  std::uint64_t segment = 0;  ///< 0: none is concerned.
  std::uint64_t offset = 0;   ///< In the file.
  std::uint64_t size = 0;     ///< Bytes concerned.
  std::uint64_t records_lost = 0;
  std::string detail;

  std::string_view name() const { return row_of(which).name; }
  Severity severity() const { return row_of(which).severity; }
  /// One line for a log or a terminal.
  std::string text() const;
};

}  // namespace lepus::persist
