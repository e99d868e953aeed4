// The streams of one shard that have something to send in this turn, those that found no receive
// buffer, and those that may be destroyed after it.
//
//   stream.touch() -> list -> flush(), called from TurnHooks::flush(): one send op per touched
//   stream without one in flight
//   stream.wait_for_buffer() -> line -> flush(): as many as there are free buffers, oldest first
//
// A stream whose send is in flight is left alone: its completion touches it again. One send per
// stream and turn.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "core/base/intrusive_list.h"
#include "core/limits.h"
#include "io/loop.h"
#include "net/stream/flush_list.h"
#include "net/stream/send_chain.h"
#include "net/stream/stream.h"

namespace lepus::net {

/// A stream that may have to wait for a receive buffer.
class BufferWaiter : public core::ListNode<BufferWaiter> {
 public:
  BufferWaiter() = default;
  BufferWaiter(const BufferWaiter&) = delete;
  BufferWaiter& operator=(const BufferWaiter&) = delete;

  /// It left the line: there is a receive buffer for it.
  virtual void on_buffer_free() = 0;

 protected:
  ~BufferWaiter() = default;
};

class StreamSet {
 public:
  explicit StreamSet(io::Loop& loop) : loop_(loop) {}
  StreamSet(const StreamSet&) = delete;
  StreamSet& operator=(const StreamSet&) = delete;

  void touch(Flushable& stream) { touched_.touch(stream); }
  /// The stream found no receive buffer and asks for none until on_buffer_free().
  void wait_for_buffer(BufferWaiter& stream) {
    if (!stream.linked()) line_.push_back(stream);
  }
  bool has_line() const { return !line_.empty(); }
  void leave_line(BufferWaiter& stream) {
    if (stream.linked()) line_.remove(stream);
  }
  /// From TurnHooks::flush(), after the journal's batch.
  void flush();

  /// Destroys a closed stream at the next flush(): what on_closed() calls to get rid of the stream
  /// it came from.
  void destroy_later(std::unique_ptr<Stream> stream) {
    destroyed_later_.push_back(std::move(stream));
  }

  io::Loop& loop() { return loop_; }
  BlockPool& blocks() { return blocks_; }
  const BlockPool& blocks() const { return blocks_; }

  /// Room for the pieces of one send, valid until the end of this turn. Give back what was not
  /// used.
  std::span<iovec> take_pieces();
  void return_pieces(std::size_t count);

 private:
  static constexpr std::size_t pieces_per_chunk = 1024;
  static_assert(pieces_per_chunk % core::limits::iov_max == 0);

  void serve_line();

  io::Loop& loop_;
  BlockPool blocks_;
  FlushList touched_;
  core::IntrusiveList<BufferWaiter> line_;  ///< For a receive buffer.
  std::vector<std::unique_ptr<Stream>> destroyed_later_;
  std::vector<std::unique_ptr<iovec[]>> chunks_;
  std::size_t pieces_used_ = 0;    ///< In this turn, over all chunks.
  std::uint64_t pieces_turn_ = 0;  ///< The turn pieces_used_ counts for.
};

}  // namespace lepus::net
