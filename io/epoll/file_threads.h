// Operations on files for a driver that has no ring: a few threads make the blocking calls.
//
//   the driver's thread: start(op) ──> a thread: pwrite, fdatasync ... ──> collect(completed)
//                                                └─ the event that the driver waits for
//
// Operations of one driver run side by side, in any order, as a ring does them: who needs an order
// waits for one before the next. What a sync says is what fdatasync() said of this file: nothing is
// tried again. The cost beside a ring: two switches of threads, 10 to 50 us an operation.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/op.h"

namespace lepus::io {

class FileThreads {
 public:
  /// `event_fd`: an eventfd, written when something is there to be collected.
  explicit FileThreads(int event_fd) : event_fd_(event_fd) {}
  /// No operation is under way.
  ~FileThreads();
  FileThreads(const FileThreads&) = delete;
  FileThreads& operator=(const FileThreads&) = delete;

  static bool is_of_file(OpKind kind) { return kind >= OpKind::write; }

  /// The threads start with the first operation. What the op points to is copied.
  void start(Op& op);
  void collect(std::vector<Completion>& completed);

 private:
  struct Job {
    Op* op = nullptr;
    std::vector<iovec> pieces;
    std::string path;
  };

  void run();
  static std::int32_t carry_out(const Job& job);

  const int event_fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> waiting_;  ///< Bounded by the ops that exist.
  std::vector<Completion> done_;
  bool ends_ = false;
  std::size_t under_way_ = 0;  ///< The driver's: started and not collected.
  std::vector<std::thread> threads_;
};

}  // namespace lepus::io
