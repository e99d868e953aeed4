// Keeps what old messages pin of the disk within bounds. Segments die strictly oldest first, so one
// message that nobody acknowledges would keep everything behind it. When the segments in use take
// more than twice what is live in them and some slack (compaction_rounds.h), the oldest is read a
// piece a turn (piece_reader.h) and the records that are still needed go to the end of the journal
// (record_mover.h); then it is dead.
//
//   oldest segment  | header | dead | LIVE | dead ... |
//                                       |
//   open batch      | ... | LIVE again | ...          |
//
// A record names the queues that still hold the message then, and keeps the time of its arrival. It
// is written from the message in memory where there is one, so also one that the disk has damaged
// since is saved. A damaged one that is on the disk only is read twice, then its bytes are copied
// (damaged_records.h), and the message leaves its queue. What the disk does not read at all stays,
// and the file with it.
//
// A piece waits while the journal has enough to write, unless this falls behind itself: then
// publishers wait (is_late()).
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/log.h"
#include "core/broker/ports.h"
#include "io/loop.h"
#include "persist/journal/compaction/compaction_rounds.h"
#include "persist/journal/compaction/piece_reader.h"
#include "persist/journal/compaction/record_mover.h"
#include "persist/journal/record.h"
#include "persist/journal/segments/segments.h"

namespace lepus::persist {

class Compactor final : private PieceReader::Client {
 public:
  struct Parts {
    io::Loop* loop;
    io::Disk* disk;
    core::Log* log;
    const Segments* segments;
    MoveTarget* target;
    std::uint64_t segment_size;
    RecordSeed seed;
  };
  explicit Compactor(const Parts& parts);

  /// Nothing is moved before.
  void set_record_owner(core::RecordOwner* owner) { mover_.set_record_owner(owner); }
  bool has_record_owner() const { return mover_.has_record_owner(); }
  /// Once a turn, after what can be written is on its way. Returns true if turn() has something to
  /// do. All before segment `first_undurable` is durable.
  bool wants_turn(std::uint64_t first_undurable);
  /// What the journal has to do in this turn.
  struct Load {
    bool is_stuck = false;                  ///< It cannot write now.
    std::uint64_t pending_bytes = 0;        ///< Recorded and not yet written.
    std::uint64_t room_bytes = UINT64_MAX;  ///< That can be written before the disk is full.
  };
  /// Goes on, unless the journal has enough to do.
  void turn(const Load& load);
  /// Reads nothing more; what is in flight comes back.
  void stop() { rounds_.stop(); }
  /// What is in use grows faster than this can help. Never while nothing is being moved: whoever
  /// waited then would wait for ever.
  bool is_late() const { return !reader_.is_idle() && rounds_.is_late(); }
  bool is_idle() const { return reader_.is_idle(); }
  std::uint64_t moved_count() const { return mover_.moved_count(); }

 private:
  const SegmentTable& table() const { return parts_.segments->table(); }
  bool may_read(const Load& load) const;
  bool is_done() const;
  void open();
  void read();
  void finish();
  void give_up(std::string_view why);
  void on_piece(core::Bytes piece) override;
  void on_read_failed(const char* why) override;

  std::uint64_t take_record(core::Bytes rest);
  std::uint64_t take_unchecked(core::Bytes rest);
  std::uint64_t set_aside(core::Bytes record);
  Place place_of(const RecordHeader& header) const;

  Parts parts_;
  CompactionRounds rounds_;
  PieceReader reader_;
  DamagedRecords damaged_;
  RecordMover mover_;
  std::uint64_t segment_ = 0;         ///< Being read.
  std::uint64_t size_ = 0;            ///< Of its file.
  std::uint64_t offset_ = 0;          ///< Of the next record.
  std::uint64_t wanted_ = 0;          ///< Bytes from its block on that its head needs; 0: a piece.
  std::uint64_t damaged_offset_ = 0;  ///< Of a record that was damaged when it was read; 0: none.
  bool is_sealed_ = false;            ///< The seal was read.
  bool has_given_up_ = false;         ///< Why was said.
};

}  // namespace lepus::persist
