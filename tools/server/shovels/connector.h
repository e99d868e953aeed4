// Connections to other brokers: names are resolved and sockets connected by a thread of its own, by
// libcurl, many at a time, each with its time limit. It begins with the first connection.
//
//   connect() -> thread -> notify -> the owner's loop: on_connected(ticket, socket or error)
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/thread_event.h"
#include "tools/server/shovel/owned_socket.h"

namespace lepus::server {

class Connector {
 public:
  struct Outcome {
    std::uint64_t ticket = 0;
    OwnedSocket socket;
    std::string error;  ///< Without a socket.
  };
  using Connected = std::function<void(Outcome&&)>;

  /// `loop` is the owner's.
  Connector(io::Loop& loop, Connected connected);
  Connector(const Connector&) = delete;
  ~Connector();

  struct Request {
    std::uint64_t ticket = 0;  ///< Comes back.
    std::string host;
    std::uint16_t port = 0;
    core::Nanos wait = 0;
  };
  void connect(Request request);
  /// Nothing comes any more.
  void stop();

 private:
  struct Transfer {
    CURL* handle = nullptr;
    std::uint64_t ticket = 0;
  };

  void run();
  void begin(const Request& request);
  void finish(CURL* handle, CURLcode code);
  void on_notified();

  const Connected connected_;
  io::ThreadEvent event_;
  CURLM* multi_ = nullptr;
  std::vector<Transfer> transfers_;  ///< Of the thread.
  std::mutex mutex_;
  std::vector<Request> submitted_;  ///< Under the lock, as the next.
  std::vector<Outcome> outcomes_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace lepus::server
