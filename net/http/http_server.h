// HTTP/1.1 on streams that a listener accepted: owns each of them until it is closed, and hands the
// requests to one service.
//
//   accept() -> connection, which is in a list while it waits:
//
//     due    a request is whole, or what is held may be read on      work(), so many a turn
//     idle   between requests, the longest first                     gives way to a new one
//     gone   its stream is closed                                    end_turn()
//
// On the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/base/slab.h"
#include "net/http/http_connection.h"
#include "net/http/http_service.h"
#include "net/http/http_shared.h"

namespace lepus::net {

class HttpServer final : private HttpConnectionOwner {
 public:
  /// All outlive the server.
  struct Parts {
    io::Loop* loop;
    HttpService* service;
    core::Log* log;
    HttpSettings settings;
    /// A closed stream is handed back here: it may be destroyed after the current callback.
    void (*destroy_later)(void* owner, std::unique_ptr<Stream> stream);
    void* destroy_later_owner;
  };
  explicit HttpServer(const Parts& parts);
  /// When there is no connection left.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// `listener` lives until the connection is gone.
  void accept(std::unique_ptr<Stream> stream, const ListenerIdentity& listener);
  /// For requests and connections to come.
  void set_settings(const HttpSettings& settings) { shared_.settings = settings; }

  /// In a turn: requests reach the service. Returns true if there was something to do.
  bool work();
  /// Something is left that only needs another turn.
  bool has_work() const { return !due_.empty(); }
  /// At the end of a turn, before the transport's flush().
  void end_turn();

  /// No request is taken any more; answers under way have a bounded time. Connections that come
  /// are closed.
  void stop();
  std::size_t connection_count() const { return connections_.live_count(); }

 private:
  void add_due(HttpConnection& connection) override;
  void remove_due(HttpConnection& connection) override;
  void add_idle(HttpConnection& connection) override;
  void remove_idle(HttpConnection& connection) override;
  void destroy_later(std::uint32_t slot, std::unique_ptr<Stream> stream) override;
  void on_stop_timer(io::Timer& timer);
  bool make_room();

  Parts parts_;
  HttpShared shared_;
  core::Slab<HttpConnection> connections_;
  core::IntrusiveList<HttpConnection, HttpDueTag> due_;
  core::IntrusiveList<HttpConnection, HttpIdleTag> idle_;
  std::vector<std::uint32_t> gone_;
  io::Timer stop_timer_;
};

}  // namespace lepus::net
