// Flush and the turn's memory for iovecs.
#include "net/stream/stream_set.h"
#include "core/limits.h"

namespace lepus::net {

void StreamSet::flush() {
  touched_.flush();
  serve_line();
  destroyed_later_.clear();
}

/// Who comes out takes one buffer at most, and is started before sockets that only now get bytes.
/// When none is free the loop has put off input, so there is a next turn.
void StreamSet::serve_line() {
  if (line_.empty()) return;
  for (std::size_t free = loop_.free_receive_buffers(); free > 0; --free) {
    BufferWaiter* stream = line_.pop_front();
    if (stream == nullptr) return;
    stream->on_buffer_free();
  }
}

std::span<iovec> StreamSet::take_pieces() {
  // Ops submitted earlier in this turn still name their pieces: they are free only once the turn
  // has ended.
  if (pieces_turn_ != loop_.turn_count()) {
    pieces_turn_ = loop_.turn_count();
    pieces_used_ = 0;
  }
  std::size_t index = pieces_used_ % pieces_per_chunk;
  if (pieces_per_chunk - index < core::limits::iov_max) {
    pieces_used_ += pieces_per_chunk - index;
    index = 0;
  }
  const std::size_t chunk = pieces_used_ / pieces_per_chunk;
  if (chunk == chunks_.size()) {
    chunks_.push_back(std::make_unique_for_overwrite<iovec[]>(pieces_per_chunk));
  }
  pieces_used_ += core::limits::iov_max;
  return {chunks_[chunk].get() + index, core::limits::iov_max};
}

void StreamSet::return_pieces(std::size_t count) {
  CHECK(count <= core::limits::iov_max);
  CHECK(pieces_used_ >= count);
  pieces_used_ -= count;
}

}  // namespace lepus::net
