// Bytes of a peer that came before their stream takes them: while reading is paused, or when its
// share of the turn is used up. The receive window bounds them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/base/assert.h"
#include "core/base/bytes.h"

namespace lepus::net::bypass {

class HeldInput {
 public:
  bool empty() const { return used_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - used_; }
  void append(core::Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  /// Valid until the next call of anything else here.
  core::Bytes front(std::size_t size_max) const {
    return core::Bytes(bytes_).subspan(used_, std::min(size_max, size()));
  }
  void drop(std::size_t count) {
    CHECK(count <= size());
    used_ += count;
    if (empty()) return clear();
    if (used_ < bytes_.size() / 2) return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
  }
  /// Gives the memory back, too.
  void clear() {
    bytes_ = {};
    used_ = 0;
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t used_ = 0;  ///< Bytes in front that are gone.
};

}  // namespace lepus::net::bypass
