// Input of a connection that is kept: a frame cut in two, or all that came while input was stopped.
// What is read of it goes from the front without moving the rest, so that a client with a thousand
// requests in one piece, each of which waits for its answer, costs a thousand steps and not their
// square.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "core/base/bytes.h"

namespace lepus::amqp {

class CarriedInput {
 public:
  bool empty() const { return begin_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - begin_; }
  core::Bytes bytes() const { return core::Bytes{bytes_}.subspan(begin_); }
  /// Bytes there is memory for.
  std::size_t capacity() const { return bytes_.capacity(); }

  /// Views of what was there end.
  void append(core::Bytes more) {
    if (begin_ > bytes_.size() / 2) compact();
    bytes_.insert(bytes_.end(), more.begin(), more.end());
  }
  /// It is going to have so many bytes.
  void reserve(std::size_t size) {
    compact();
    bytes_.reserve(size);
  }
  /// All but the last `left` bytes were read. Gives memory back when little is left of much.
  void keep_last(std::size_t left) {
    CHECK(left <= size());
    begin_ = bytes_.size() - left;
    if (bytes_.capacity() > shrink_min && left < bytes_.capacity() / 4) compact();
  }

 private:
  static constexpr std::size_t shrink_min = 4096;

  void compact() {
    if (begin_ == 0) return;
    bytes_ = std::vector<std::uint8_t>(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
                                       bytes_.end());
    begin_ = 0;
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t begin_ = 0;  ///< What is before was read.
};

}  // namespace lepus::amqp
