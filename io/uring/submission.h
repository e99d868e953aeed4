// Emptying the submission queue of a ring. The kernel may take only a part of it, when it is short
// of memory or room. An operation must not wait there for the next turn: the memory that it names
// (pieces of a send, headers, paths) is used for something else by then.
#pragma once

#include "core/base/assert.h"

namespace lepus::io {

/// Submits until the queue is empty. A Queue has count(), the operations in it; submit(), which
/// may take any number of them, also none; make_room(), which takes completions out of the ring;
/// and pause(), called when a try took none.
template <class Queue>
void submit_rest(Queue&& queue) {
  for (unsigned left = queue.count(); left > 0;) {
    queue.make_room();
    queue.submit();
    const unsigned now = queue.count();
    CHECK(now <= left);
    if (now == left) queue.pause();
    left = now;
  }
}

}  // namespace lepus::io
