// The one place besides the driver that reads from the kernel while a loop runs: a few bytes, never
// blocking, control thread.
#include "io/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace lepus::io {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

SignalSource::SignalSource(Loop& loop, std::initializer_list<int> signals) : loop_(loop) {
  const sigset_t set = set_of(signals);
  fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(fd_ >= 0);
  poll_.kind = OpKind::poll;
  poll_.fd = fd_;
  poll_.bind<&SignalSource::on_poll>(this);
  cancel_.kind = OpKind::cancel;
  cancel_.target = &poll_;
  cancel_.bind<&SignalSource::on_cancel>(this);
}

SignalSource::~SignalSource() {
  CHECK(is_stopped());
  ::close(fd_);
}

void SignalSource::start() {
  CHECK(arrived_ != nullptr);
  CHECK(!wanted_);
  wanted_ = true;
  loop_.submit(poll_);
}

void SignalSource::stop() {
  wanted_ = false;
  if (poll_.in_flight && !cancel_.in_flight) loop_.submit(cancel_);
}

void SignalSource::on_poll(Op&, const Completion& completion) {
  if (wanted_ && completion.result >= 0) read_all();
  if (wanted_ && !completion.more) loop_.submit(poll_);
}

void SignalSource::on_cancel(Op&, const Completion&) {
  if (!wanted_ && poll_.in_flight) loop_.submit(cancel_);
}

void SignalSource::read_all() {
  signalfd_siginfo info{};
  while (wanted_ && ::read(fd_, &info, sizeof info) == sizeof info) {
    arrived_(owner_, static_cast<int>(info.ssi_signo));
  }
}

}  // namespace lepus::io
