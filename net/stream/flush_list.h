// What has something to do at the end of this turn: streams with output, filters that have to make
// output of what was written into them.
//
//   touch() -> list -> flush(): flush_output() of each, also of those touched meanwhile
#pragma once

#include "core/base/assert.h"

namespace lepus::net {

/// Must not be destroyed while is_touched().
class Flushable {
 public:
  Flushable() = default;
  Flushable(const Flushable&) = delete;
  Flushable& operator=(const Flushable&) = delete;
  virtual ~Flushable() { CHECK(!touched_); }

  /// Starts one send of what waits, if none is in flight.
  virtual void flush_output() = 0;
  bool is_touched() const { return touched_; }

 private:
  friend class FlushList;
  Flushable* next_touched_ = nullptr;
  bool touched_ = false;
};

class FlushList {
 public:
  FlushList() = default;
  FlushList(const FlushList&) = delete;
  FlushList& operator=(const FlushList&) = delete;

  bool empty() const { return touched_ == nullptr; }
  void touch(Flushable& one) {
    if (one.touched_) return;
    one.touched_ = true;
    one.next_touched_ = touched_;
    touched_ = &one;
  }
  void flush() {
    while (touched_ != nullptr) {
      Flushable& one = *touched_;
      touched_ = one.next_touched_;
      one.next_touched_ = nullptr;
      one.touched_ = false;
      one.flush_output();
    }
  }

 private:
  Flushable* touched_ = nullptr;
};

}  // namespace lepus::net
