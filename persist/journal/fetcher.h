// Reads messages back whose memory was given up, by the shard's own ring.
//
//   fetch() -> grouped into reads, each of one segment -> the file is opened -> so many reads at a
//   time, in turn for all files -> each record checked -> RecordOwner::on_fetched()
//
// Records that lie close together come with one read: a queue that is read from its head on is
// read in large pieces, and one of many queues in as many reads as are needed, side by side. A
// record may be moved, and its file be in use for something else, while it is being read: the
// holder compares the place. A file that cannot be opened is tried again each second, and so is a
// piece that cannot be read, a few times; a record that is not right is read twice. What fails then
// stays where it is: the holder is told, and may ask again whenever it likes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/broker/ports.h"
#include "io/disk.h"
#include "io/loop.h"
#include "persist/journal/record.h"
#include "persist/journal/segments/segments.h"

namespace lepus::persist {

class Fetcher {
 public:
  using FetchRequest = core::MessageLog::FetchRequest;
  struct Parts {
    io::Loop* loop;
    io::Disk* disk;
    core::Log* log;
    const Segments* segments;
    core::MessageLog* message_log;  ///< It counts, too.
    RecordSeed seed;
  };
  explicit Fetcher(const Parts& parts);
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  ~Fetcher();

  void set_record_owner(core::RecordOwner* owner) { owner_ = owner; }
  /// The answers come later, from turn() or the loop.
  void fetch(std::span<const FetchRequest> wanted);
  /// Once a turn.
  void turn();
  /// Something only needs another turn.
  bool has_work() const { return !stale_.empty(); }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };
  struct File;
  struct Read {
    std::uint64_t begin = 0;  ///< In the segment; whole blocks, as the size is.
    std::uint64_t size = 0;
    std::uint64_t got = 0;
    std::uint32_t failures = 0;
    std::vector<FetchRequest> items;
    File* file = nullptr;
    Fetcher* fetcher = nullptr;
    std::unique_ptr<std::uint8_t, Free> buffer;
    iovec iov{};
    io::Op op;
  };
  struct File {
    enum class State : std::uint8_t { closed, opening, open, closing };
    std::uint64_t segment = 0;
    State state = State::closed;
    int fd = -1;
    std::uint32_t reading = 0;
    core::Nanos retry_at = 0;  ///< Nothing is tried before.
    bool has_failed = false;   ///< That it cannot be opened was said.
    std::string path;
    std::deque<std::unique_ptr<Read>> waiting;
    Fetcher* fetcher = nullptr;
    io::Op op;
    bool is_idle() const { return reading == 0 && waiting.empty(); }
  };

  File& file_of(std::uint64_t segment);
  void add_read(std::span<const FetchRequest> items, std::uint32_t failures);
  void pump();
  void open(File& file);
  void start(File& file);
  void close(File& file);
  void give_up(File& file);
  static void on_open(void* self, io::Op& op, const io::Completion& completion);
  static void on_close(void* self, io::Op& op, const io::Completion& completion);
  static void on_read(void* self, io::Op& op, const io::Completion& completion);
  void submit(Read& read);
  bool goes_on(Read& read, std::int32_t result);
  void retry_later(File& file);
  void on_retry(io::Timer& timer);
  void read_failed(std::unique_ptr<Read> read, int error);
  void finish(std::unique_ptr<Read> read, std::string_view why);
  std::string_view deliver(const FetchRequest& item, core::Bytes window);
  void deliver_nothing(const FetchRequest& item, std::string_view why);

  Parts parts_;
  core::RecordOwner* owner_ = nullptr;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<std::unique_ptr<Read>> reading_;
  std::vector<FetchRequest> sorted_;     ///< Kept for its memory.
  std::vector<FetchRequest> stale_;      ///< Their segments are gone.
  std::vector<FetchRequest> unwritten_;  ///< Moved a moment ago.
  std::size_t open_count_ = 0;           ///< Files that are not closed.
  std::size_t next_file_ = 0;            ///< Whose turn it is.
  io::Timer retry_timer_;
};

}  // namespace lepus::persist
