// Keeps what old messages pin of the disk within bounds. Segments die strictly oldest first, so one
// message that nobody acknowledges would keep everything behind it. When the segments in use take
// more than twice what is live in them and some slack, the oldest is read and the records that are
// still needed go to the end of the journal; then it is dead.
//
//   idle -> opening -> open <-> reading -> closing -> idle         one op at a time, a piece a turn
//
//   oldest segment  | header | dead | LIVE | dead ... |   what is live is asked of the broker: the
//                                       |                 message at that queue and position, with
//   open batch      | ... | LIVE again | ...          |   its record at this very place
//
// The record is written from the message in memory where there is one, so also one that the disk
// has damaged since is saved; else from what was read. It names the queues that still hold the
// message, and keeps the time of its arrival.
//
// Why this ends: a round goes up to the segment that was newest when it began. When it is still too
// much then, messages fit their segments badly, and the next round waits for growth. A
// piece waits while the journal has enough to write, unless this falls behind itself: then
// publishers wait (is_late()).
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/broker/ports.h"
#include "io/loop.h"
#include "persist/journal/record.h"

namespace lepus::persist {

class Journal;

class Compactor {
 public:
  Compactor(Journal& journal, io::Loop& loop, core::Log& log);
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

  /// Nothing is moved before.
  void set_record_owner(core::RecordOwner* owner) { owner_ = owner; }
  bool has_record_owner() const { return owner_ != nullptr; }
  /// Once a turn, after what can be written is on its way.
  void turn();
  /// Reads nothing more; what is in flight comes back.
  void stop();
  /// What is in use grows faster than this can help. Never while nothing is being moved: whoever
  /// waited then would wait for ever.
  bool is_late() const { return phase_ != Phase::idle && excess() > 2 * slack(); }
  bool is_idle() const { return phase_ == Phase::idle; }
  std::uint64_t moved_count() const { return moved_count_; }

 private:
  enum class Phase : std::uint8_t { idle, opening, open, reading, closing };

  std::uint64_t slack() const;
  std::uint64_t excess() const;
  bool wants();
  bool is_done() const;
  bool may_read() const;
  void open();
  void on_open(io::Op& op, const io::Completion& completion);
  void read();
  void on_read(io::Op& op, const io::Completion& completion);
  void finish();
  void give_up(const char* why);
  void on_close(io::Op& op, const io::Completion& completion);

  void take(core::Bytes piece);
  std::uint64_t take_record(core::Bytes rest);
  std::uint64_t take_unchecked(core::Bytes rest);
  bool find_holders(const RecordHeader& header, core::Bytes head);
  void drop_repeated_positions();
  Place place_of(const RecordHeader& header) const;
  void move(const RecordHeader& header, core::Bytes head, const std::optional<RecordView>& record);
  void lose(const Place& place);

  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  Journal& journal_;
  io::Loop& loop_;
  core::Log& log_;
  core::RecordOwner* owner_ = nullptr;
  bool is_stopped_ = false;

  Phase phase_ = Phase::idle;
  io::Op op_;
  iovec iov_{};
  std::string path_;
  int fd_ = -1;
  bool is_direct_ = true;
  std::unique_ptr<std::uint8_t, Free> buffer_;
  std::uint64_t capacity_ = 0;
  std::uint64_t begin_ = 0;   ///< Of the piece that is read.
  std::uint64_t offset_ = 0;  ///< Of the next record.
  std::uint64_t wanted_ = 0;  ///< Bytes from begin_ that a record's head needs; 0: a piece.

  std::uint64_t segment_ = 0;        ///< Being read.
  std::uint64_t size_ = 0;           ///< Of its file.
  bool is_sealed_ = false;           ///< The seal was read.
  bool has_given_up_ = false;        ///< Why was said.
  std::uint64_t round_end_ = 0;      ///< This round goes up to here; 0: there is none.
  std::uint64_t resume_above_ = 0;   ///< Excess, after a round that was not enough; else 0.
  std::uint64_t stuck_segment_ = 0;  ///< Something in it is live and was not found.
  core::Nanos stuck_until_ = 0;
  std::uint64_t moved_count_ = 0;               ///< Records.
  std::vector<core::QueuePosition> positions_;  ///< Of the record at hand; kept for its memory.
  core::Message* warm_ = nullptr;               ///< The same, when one of them has it in memory.
  core::MemoryAccount account_;                 ///< Of what is moved from disk to disk.
};

}  // namespace lepus::persist
