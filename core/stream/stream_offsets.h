// Where the named consumers of a stream stand, kept in the stream's own journal (consumers with
// x-stream-automatic-offset-tracking, named by their tag; LavinMQ's argument).
//
// Each position is a record like a message, whose routing key is the name and whose body is the
// offset, in a line of positions of its own beside the messages (priority level 1, which a stream
// has no other use for). A later one takes the place of the earlier one in the same batch of the
// message log, so after a crash there is one of them. Compaction and recovery treat it as any
// message.
//
// After a restart only places are known: the records are read when somebody asks for the first
// time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/broker/ports.h"

namespace lepus::core {

class StreamOffsets {
 public:
  StreamOffsets(QueueId queue, MessageLog& message_log)
      : queue_(queue), message_log_(message_log) {}

  /// Whether a position of the stream is one of a record here.
  static bool owns(Sequence sequence) { return sequence >= line; }

  // --- After a restart
  void restore(const RestoredRun& run);
  void continue_at(Sequence next);

  /// False: they are being read, on_fetched() brings them.
  bool load();
  bool is_loaded() const { return unread_count_ == 0; }
  /// Once loaded: the offset that this name goes on with.
  std::optional<Sequence> find(std::string_view name) const;
  /// Never back: of two consumers of one name the one that is ahead counts. When there are
  /// limits::stream_names_max names, the one that was stored longest ago is forgotten.
  void store(const std::string& name, Sequence offset);

  // --- See RecordOwner, and Queue
  std::optional<LocatedRecord> locate(Sequence sequence) const;
  void on_moved(Sequence sequence, const RecordLocation& place);
  bool on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message);
  void lose(Sequence sequence);
  void drop_records();

 private:
  static constexpr Sequence line = Sequence{1} << 56;

  struct Entry {
    RecordLocation place;
    std::string name;  ///< Empty: not read yet.
    Sequence offset = 0;
  };
  using Entries = std::map<Sequence, Entry>;

  RecordLocation record(const std::string& name, Sequence offset);
  void ask(Sequence sequence, const RecordLocation& place);
  void forget(Entries::iterator entry);
  void keep_later(Entries::iterator entry, Entries::iterator other);

  QueueId queue_;
  MessageLog& message_log_;
  Entries entries_;  ///< By the position of the record: stored longest ago first.
  boost::unordered_flat_map<std::string, Sequence> by_name_;
  Sequence next_ = line;
  std::size_t unread_count_ = 0;
  bool is_asked_ = false;
};

}  // namespace lepus::core
