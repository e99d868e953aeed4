// The driver for kernels and containers that refuse io_uring: epoll and plain system calls.
//
//   turn(): give back the receive buffers of what was handled
//           -> each submitted op: done by a call that does not block, or put down for its socket
//           -> epoll_pwait2: wait if asked to
//           -> each socket that is ready: what was put down for it is done
//           -> what threads did on files (file_threads.h)
//
// What a turn promises is the ring's: ops start in order, a send comes back when all of it was
// taken or it failed, multishot ops go on until they fail or are cancelled, a recv that finds no
// free buffer ends with -ENOBUFS. Beside the ring a turn costs a system call for each operation,
// and two switches of threads for each on a file.
//
// Events are level-triggered, and a socket is watched only for what is put down for it.
#pragma once

#include <sys/epoll.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/epoll/file_threads.h"
#include "io/kernel_driver.h"

namespace lepus::io {

struct EpollConfig {
  unsigned buffer_count = 64;
  std::size_t buffer_size = std::size_t{32} << 10;
};

class EpollDriver final : public KernelDriver {
 public:
  /// nullptr: *error says what is in the way. Any thread.
  static std::unique_ptr<EpollDriver> create(const EpollConfig& config, std::string* error);
  /// No op may be in flight.
  ~EpollDriver() override;

  core::Nanos turn(OpList& submitted, std::vector<Completion>& completed,
                   core::Nanos wait_until) override;
  std::size_t receive_buffers() const override { return config_.buffer_count; }
  int wake_target() const override { return event_fd_; }

 private:
  struct Key {};

 public:
  EpollDriver(Key, const EpollConfig& config);  ///< For create().

 private:
  /// A send that the socket did not take at once.
  struct Rest {
    std::vector<iovec> pieces;
    std::int32_t sent = 0;
  };
  /// What is put down for one descriptor.
  struct Watch {
    Op* input = nullptr;    ///< accept, recv or poll.
    Op* output = nullptr;   ///< send, with `rest`.
    Op* hang_up = nullptr;  ///< poll_hang_up.
    Rest rest;
    std::uint32_t events = 0;  ///< That the kernel was asked for.
    bool is_empty() const { return input == nullptr && output == nullptr && hang_up == nullptr; }
  };
  using Completions = std::vector<Completion>;

  int own_descriptor() const override { return epoll_fd_; }
  int set_up();
  void give_back_buffers(const Completions& deferred);
  void start(Op& op, Completions& completed);
  void put_down(Op& op, Completions& completed);
  void start_send(Op& op, Completions& completed);
  void close(Op& op, Completions& completed);
  void cancel(Op& op, Completions& completed);
  void wait(core::Nanos wait_until);
  void handle_events(Completions& completed);
  void on_event(int fd, std::uint32_t events, Completions& completed);
  void on_input(Watch& watch, std::uint32_t events, Completions& completed);
  bool accept_one(Op& op, Completions& completed);
  bool receive_one(Op& op, Completions& completed);
  bool send_rest(Op& op, Rest& rest, Completions& completed);
  bool ask_kernel(int fd, Watch& watch);
  void forget_if_empty(int fd);
  std::uint8_t* buffer(unsigned index) { return buffers_ + index * config_.buffer_size; }

  EpollConfig config_;
  int epoll_fd_ = -1;
  int event_fd_ = -1;
  std::uint8_t* buffers_ = nullptr;
  std::vector<std::uint16_t> free_;        ///< Buffers.
  std::vector<std::uint16_t> handed_out_;  ///< The others.
  std::vector<bool> deferred_;             ///< Scratch, by buffer: not handled yet.
  std::unordered_map<int, Watch> watches_;
  std::unique_ptr<FileThreads> files_;
  std::vector<epoll_event> events_;
  std::size_t event_count_ = 0;
};

}  // namespace lepus::io
