// The drivers of the real kernel: what the loop relies on, at sizes so small that every queue of
// the ring overflows.
#include "io/kernel_driver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "io/epoll/epoll_driver.h"
#include "io/loop.h"
#include "io/os.h"
#include "io/signals.h"
#include "io/uring/uring_driver.h"
#include "io/uring/uring_probe.h"
#include "tests/unit/io/driver_kinds.h"

namespace lepus::io {
namespace {

/// A recv op that gathers, and submits itself again when its multishot ended for want of buffers.
struct Reader {
  Reader(Loop& l, int fd) : loop(l) {
    op.kind = OpKind::recv;
    op.fd = fd;
    op.bind<&Reader::on_recv>(this);
    loop.submit(op);
  }
  void on_recv(Op&, const Completion& completion) {
    results.push_back(completion.result);
    bytes.append(core::as_text(completion.data));
    if (!completion.more && completion.result == -ENOBUFS) loop.submit(op);
  }
  Loop& loop;
  Op op;
  std::string bytes;
  std::vector<int> results;
};

struct Recorder {
  explicit Recorder(OpKind kind, int fd) {
    op.kind = kind;
    op.fd = fd;
    op.bind<&Recorder::on_done>(this);
  }
  void on_done(Op&, const Completion& completion) { results.push_back(completion.result); }
  Op op;
  std::vector<int> results;
};

class KernelDriverTest : public ::testing::TestWithParam<DriverKind> {
 protected:
  /// Polls unless a test is about sleeping: a turn that has just met the condition must not wait
  /// afterwards.
  void make(const UringConfig& config, IdleMode mode = IdleMode::poll) {
    std::string error;
    if (GetParam() == DriverKind::epoll) {
      driver_ = EpollDriver::create({config.buffer_count, config.buffer_size}, &error);
    } else {
      driver_ = UringDriver::create(config, &error);
    }
    ASSERT_NE(driver_, nullptr) << error;
    loop_ = std::make_unique<Loop>(*driver_, IdlePolicy{mode, 0});
  }
  std::array<int, 2> pair() {
    std::array<int, 2> fds{};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
    return fds;
  }
  template <class Condition>
  void run_until(Condition&& condition) {
    // A watch so that a failure is a failure and not a hang.
    Timer watch;
    watch.bind<&KernelDriverTest::on_watch>(this);
    loop_->timers().arm(watch, loop_->now() + 10 * core::nanos_per_s);
    while (!condition() && !late_) loop_->run_turn();
    EXPECT_FALSE(late_);
    loop_->timers().cancel(watch);
  }
  void on_watch(Timer&) { late_ = true; }

  std::unique_ptr<Driver> driver_;
  std::unique_ptr<Loop> loop_;
  bool late_ = false;
};

TEST(UringProbe, IsContentHere) {
  EXPECT_EQ(probe_uring().missing, "");
  EXPECT_FALSE(probe_uring().is_refused);
}

TEST(UringProbe, SaysWhatIsInTheWayAndWhatToDo) {
  EXPECT_NE(explain_uring_setup(ENOSYS).find("6.1"), std::string::npos);
  EXPECT_NE(explain_uring_setup(EPERM).find("seccomp"), std::string::npos);
  EXPECT_NE(explain_uring_setup(EINVAL).find("too old"), std::string::npos);
  EXPECT_NE(explain_uring_setup(ENOMEM).find("LimitMEMLOCK"), std::string::npos);
  EXPECT_NE(explain_uring_buffers(ENOMEM).find("LimitMEMLOCK"), std::string::npos);
  EXPECT_NE(explain_uring_setup(EIO).find("errno 5"), std::string::npos);
}

TEST_P(KernelDriverTest, ReceivesMoreThanTheBuffersHold) {
  UringConfig config;
  config.buffer_count = 2;
  config.buffer_size = 1000;
  make(config);
  const auto fds = pair();
  Reader reader(*loop_, fds[0]);
  std::string sent(50'000, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i % 251);
  ASSERT_EQ(::write(fds[1], sent.data(), sent.size()), static_cast<ssize_t>(sent.size()));
  ::close(fds[1]);
  run_until([&] { return !reader.op.in_flight; });
  EXPECT_EQ(reader.bytes, sent);
  EXPECT_EQ(reader.results.back(), 0);
  EXPECT_NE(std::count(reader.results.begin(), reader.results.end(), -ENOBUFS), 0);
  ::close(fds[0]);
}

TEST_P(KernelDriverTest, MoreOpsThanTheQueuesHold) {
  UringConfig config;
  config.submission_entries = 4;
  config.completion_entries = 8;
  make(config);
  std::vector<std::array<int, 2>> pairs;
  std::vector<std::unique_ptr<Recorder>> sends;
  std::array<char, 3> text{'a', 'b', 'c'};
  std::array<iovec, 3> pieces{};
  for (std::size_t i = 0; i < pieces.size(); ++i) pieces[i] = {&text[i], 1};
  for (int i = 0; i < 100; ++i) {
    pairs.push_back(pair());
    sends.push_back(std::make_unique<Recorder>(OpKind::send, pairs.back()[0]));
    sends.back()->op.iov = pieces.data();
    sends.back()->op.iov_count = 3;
    loop_->submit(sends.back()->op);
  }
  run_until([&] { return loop_->ops_in_flight() == 0; });
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_EQ(sends[i]->results, std::vector<int>{3});
    std::array<char, 8> got{};
    EXPECT_EQ(::read(pairs[i][1], got.data(), got.size()), 3);
    EXPECT_STREQ(got.data(), "abc");
    ::close(pairs[i][1]);
  }
  // The same flood for closes.
  std::vector<std::unique_ptr<Recorder>> closes;
  for (const auto& fds : pairs) {
    closes.push_back(std::make_unique<Recorder>(OpKind::close, fds[0]));
    loop_->submit(closes.back()->op);
  }
  run_until([&] { return loop_->ops_in_flight() == 0; });
  for (const auto& close : closes) EXPECT_EQ(close->results, std::vector<int>{0});
}

TEST_P(KernelDriverTest, CancelEndsAWaitingRecvAndNothingElse) {
  make({});
  const auto fds = pair();
  Reader reader(*loop_, fds[0]);
  run_until([&] { return loop_->turn_count() >= 1; });
  Recorder cancel(OpKind::cancel, -1);
  cancel.op.target = &reader.op;
  loop_->submit(cancel.op);
  run_until([&] { return loop_->ops_in_flight() == 0; });
  EXPECT_EQ(reader.results, std::vector<int>{-ECANCELED});
  EXPECT_EQ(cancel.results, std::vector<int>{0});
  // Too late: nothing to cancel.
  loop_->submit(cancel.op);
  run_until([&] { return loop_->ops_in_flight() == 0; });
  EXPECT_EQ(cancel.results.back(), -ENOENT);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_P(KernelDriverTest, SendToAGonePeerIsAnErrorAndNoSignal) {
  make({});
  const auto fds = pair();
  ::close(fds[1]);
  Recorder send(OpKind::send, fds[0]);
  char byte = 'x';
  const iovec piece{&byte, 1};
  send.op.iov = &piece;
  send.op.iov_count = 1;
  loop_->submit(send.op);
  run_until([&] { return loop_->ops_in_flight() == 0; });
  EXPECT_EQ(send.results, std::vector<int>{-EPIPE});
  ::close(fds[0]);
}

TEST_P(KernelDriverTest, TimerEndsASleep) {
  make({}, IdleMode::sleep);
  const core::Nanos start = driver_->now();
  struct Alarm {
    void on_timer(Timer&) { rang = true; }
    bool rang = false;
  } alarm;
  Timer timer;
  timer.bind<&Alarm::on_timer>(&alarm);
  loop_->timers().arm(timer, loop_->now() + 30 * core::nanos_per_ms);
  // The turn that runs the timer is followed by a wait, so it must not be run without another one
  // to end it.
  while (driver_->now() < timer.deadline) loop_->run_turn();
  EXPECT_GE(driver_->now() - start, 30 * core::nanos_per_ms);
  EXPECT_LT(loop_->turn_count(), 20U);
  EXPECT_EQ(loop_->timers().run_due(driver_->now() + core::nanos_per_ms), 1U);
  EXPECT_TRUE(alarm.rang);
}

TEST_P(KernelDriverTest, AcceptNamesBothEnds) {
  make({});
  const ListenOutcome listener = listen_tcp({"127.0.0.1", 0, 16});
  ASSERT_GE(listener.fd, 0) << listener.error;
  const std::uint16_t port = local_port(listener.fd);
  Recorder accept(OpKind::accept, listener.fd);
  loop_->submit(accept.op);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  run_until([&] { return !accept.results.empty(); });
  ASSERT_GE(accept.results[0], 0);
  const PeerName name = driver_->peer_name(accept.results[0]);
  EXPECT_EQ(name.local.address, "127.0.0.1");
  EXPECT_EQ(name.local.port, port);
  EXPECT_EQ(name.remote.port, local_port(client));
  EXPECT_EQ(name.text(), "127.0.0.1:" + std::to_string(name.remote.port) +
                             " -> 127.0.0.1:" + std::to_string(port));
  Recorder cancel(OpKind::cancel, -1);
  cancel.op.target = &accept.op;
  loop_->submit(cancel.op);
  run_until([&] { return loop_->ops_in_flight() == 0; });
  ::close(accept.results[0]);
  ::close(client);
  close_fd(listener.fd);
}

TEST_P(KernelDriverTest, SignalsArriveAsEvents) {
  block_signals({SIGUSR1, SIGUSR2});
  make({});
  SignalSource source(*loop_, {SIGUSR1, SIGUSR2});
  struct Seen {
    void on_signal(int signal) { signals.push_back(signal); }
    std::vector<int> signals;
  } seen;
  source.bind<&Seen::on_signal>(&seen);
  source.start();
  for (int round = 1; round <= 3; ++round) {
    ASSERT_EQ(raise(SIGUSR1), 0);
    ASSERT_EQ(raise(SIGUSR2), 0);
    run_until([&] { return seen.signals.size() == static_cast<std::size_t>(round) * 2; });
  }
  EXPECT_EQ(std::count(seen.signals.begin(), seen.signals.end(), SIGUSR1), 3);
  source.stop();
  run_until([&] { return loop_->ops_in_flight() == 0; });
  EXPECT_TRUE(source.is_stopped());
}

/// The rest of a send goes out by itself while the peer reads, and what is put down for reading the
/// same socket is not disturbed.
TEST_P(KernelDriverTest, SendsMoreThanTheSocketTakes) {
  make({});
  const auto fds = pair();
  Reader other_way(*loop_, fds[0]);
  std::string bytes(4 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 253);
  Recorder send(OpKind::send, fds[0]);
  std::array<iovec, 3> pieces{{{bytes.data(), 1}, {bytes.data() + 1, 99}, {}}};
  pieces[2] = {bytes.data() + 100, bytes.size() - 100};
  send.op.iov = pieces.data();
  send.op.iov_count = 3;
  loop_->submit(send.op);
  run_until([&] { return loop_->turn_count() >= 2; });
  pieces = {};  // Only the bytes must stay.
  EXPECT_TRUE(send.op.in_flight);
  std::string got;
  std::string part(100'000, '\0');
  run_until([&] {
    const ssize_t size = ::recv(fds[1], part.data(), part.size(), MSG_DONTWAIT);
    if (size > 0) got.append(part, 0, static_cast<std::size_t>(size));
    return got.size() == bytes.size() && !send.op.in_flight;
  });
  EXPECT_EQ(send.results, std::vector<int>{static_cast<int>(bytes.size())});
  EXPECT_TRUE(got == bytes);
  EXPECT_TRUE(other_way.op.in_flight);
  ::close(fds[1]);
  run_until([&] { return loop_->ops_in_flight() == 0; });
  ::close(fds[0]);
}

TEST_P(KernelDriverTest, HangUpOfASocketThatIsNotRead) {
  make({});
  const auto fds = pair();
  Recorder hang_up(OpKind::poll_hang_up, fds[0]);
  loop_->submit(hang_up.op);
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  run_until([&] { return loop_->turn_count() >= 3; });
  EXPECT_TRUE(hang_up.results.empty());
  ::close(fds[1]);
  run_until([&] { return loop_->ops_in_flight() == 0; });
  ASSERT_EQ(hang_up.results.size(), 1U);
  EXPECT_NE(hang_up.results[0] & POLLRDHUP, 0);
  ::close(fds[0]);
}

/// The listener is one that blocks.
TEST_P(KernelDriverTest, AcceptsNobodyWithoutWaiting) {
  make({});
  const ListenOutcome listener = listen_tcp({"127.0.0.1", 0, 16});
  Recorder accept(OpKind::accept, listener.fd);
  loop_->submit(accept.op);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(local_port(listener.fd));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::array<int, 3> clients{};
  for (int& client : clients) {
    client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  run_until([&] { return accept.results.size() == clients.size(); });
  EXPECT_TRUE(accept.op.in_flight);
  Recorder cancel(OpKind::cancel, -1);
  cancel.op.target = &accept.op;
  loop_->submit(cancel.op);
  run_until([&] { return loop_->ops_in_flight() == 0; });
  EXPECT_EQ(accept.results.back(), -ECANCELED);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    ::close(accept.results[i]);
    ::close(clients[i]);
  }
  close_fd(listener.fd);
}

INSTANTIATE_TEST_SUITE_P(Kinds, KernelDriverTest, every_driver_kind, driver_kind_name);

TEST(Os, ListenErrorsNamePlaceAndRemedy) {
  const ListenOutcome first = listen_tcp({"127.0.0.1", 0, 16});
  ASSERT_GE(first.fd, 0) << first.error;
  // Same port, same user: allowed, that is how shards share one.
  const ListenOutcome second = listen_tcp({"127.0.0.1", local_port(first.fd), 16});
  EXPECT_GE(second.fd, 0) << second.error;
  close_fd(first.fd);
  close_fd(second.fd);
  const ListenOutcome foreign = listen_tcp({"192.0.2.1", 5672, 16});
  EXPECT_EQ(foreign.fd, -1);
  EXPECT_NE(foreign.error.find("192.0.2.1:5672"), std::string::npos) << foreign.error;
  EXPECT_NE(foreign.error.find("No interface"), std::string::npos) << foreign.error;
  EXPECT_NE(listen_tcp({"no such host", 1, 1}).error.find("cannot listen"), std::string::npos);
}

TEST(Os, ProcessorsAndLimits) {
  const std::vector<int> cpus = allowed_cpus();
  ASSERT_FALSE(cpus.empty());
  EXPECT_TRUE(std::is_sorted(cpus.begin(), cpus.end()));
  EXPECT_NE(pin_thread(1023).find("1023"), std::string::npos);
  EXPECT_GT(raise_file_limit(), 0U);
}

}  // namespace
}  // namespace lepus::io
