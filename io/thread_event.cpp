// A few bytes read from the kernel while the loop runs, never blocking, as in io/signals.cpp.
#include "io/thread_event.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/assert.h"

namespace lepus::io {

ThreadEvent::ThreadEvent(Loop& loop) : loop_(loop), fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  CHECK(fd_ >= 0);
  poll_.kind = OpKind::poll;
  poll_.fd = fd_;
  poll_.bind<&ThreadEvent::on_poll>(this);
  cancel_.kind = OpKind::cancel;
  cancel_.target = &poll_;
  cancel_.bind<&ThreadEvent::on_cancel>(this);
}

ThreadEvent::~ThreadEvent() {
  CHECK(!poll_.in_flight);
  CHECK(!cancel_.in_flight);
  ::close(fd_);
}

void ThreadEvent::start() {
  CHECK(notified_ != nullptr);
  CHECK(!is_wanted_);
  is_wanted_ = true;
  loop_.submit(poll_);
}

void ThreadEvent::stop() {
  is_wanted_ = false;
  if (poll_.in_flight && !cancel_.in_flight) loop_.submit(cancel_);
}

/// Fails only when nobody has looked for 2^64 notifications.
void ThreadEvent::notify() { (void)eventfd_write(fd_, 1); }

void ThreadEvent::on_poll(Op&, const Completion& completion) {
  eventfd_t count = 0;
  if (is_wanted_ && completion.result >= 0 && eventfd_read(fd_, &count) == 0) notified_(owner_);
  if (is_wanted_ && !completion.more) loop_.submit(poll_);
}

void ThreadEvent::on_cancel(Op&, const Completion&) {
  if (!is_wanted_ && poll_.in_flight) loop_.submit(cancel_);
}

}  // namespace lepus::io
