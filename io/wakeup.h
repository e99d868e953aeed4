// Who wakes a loop that sleeps in the kernel: the producer that filled its mailbox, and only if the
// flag is up.
//
//   sleeper                                producer
//   1 announce(): flag = up                1 push into the mailbox
//   2 look into all mailboxes              2 claim_wake(): read the flag
//   3 empty: block in the kernel           3 up: submit one wake op
//
// Why no item is left behind while the sleeper blocks: between step 1 and 2 of both sides stands a
// full fence. All such fences have one order. If the sleeper's comes first, the producer's read
// sees the flag up and it wakes. If the producer's comes first, the sleeper's look sees the item
// and it does not block. A wake that comes between 2 and 3 is not lost: it is a completion in the
// ring, and the ring does not block while it holds one. claim_wake() takes the flag down, so of
// several producers one wakes. A stale wake is harmless: one idle turn.
//
// ThreadSanitizer does not know fences; there both sides use a read-modify-write of the flag
// instead. These also have one order, and the later one sees all that came before the earlier one,
// so the same two cases hold.
#pragma once

#include <atomic>

#include "io/mailbox.h"

#if defined(__SANITIZE_THREAD__)
#define LEPUS_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LEPUS_THREAD_SANITIZER 1
#endif
#endif

namespace lepus::io {

class alignas(cache_line) SleepFlag {
 public:
  /// Sleeper, before its last look into the mailboxes.
  void announce() {
#ifdef LEPUS_THREAD_SANITIZER
    (void)sleeping_.exchange(true, std::memory_order_seq_cst);
#else
    sleeping_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
  }
  /// Sleeper, once awake.
  void retract() { sleeping_.store(false, std::memory_order_relaxed); }

  /// Any producer, after its last push. True: the caller must submit a wake op now.
  bool claim_wake() {
#ifdef LEPUS_THREAD_SANITIZER
    return sleeping_.exchange(false, std::memory_order_seq_cst);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!sleeping_.load(std::memory_order_relaxed)) return false;
    return sleeping_.exchange(false, std::memory_order_relaxed);
#endif
  }

  bool is_up() const { return sleeping_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> sleeping_{false};
};

}  // namespace lepus::io
