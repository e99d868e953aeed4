// Flush and the turn's memory for iovecs.
#include "net/stream/stream_set.h"

namespace lepus::net {

void StreamSet::flush() {
  while (touched_ != nullptr) {
    Flushable& stream = *touched_;
    touched_ = stream.next_touched_;
    stream.next_touched_ = nullptr;
    stream.touched_ = false;
    stream.flush_output();
  }
  buried_.clear();
}

std::span<iovec> StreamSet::take_pieces() {
  // Ops submitted earlier in this turn still name their pieces: they are free only once the turn
  // has ended.
  if (pieces_turn_ != loop_.turn_count()) {
    pieces_turn_ = loop_.turn_count();
    pieces_used_ = 0;
  }
  std::size_t at = pieces_used_ % pieces_per_chunk;
  if (pieces_per_chunk - at < io::iov_max) {
    pieces_used_ += pieces_per_chunk - at;
    at = 0;
  }
  const std::size_t chunk = pieces_used_ / pieces_per_chunk;
  if (chunk == chunks_.size()) {
    chunks_.push_back(std::make_unique_for_overwrite<iovec[]>(pieces_per_chunk));
  }
  pieces_used_ += io::iov_max;
  return {chunks_[chunk].get() + at, io::iov_max};
}

void StreamSet::return_pieces(std::size_t count) {
  CHECK(count <= io::iov_max);
  CHECK(pieces_used_ >= count);
  pieces_used_ -= count;
}

}  // namespace lepus::net
